package stand

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Proxy is a TCP proxy whose link can be made bad.
type Proxy struct {
	Name string

	mu    sync.Mutex
	proxy *toxiproxy.Proxy
}

// Toxic is one way in which a link is bad, with toxiproxy's names and attributes.
type Toxic struct {
	Kind string
	// Up: the bytes from client to server suffer, else those from server to client.
	Up         bool
	Attributes map[string]int
}

// newProxy starts a proxy on a free port.
func newProxy(name, upstream string) (*Proxy, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &Proxy{Name: name, proxy: toxiproxy.NewProxy(server, name, "127.0.0.1:0", upstream)}
	if err := p.proxy.Start(); err != nil {
		return nil, fmt.Errorf("starting the proxy %s: %w", name, err)
	}
	return p, nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.proxy.Listen }

// Poison makes the link bad in one way until the function that it returns is called.
func (p *Proxy) Poison(t Toxic) (heal func(), err error) {
	stream := "downstream"
	if t.Up {
		stream = "upstream"
	}
	text, err := json.Marshal(map[string]any{"name": t.Kind, "type": t.Kind, "stream": stream, "attributes": t.Attributes})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
		return nil, fmt.Errorf("poisoning %s with %s: %w", p.Name, t.Kind, err)
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		_ = p.proxy.Toxics.RemoveToxic(ctx, t.Kind) // links that do not let go are cut by Cut
	}, nil
}

// Cut ends every connection, and refuses new ones until the function that it returns is called.
func (p *Proxy) Cut() (heal func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.proxy.Stop()
	return func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.proxy.Start()
	}
}

func (p *Proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.proxy.Stop()
}
