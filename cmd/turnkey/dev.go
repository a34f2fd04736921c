package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"turnkey/controlplane"
	"turnkey/internal/devmongo"
	"turnkey/internal/devstack"
	"turnkey/internal/fault"
	"turnkey/internal/lifecycle"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/telemetry"
)

//go:embed demo
var demo embed.FS

// devCommand runs everything on this machine: private databases, control plane, runtime, a demo.
type devCommand struct {
	Port   int    `default:"8080" help:"Port of the dashboard, the API and every instance."`
	Dir    string `default:".turnkey" help:"Folder for all data."`
	Listen string `default:"loopback" enum:"loopback,lan" help:"loopback, or lan for phones on your network (the databases stay on loopback)."`
}

// devStack is what a running `turnkey dev` owns.
type devStack struct {
	dir      string
	base     string // http://localhost:8080
	postgres *devstack.Postgres
	mongoURI string
	closers  []func()
}

func (s *devStack) onClose(f func()) { s.closers = append(s.closers, f) }

// close ends everything in reverse order.
func (s *devStack) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

// Run implements the command.
func (c *devCommand) Run(ctx context.Context, term terminal) error {
	tuneMemory()
	log := newLog(term)
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return fault.Wrap(err, fault.Invalid, "data_folder", "The data folder "+dir+" cannot be made.").WithHint("Choose another one with TURNKEY_DIR.")
	}
	host := "127.0.0.1"
	if c.Listen == "lan" {
		host = ""
	}
	l, err := listen(net.JoinHostPort(host, fmt.Sprint(c.Port))) // first: a second `turnkey dev` ends here
	if err != nil {
		return err
	}
	defer l.Close()
	s := &devStack{dir: dir, base: fmt.Sprintf("http://localhost:%d", c.Port)}
	defer s.close()
	if err := s.databases(ctx, term); err != nil {
		return err
	}
	url, err := s.createDatabase(ctx, "turnkey")
	if err != nil {
		return err
	}
	key, err := s.keptSecret("api-secret")
	if err != nil {
		return err
	}
	var sink telemetry.Sink
	api, closeAPI, err := newAPI(ctx, log, apiSettings{url: url, key: key, base: s.base, development: true, signup: controlplane.SignupOpen,
		keysDir: filepath.Join(dir, "keys"), runtimeURL: s.base + "/i/{host}",
		ready: func(p *controlplane.Plane) { sink = p.Telemetry }})
	if err != nil {
		return err
	}
	s.onClose(closeAPI)
	demo, err := s.demoInstances(ctx, term)
	if err != nil {
		return err
	}
	parts := newRuntimeParts(log, border{AllowPrivateNetworks: true})
	s.onClose(parts.close)
	recorder, stopTelemetry := newTelemetry(ctx, log, sink)
	s.onClose(stopTelemetry)
	parts.observe = recorder.Record
	group := lifecycle.NewGroup(ctx, log)
	s.onClose(group.Stop)
	for _, b := range demo {
		if err := prepareSource(ctx, group, parts, b); err != nil {
			return err
		}
	}
	gw, err := parts.gateway(demo, "localhost")
	if err != nil {
		return err
	}
	s.onClose(gw.Close)
	sweepIdle(group, gw)
	served := make(chan error, 1)
	serving, stop := context.WithCancel(ctx)
	defer stop()
	go func() { served <- serveOn(serving, log, l, planes(api, gw)) }()
	if err := s.announce(ctx, term, demo, c.Listen == "lan", c.Port); err != nil {
		stop()
		return errors.Join(err, <-served)
	}
	return <-served
}

