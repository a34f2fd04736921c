package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"turnkey/controlplane/pool"
	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/config"
	"turnkey/runtime/envelope"
	"turnkey/runtime/feed"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/token"
)

const document = `
source: {type: postgres, uri: {secret: SOURCE_URI}, database: turnkey}
auth: {powersync_url: "http://localhost:8081", development_tokens: true}
tables:
  notes:
    table: public.notes
    key: id
    id: uuid
    allow: {create: "true", update: "true", delete: "true"}
    fields: {title: {type: string}, done: {type: bool}}
`

// plane is the least control plane that a runtime can follow: instances that never change, sealed with the
// installation's keys and served by the product's own listener for runtimes. It implements pool.Feed and
// takes telemetry without keeping it.
//
//	plane ── pool ── loopback HTTP ──► turnkey runtime
//	      ── command: prepare ───────►
type plane struct {
	config   *bundle.Config
	sealer   *envelope.Sealer
	commands *command.Sender
	changes  []feed.Change
	sealed   map[string][]byte

	url     string
	server  *http.Server
	serving sync.WaitGroup

	mu      sync.Mutex
	runtime feed.Runtime // that has registered
	acks    int
	refused []feed.Ack
}

// startPlane serves instances over a database, and one over a source that never answers. keys is what
// `turnkey keys generate` has made.
func startPlane(keys string, instances int, database, hole string) (*plane, error) {
	sealer, signer, err := envelope.ReadSealer(filepath.Join(keys, "controlplane"))
	if err != nil {
		return nil, err
	}
	p := &plane{sealer: sealer, commands: command.NewSender(signer, time.Now), sealed: map[string][]byte{}}
	var found config.Findings
	if p.config, found = config.Parse([]byte(document), config.Options{Kind: bundle.Development}); found.Fault() != nil {
		return nil, found.Fault()
	}
	for i := range instances {
		if err := p.publish(hostName(i), database); err != nil {
			return nil, err
		}
	}
	if err := p.publish(holeHost, hole); err != nil {
		return nil, err
	}
	return p, p.listen(filepath.Join(keys, "controlplane", "pool-token"))
}

// seal makes a bundle; revision 0 is a candidate, which only commands take.
func (p *plane) seal(host, uri string, revision int64) ([]byte, error) {
	key, err := token.GenerateKey("key_"+host, p.config.Auth.Algorithm, time.Unix(0, 0), time.Unix(0, 0), rand.Reader)
	if err != nil {
		return nil, err
	}
	b, err := publish.Build(publish.Material{
		Instance: bundle.Instance{ID: instanceID(host), Host: host, Kind: bundle.Development, State: bundle.Active},
		Revision: revision, Deployment: 1, Config: p.config, ActivatedAt: time.Now(), At: time.Now(),
		Secrets: map[string]redact.Secret{"SOURCE_URI": redact.New(uri)}, Keys: []bundle.SigningKey{key},
	})
	if err != nil {
		return nil, err
	}
	return p.sealer.Seal(b)
}

func instanceID(host string) string { return "ins_" + host }

func (p *plane) publish(host, uri string) (err error) {
	p.changes = append(p.changes, feed.Change{Instance: instanceID(host), Revision: 1})
	p.sealed[instanceID(host)], err = p.seal(host, uri, 1)
	return err
}

func (p *plane) listen(tokenFile string) error {
	raw, err := os.ReadFile(tokenFile)
	if err != nil {
		return err
	}
	handler, err := pool.New(p, discard{}, redact.New(strings.TrimSpace(string(raw))), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	p.url = "http://" + l.Addr().String()
	p.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	p.serving.Go(func() { _ = p.server.Serve(l) }) // until stop closes it
	return nil
}

func (p *plane) stop() {
	p.commands.Close()
	if p.server != nil {
		_ = p.server.Close() // the runtime, its only client, has ended
	}
	p.serving.Wait()
}

// prepare has the runtime make our own tables in a database, by the command that precedes a deployment.
func (p *plane) prepare(ctx context.Context, host, database string) error {
	candidate, err := p.seal(host, database, 0)
	if err != nil {
		return err
	}
	p.mu.Lock()
	to := p.runtime
	p.mu.Unlock()
	_, err = p.commands.Send(ctx, to.Address, to.ID, command.Command{
		Name: command.Prepare, Instance: instanceID(host), Actor: command.Actor{UserID: "fairness", RequestID: "prepare"}, Bundle: candidate,
	})
	return err
}

// serves reports whether a runtime has registered and taken every instance.
func (p *plane) serves() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.refused) > 0:
		return fmt.Errorf("the runtime refuses %d instances, such as %+v", len(p.refused), p.refused[0])
	case p.runtime.ID == "":
		return errors.New("no runtime has registered")
	case p.acks < len(p.changes):
		return fmt.Errorf("the runtime has taken %d of %d instances", p.acks, len(p.changes))
	}
	return nil
}

// List implements pool.Feed.
func (p *plane) List(_ context.Context, since int64) (feed.Page, error) {
	if since > 0 {
		return feed.Page{Cursor: since}, nil
	}
	return feed.Page{Changes: p.changes, Cursor: 1}, nil
}

// Wait implements pool.Feed: nothing is ever published.
func (p *plane) Wait(ctx context.Context, _ int64) error {
	t := time.NewTimer(feed.WaitFor)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Fetch implements pool.Feed.
func (p *plane) Fetch(_ context.Context, instance string) ([]byte, error) {
	if sealed := p.sealed[instance]; sealed != nil {
		return sealed, nil
	}
	return nil, fault.New(fault.NotFound, "no_such_instance", "There is no such instance.")
}

// Report implements pool.Feed.
func (p *plane) Report(_ context.Context, r feed.Report) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runtime = r.Runtime
	for _, a := range r.Acks {
		if p.acks++; a.Code != "" {
			p.refused = append(p.refused, a)
		}
	}
	return nil
}

// discard takes telemetry.
type discard struct{}

// Ship implements telemetry.Sink.
func (discard) Ship(context.Context, telemetry.Batch) error { return nil }
