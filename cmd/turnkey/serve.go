package main

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/internal/lifecycle"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/gateway"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
	"turnkey/runtime/token"
)

// serveCommand is the package form of the product: one instance from a folder, beside a PowerSync
// service, without control plane and without Postgres of our own.
type serveCommand struct {
	Folder      string `arg:"" type:"existingdir" help:"Folder with turnkey.yaml, and hook files in hooks/ and lib/; secrets come from the environment, from NAME_FILE, or from secrets/NAME."`
	Listen      string `default:"127.0.0.1:8080" help:"Address to serve on."`
	Development bool   `help:"Serve a development instance: development tokens and plain http are possible."`

	border
	sandbox
	scraping
}

// serveHost is the one instance's host label; its paths also answer without /i/{host}.
const (
	serveHost     = "serve"
	serveInstance = "ins_" + serveHost
)

// Run implements the command.
func (c *serveCommand) Run(ctx context.Context, term terminal) error {
	tuneMemory()
	log := newLog(term)
	workers, err := c.sandbox.open(ctx, log)
	if err != nil {
		return err
	}
	defer workers.Close()
	b, err := c.bundle(ctx, term, workers)
	if err != nil {
		return err
	}
	parts := newRuntimeParts(log, newID("rt"), c.border, workers)
	defer parts.close()
	group := lifecycle.NewGroup(ctx, log)
	defer group.Stop()
	recorder, shipper := newTelemetry(log, logSink{log})
	shipping := lifecycle.NewGroup(context.WithoutCancel(ctx), log)
	defer shipping.Stop()
	shipping.Go("ship telemetry", shipper.Run)
	parts.observe = recorder.Record
	if err := c.scraping.serve(ctx, group, log, recorded(recorder), pooled(workers)); err != nil {
		return err
	}
	if err := prepareSource(ctx, group, parts, b); err != nil {
		return err
	}
	gw, err := parts.gateway(one{b}, "")
	if err != nil {
		return err
	}
	defer gw.Close()
	// Uploads that drain enqueue, too: deliveries end after the last request and before the gateway.
	delivering := lifecycle.NewGroup(context.WithoutCancel(ctx), log)
	defer delivering.Stop()
	delivering.Go("deliver", parts.newDeliverer(gw, one{b}.instances).Run)
	sweepIdle(group, gw, c.IdleAfter)
	sweepSources(group, gw, log)
	fmt.Fprintf(term.out, "Serving %s on http://%s\n  uploads  POST /api/data\n  tokens   POST /token\n  keys     GET  /.well-known/jwks.json\n", c.Folder, c.Listen)
	return listenAndServe(ctx, log, c.Listen, rooted(gw), gw)
}

// rooted lets the one instance answer at / as well.
func rooted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/i/") && r.URL.Path != gateway.ReadyPath {
			r.URL.Path, r.URL.RawPath = "/i/"+serveHost+r.URL.Path, ""
		}
		next.ServeHTTP(w, r)
	})
}

// one is a set of one instance.
type one struct{ bundle *bundle.Bundle }

// Revision implements gateway.Instances.
func (o one) Revision(_ context.Context, host string) (int64, error) {
	if host != serveHost {
		return 0, fault.New(fault.NotFound, "no_such_instance", "There is no such instance.")
	}
	return o.bundle.Revision, nil
}

// Bundle implements gateway.Instances.
func (o one) Bundle(ctx context.Context, host string) (*bundle.Bundle, error) {
	_, err := o.Revision(ctx, host)
	return o.bundle, err
}

// instances lists it for the deliverer.
func (o one) instances() []outbox.Instance {
	return []outbox.Instance{{ID: o.bundle.Instance.ID, Host: serveHost, Revision: o.bundle.Revision}}
}

// bundle compiles the folder into what the control plane would publish.
func (c *serveCommand) bundle(ctx context.Context, term terminal, workers *worker.Pool) (*bundle.Bundle, error) {
	f := folder{path: c.Folder, kind: bundle.Production}
	if c.Development {
		f.kind = bundle.Development
	}
	document, cfg, err := f.document()
	if err != nil {
		return nil, err
	}
	secrets, err := c.secrets(cfg)
	if err != nil {
		return nil, err
	}
	r, err := f.release(ctx, term, workers, document, secrets)
	if err != nil {
		return nil, err
	}
	key, err := c.signingKey(cfg.Auth.Algorithm)
	if err != nil {
		return nil, err
	}
	return f.bundleOf(r, secrets, key)
}

