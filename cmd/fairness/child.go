package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"turnkey/internal/dial"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/envelope"
	"turnkey/runtime/gateway"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/source/postgres"
	"turnkey/runtime/token"
	"turnkey/runtime/upload"
)

// childSettings are the flags of the process under load.
type childSettings struct {
	listen, postgres, hole string
	instances, maxLive     int
	idleAfter              time.Duration
}

const (
	holeHost = "hole"
	// admitted is the configured admission: uploads per second of each instance.
	admitted = 100
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

// sealed keeps each instance as a runtime does that follows a control plane: sealed bytes.
type sealed struct {
	opener *envelope.Opener
	mu     sync.RWMutex
	byHost map[string][]byte
}

func (s *sealed) find(host string) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if b := s.byHost[host]; b != nil {
		return b, nil
	}
	return nil, fault.New(fault.NotFound, "no_such_instance", "There is no such instance.")
}

// Revision implements gateway.Instances.
func (s *sealed) Revision(_ context.Context, host string) (int64, error) {
	_, err := s.find(host)
	return 1, err
}

// Bundle implements gateway.Instances.
func (s *sealed) Bundle(_ context.Context, host string) (*bundle.Bundle, error) {
	b, err := s.find(host)
	if err != nil {
		return nil, err
	}
	return s.opener.Open(b, "ins_"+host)
}

func hostName(i int) string { return fmt.Sprintf("i%d", i) }

func newSealed(c childSettings) (*sealed, error) {
	cfg, found := config.Parse([]byte(document), config.Options{Kind: bundle.Development})
	if err := found.Fault(); err != nil {
		return nil, err
	}
	keys, err := envelope.GenerateKeys()
	if err != nil {
		return nil, err
	}
	signer, err := envelope.NewSigner(keys.Sign)
	if err != nil {
		return nil, err
	}
	sealer, err := envelope.NewSealer(signer, keys.PoolPublic)
	if err != nil {
		return nil, err
	}
	verifier, err := envelope.NewVerifier(keys.Verify)
	if err != nil {
		return nil, err
	}
	opener, err := envelope.NewOpener(verifier, keys.PoolPrivate)
	if err != nil {
		return nil, err
	}
	s := &sealed{opener: opener, byHost: map[string][]byte{}}
	add := func(host, uri string) error {
		key, err := token.GenerateKey("key_"+host, cfg.Auth.Algorithm, time.Unix(0, 0), time.Unix(0, 0), rand.Reader)
		if err != nil {
			return err
		}
		s.byHost[host], err = sealer.Seal(&bundle.Bundle{
			Format: bundle.Format, Revision: 1, Deployment: 1, Config: *cfg, IssuedAt: time.Now(),
			Secrets: map[string]redact.Secret{"SOURCE_URI": redact.New(uri)}, SigningKeys: []bundle.SigningKey{key},
			Instance: bundle.Instance{ID: "ins_" + host, Host: host, Kind: bundle.Development, State: bundle.Active},
		})
		return err
	}
	for i := range c.instances {
		if err := add(hostName(i), c.postgres); err != nil {
			return nil, err
		}
	}
	return s, add(holeHost, "postgres://u:p@"+c.hole+"/hole?sslmode=disable")
}

// prepare makes the tables that a deployment would have made.
func prepare(ctx context.Context, uri string, guard *dial.Guard, log *slog.Logger) error {
	src, err := postgres.Open(ctx, postgres.Options{URI: redact.New(uri), Dial: guard.DialContext, AllowPrivate: true, Now: time.Now, Log: log})
	if err != nil {
		return err
	}
	return errors.Join(src.Prepare(ctx), src.Close())
}

// serve runs the gateway until the context ends.
func serve(ctx context.Context, c childSettings) error {
	debug.SetGCPercent(800) // as the product does
	debug.SetMemoryLimit(100 << 20)
	log := slog.New(slog.DiscardHandler)
	instances, err := newSealed(c)
	if err != nil {
		return err
	}
	guard := dial.New(dial.Options{AllowPrivate: true})
	if err := prepare(ctx, c.postgres, guard, log); err != nil {
		return err
	}
	keys := token.NewKeySets(guard.HTTPClient(dial.HTTPOptions{Timeout: 5 * time.Second, MaxBody: 256 << 10}), time.Now)
	defer keys.Close()
	gw := gateway.New(gateway.Config{
		Instances: instances,
		Limits:    gateway.Limits{InstanceRate: admitted, MaxLive: c.maxLive, IdleAfter: c.idleAfter},
		OpenSource: func(ctx context.Context, b *bundle.Bundle) (source.Source, error) {
			return postgres.Open(ctx, postgres.Options{URI: b.Secrets["SOURCE_URI"], Dial: guard.DialContext, AllowPrivate: true, MaxConns: 8, Now: time.Now, Log: log})
		},
		NewAuthority: func(b *bundle.Bundle, _ source.Source) (gateway.Authority, error) {
			a, err := token.New(b, token.Deps{Keys: keys, Now: time.Now, NewSecret: func() (s [32]byte) { _, _ = rand.Read(s[:]); return s }})
			return authority{a}, err
		},
		NewUploader: func(b *bundle.Bundle, src source.Source, problem func(http.ResponseWriter, *http.Request, error)) (gateway.Uploader, error) {
			e, err := upload.New(b, src, upload.Deps{Now: time.Now, NewID: rand.Text, Pause: func(ctx context.Context, _ int) error { return ctx.Err() }, Problem: problem, Log: log})
			return uploader{e}, err
		},
		Hold: func(w http.ResponseWriter, r *http.Request, code, message string, after time.Duration, problem func(http.ResponseWriter, *http.Request, error)) {
			upload.Hold{Code: code, Message: message, RetryAfter: after}.Answer(w, r, problem)
		},
		Now: time.Now, Random: mathrand.Float64, NewID: rand.Text, Log: log,
	})
	defer gw.Close()
	l, err := net.Listen("tcp", c.listen)
	if err != nil {
		return err
	}
	server := gateway.Server(observed(gw), log)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				_ = server.Close()
				return
			case <-tick.C:
				gw.Sweep()
			}
		}
	})
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// observed adds the heap in use after a collection, for the figures.
func observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/heap" {
			next.ServeHTTP(w, r)
			return
		}
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Fprint(w, m.HeapAlloc)
	})
}

type authority struct{ *token.Authority }

// Exchange implements gateway.Authority.
func (a authority) Exchange(ctx context.Context, q gateway.TokenRequest) (any, string, error) {
	out, err := a.Authority.Exchange(ctx, token.Request(q))
	if err != nil {
		return nil, "", err
	}
	return out, out.UserID, nil
}

// Authenticate implements gateway.Authority.
func (a authority) Authenticate(ctx context.Context, header string) (rule.User, error) {
	return a.Authority.Authenticate(ctx, header)
}

type uploader struct{ *upload.Engine }

// Degraded implements gateway.Uploader.
func (u uploader) Degraded() any {
	if cause := u.Engine.Degraded(); cause != nil {
		return cause
	}
	return nil
}

// Repeats implements gateway.Uploader, likewise.
func (u uploader) Repeats() any {
	if weaker := u.Engine.Repeats(); weaker != nil {
		return weaker
	}
	return nil
}