// planes sends instances' requests to the runtime and everything else to the control plane.
func planes(api, instances http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if strings.HasPrefix(r.URL.Path, "/i/") || strings.HasSuffix(host, ".localhost") {
			instances.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// databases starts PostgreSQL and a MongoDB: the one that TURNKEY_MONGODB_URI names, else the double.
func (s *devStack) databases(ctx context.Context, term terminal) (err error) {
	fmt.Fprintln(term.out, "starting PostgreSQL ...")
	if s.postgres, err = devstack.StartPostgres(ctx, devstack.PostgresConfig{Dir: filepath.Join(s.dir, "postgres")}); err != nil {
		return err
	}
	s.onClose(func() { _ = s.postgres.Stop() })
	if s.mongoURI = os.Getenv("TURNKEY_MONGODB_URI"); s.mongoURI != "" {
		return nil
	}
	fmt.Fprintln(term.out, "starting the development MongoDB (a double for development; set TURNKEY_MONGODB_URI for a real one) ...")
	store, err := devmongo.Open(devmongo.Options{Path: filepath.Join(s.dir, "mongodb.journal")})
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "devmongo_journal", "The development MongoDB's journal cannot be opened.")
	}
	s.onClose(func() { _ = store.Close() })
	server, err := devmongo.Listen(store, "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.onClose(server.Close)
	s.mongoURI = server.URI()
	return nil
}

// keptSecret reads a random secret from the data folder, made at the first start.
func (s *devStack) keptSecret(name string) (redact.Secret, error) {
	path := filepath.Join(s.dir, name)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		raw = []byte(randomText(40))
		err = os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		return redact.Secret{}, fault.Wrap(err, fault.Invalid, "data_folder", "The data folder cannot be written.")
	}
	return redact.New(string(raw)), nil
}

// demoSet is the demo's instances by host. They come from files in the data folder: the control plane
// does not manage instances yet.
type demoSet map[string]*bundle.Bundle

// Revision implements gateway.Instances.
func (d demoSet) Revision(ctx context.Context, host string) (int64, error) {
	b, err := d.Bundle(ctx, host)
	if err != nil {
		return 0, err
	}
	return b.Revision, nil
}

// Bundle implements gateway.Instances.
func (d demoSet) Bundle(_ context.Context, host string) (*bundle.Bundle, error) {
	if b := d[host]; b != nil {
		return b, nil
	}
	return nil, fault.New(fault.NotFound, "no_such_instance", "There is no such instance.")
}

// demoInstances writes the demo's folders at the first start and compiles them.
func (s *devStack) demoInstances(ctx context.Context, term terminal) (demoSet, error) {
	todo, err := s.createDatabase(ctx, "todo")
	if err != nil {
		return nil, err
	}
	if err := s.seed(ctx, todo); err != nil {
		return nil, err
	}
	out := demoSet{}
	for source, uri := range map[string]string{"mongodb": s.mongoURI, "postgres": todo.Reveal()} {
		folder := filepath.Join(s.dir, "instances", "todo-"+source)
		if err := writeDemo(folder, source, uri); err != nil {
			return nil, err
		}
		b, err := (&serveCommand{Folder: folder, Development: true}).bundle(term)
		if err != nil {
			return nil, err
		}
		b.Instance.ID, b.Instance.Host = "ins_todo_"+source, "todo-"+source
		out[b.Instance.Host] = b
	}
	return out, nil
}

// writeDemo keeps a configuration that the user has edited; the connection string is of this start.
func writeDemo(folder, source, uri string) error {
	if err := os.MkdirAll(filepath.Join(folder, "secrets"), 0o700); err != nil {
		return err
	}
	document, err := demo.ReadFile("demo/" + source + ".yaml")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "turnkey.yaml")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(path, document, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(folder, "secrets", "SOURCE_URI"), []byte(uri), 0o600)
}

// devFile is .turnkey/dev.json, for scripts.
type devFile struct {
	DashboardURL string            `json:"dashboard_url"`
	APIURL       string            `json:"api_url"`
	Email        string            `json:"email"`
	Password     string            `json:"password"`
	APIToken     string            `json:"api_token"`
	SourceURLs   map[string]string `json:"source_urls"`
	Instances    []devInstance     `json:"instances"`
}

type devInstance struct {
	Name   string `json:"name"`
	ID     string `json:"id"`
	Host   string `json:"host"`
	URL    string `json:"url"`
	Source string `json:"source"`
}

func (s *devStack) devFilePath() string { return filepath.Join(s.dir, "dev.json") }

func (s *devStack) readDevFile() (f devFile) {
	raw, err := os.ReadFile(s.devFilePath())
	if err == nil {
		_ = json.Unmarshal(raw, &f) // a broken file is written anew
	}
	return f
}