// secrets finds every secret that the configuration names.
func (c *serveCommand) secrets(cfg *bundle.Config) (map[string]redact.Secret, error) {
	names := publish.References(cfg)
	out := make(map[string]redact.Secret, len(names))
	for _, name := range names {
		text, ok := os.LookupEnv(name)
		if file := os.Getenv(name + "_FILE"); !ok && file != "" {
			raw, err := os.ReadFile(file)
			if err != nil {
				return nil, fault.Wrap(err, fault.Invalid, "secret_unreadable", "The file that "+name+"_FILE names cannot be read.")
			}
			text, ok = strings.TrimRight(string(raw), "\r\n"), true
		}
		if !ok {
			raw, err := os.ReadFile(filepath.Join(c.Folder, "secrets", name))
			if err != nil {
				return nil, fault.New(fault.Invalid, "secret_missing", "The configuration names the secret "+name+", which is not set.").
					WithHint("Set the environment variable " + name + " or " + name + "_FILE, or write the value to " + filepath.Join(c.Folder, "secrets", name) + ".")
			}
			text = strings.TrimRight(string(raw), "\r\n")
		}
		out[name] = redact.New(text)
	}
	return out, nil
}

// signingKey reads the folder's key, and makes it at the first start: tokens must stay valid across
// restarts.
func (c *serveCommand) signingKey(alg bundle.Algorithm) (bundle.SigningKey, error) {
	path := filepath.Join(c.Folder, "secrets", "signing-key-"+strings.ToLower(string(alg))+".pem")
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key, err := token.GenerateKey(newID("key"), alg, time.Unix(0, 0), time.Unix(0, 0), rand.Reader)
		if err != nil {
			return key, err
		}
		text := "Kid: " + key.ID + "\n" + key.Private.Reveal()
		err = os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			return key, fault.Wrap(err, fault.Invalid, "signing_key_unwritable", "The signing key cannot be stored at "+path+".").
				WithHint("Make the folder writable for the first start, or put a key there.")
		}
		return key, nil
	} else if err != nil {
		return bundle.SigningKey{}, fault.Wrap(err, fault.Invalid, "signing_key_unreadable", "The signing key at "+path+" cannot be read.")
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return bundle.SigningKey{}, fault.New(fault.Invalid, "signing_key_malformed", "The signing key at "+path+" is not PEM.")
	}
	id := "serve"
	if first, _, ok := strings.Cut(string(raw), "\n"); ok && strings.HasPrefix(first, "Kid: ") {
		id = strings.TrimPrefix(first, "Kid: ")
	}
	return bundle.SigningKey{ID: id, Algorithm: alg, Private: redact.New(string(pem.EncodeToMemory(block))), PublishAt: time.Unix(0, 0), SignFrom: time.Unix(0, 0)}, nil
}

// prepareSource makes our own tables. A database that is down is tried again in the background:
// uploads are held back until it answers anyway. A missing privilege ends the start, with the
// statements to run.
func prepareSource(ctx context.Context, group *lifecycle.Group, parts *runtimeParts, b *bundle.Bundle) error {
	src, err := parts.openSource(ctx, b)
	if err != nil {
		return err
	}
	prepare := func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		return src.Prepare(ctx)
	}
	err = prepare(ctx)
	if err == nil {
		return src.Close()
	}
	f := source.FailureOf(err)
	if f.Class == source.Misconfigured {
		return errors.Join(fault.Wrap(err, fault.Invalid, f.Code, f.Message).WithHint(f.Hint), src.Close())
	}
	parts.log.Warn("the source does not answer yet; trying again until it does", "error", err)
	group.Go("prepare", func(ctx context.Context) error {
		defer src.Close()
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
				if err := prepare(ctx); err == nil {
					parts.log.Info("the source is prepared")
					return nil
				}
			}
		}
	})
	return nil
}
