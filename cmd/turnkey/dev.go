package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/oidc"
	dashboardapi "turnkey/dashboard-api"
	"turnkey/internal/devstack"
	"turnkey/internal/fault"
	"turnkey/internal/lifecycle"
	"turnkey/runtime/bundle"
	"turnkey/runtime/envelope"
	"turnkey/runtime/hook/worker"
)

// mongoSetting names a MongoDB server to use instead of a private one.
const mongoSetting = "TURNKEY_MONGODB_URI"

//go:embed demo
var demo embed.FS

// devCommand runs everything on this machine: private databases, control plane, runtime, a demo.
type devCommand struct {
	Port   int    `default:"8080" help:"Port of the dashboard, the API and every instance."`
	Dir    string `default:".turnkey" help:"Folder for all data."`
	Listen string `default:"loopback" enum:"loopback,lan" help:"loopback, or lan for phones on your network (the databases stay on loopback)."`

	KeyOverlap time.Duration `default:"10m" help:"How long a new signing key is published before it signs."`

	oidcSettings
	sandbox
}

// devStack is what a running `turnkey dev` owns.
type devStack struct {
	dir      string
	base     string // http://localhost:8080
	postgres *devstack.Postgres
	mongoURI string
	log      *slog.Logger
	workers  *worker.Pool
	// providers sign people in; nil: none.
	providers *oidc.Providers
	closers   []func()
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
	if c.Port < 1 || c.Port > 65535 {
		return badSetting("--port", "must be from 1 to 65535.").WithHint("Set TURNKEY_PORT to a port that is free.")
	}
	log := newLogFrom(term, slog.LevelWarn) // what goes well is said in plain words
	workers, err := c.sandbox.open(ctx, log)
	if err != nil {
		return err
	}
	defer workers.Close()
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
	l, err := listen("--port", net.JoinHostPort(host, fmt.Sprint(c.Port))) // first: a second `turnkey dev` ends here
	if err != nil {
		return err
	}
	defer l.Close()
	s := &devStack{dir: dir, base: fmt.Sprintf("http://localhost:%d", c.Port), log: log, workers: workers}
	defer s.close()
	if err := s.databases(ctx, term); err != nil {
		return err
	}
	if s.providers, err = c.oidcSettings.open(s.base); err != nil {
		return err
	}
	both, drains, err := s.planes(ctx, c.KeyOverlap)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	serving, stop := context.WithCancel(ctx)
	defer stop()
	go func() { served <- serveOn(serving, log, l, both, drains) }()
	if err := s.announce(ctx, term, c.Listen == "lan", c.Port); err != nil {
		stop()
		return errors.Join(err, <-served)
	}
	return <-served
}

// planes starts both planes in this process. They meet as they do elsewhere: sealed bundles by the
// feed, signed commands over the internal listener.
func (s *devStack) planes(ctx context.Context, overlap time.Duration) (http.Handler, drainer, error) {
	keysDir := filepath.Join(s.dir, "keys")
	if err := ensureKeys(keysDir); err != nil {
		return nil, nil, err
	}
	url, err := s.createDatabase(ctx, "turnkey")
	if err != nil {
		return nil, nil, err
	}
	control, err := openPlane(ctx, s.log, planeSettings{database{DatabaseURL: url}, keyEncryption{KeysDir: keysDir}},
		planeOptions{signup: controlplane.SignupOpen, overlap: overlap, workers: s.workers, mail: intoMailbox(s.base), base: s.base, privateWebhooks: true})
	if err != nil {
		return nil, nil, err
	}
	s.onClose(control.close)
	key, err := ensureSecret(filepath.Join(keysDir, apiSecretFile))
	if err != nil {
		return nil, nil, err
	}
	site, err := control.site(siteSettings{key: key, base: s.base, runtimeURL: s.base + "/i/{host}", development: true, signup: controlplane.SignupOpen, mailbox: true, sources: s.sources(), providers: s.providers})
	if err != nil {
		return nil, nil, err
	}
	internal, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	s.onClose(func() { _ = internal.Close() })
	opener, verify, err := envelope.ReadOpener(keysDir)
	if err != nil {
		return nil, nil, err
	}
	data, err := newDataPlane(s.log, dataPlaneConfig{
		id:   "rt_dev", // the same at each start, so that nothing waits for one that was killed
		feed: control.plane.Runtimes, sink: control.plane.Telemetry, opener: opener, verify: verify, cacheDir: filepath.Join(s.dir, "bundles"),
		address: "http://" + internal.Addr().String(), domain: "localhost", border: border{AllowPrivateNetworks: true}, workers: s.workers,
	})
	if err != nil {
		return nil, nil, err
	}
	s.onClose(data.close)
	group := lifecycle.NewGroup(context.WithoutCancel(ctx), s.log)
	s.onClose(group.Stop)
	control.start(group, ctx)
	data.start(group)
	s.onClose(data.delivering.Stop)
	serveIn(group, "internal listener", internal, commandsOnly(data.commands), s.log)
	return route(site, data.gateway), data.gateway, nil
}

// sources are the databases of the demo, for whoever wants to try another instance on them.
func (s *devStack) sources() []dashboardapi.DevelopmentSource {
	return []dashboardapi.DevelopmentSource{
		{Type: string(bundle.MongoDB), Name: "the development MongoDB", URI: s.mongoURI, Database: "todo"},
		{Type: string(bundle.PostgreSQL), Name: "the development PostgreSQL", URI: s.postgres.URL("todo"), Database: "turnkey"},
	}
}

// route sends instances' requests to the runtime and everything else to the control plane.
func route(api, instances http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if strings.HasPrefix(r.URL.Path, "/i/") || strings.HasSuffix(strings.ToLower(host), ".localhost") {
			instances.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// databases starts PostgreSQL and a MongoDB.
func (s *devStack) databases(ctx context.Context, term terminal) (err error) {
	fmt.Fprintln(term.out, "starting PostgreSQL ...")
	if s.postgres, err = devstack.StartPostgres(ctx, devstack.PostgresConfig{Dir: filepath.Join(s.dir, "postgres")}); err != nil {
		return err
	}
	s.onClose(func() { _ = s.postgres.Stop() })
	mongo, err := devstack.StartMongo(ctx, devstack.MongoConfig{Dir: s.dir, URI: os.Getenv(mongoSetting)})
	if err != nil {
		return err
	}
	s.onClose(func() { _ = mongo.Stop() })
	fmt.Fprintln(term.out, mongo.Note())
	for _, note := range []string{s.postgres.Moved, mongo.Moved()} {
		if note != "" {
			fmt.Fprintln(term.out, "ATTENTION: "+note)
		}
	}
	s.mongoURI = mongo.URI()
	return nil
}
