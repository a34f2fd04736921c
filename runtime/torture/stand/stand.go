package stand

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"turnkey/internal/clock"
)

// Runtime is one replica with its two links.
type Runtime struct {
	*Process
	Clients *Proxy // devices reach it through this
	Source  *Proxy // it reaches the database through this
}

// Stand is everything that a run needs.
type Stand struct {
	Database Database
	Runtimes []*Runtime
	HTTP     *HTTP
	// Plane is the control plane; nil over turnkey serve.
	Plane *Plane
	// Receiver hears of what hooks tell; nil: no table has an outbox.
	Receiver *Receiver

	logs []*os.File
}

// Options of a stand.
type Options struct {
	Dir      string // for everything
	Binary   string // turnkey
	Runtimes int
	Tables   []Table
	// Skewed is a binary whose clock can be set, for the last runtime; "" for none.
	Skewed string
	// Planes: a control plane and its runtimes, instead of turnkey serve.
	Planes bool
	// Via puts something more between the runtimes and the database's address; nil: nothing.
	Via func(addr string) (string, error)
	// Env is for the runtimes, such as what arms their crash points.
	Env func(runtime int) []string
	// Rand is the receiver's choices; needed where a table has outboxes.
	Rand *rand.Rand
}

// Start puts runtimes over a database: under a control plane, or by turnkey serve. On error everything
// is ended, the database included.
func Start(ctx context.Context, db Database, opt Options) (s *Stand, err error) {
	s = &Stand{Database: db}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := db.Prepare(ctx, opt.Tables); err != nil {
		return s, err
	}
	if slices.ContainsFunc(opt.Tables, func(t Table) bool { return len(t.Outboxes) > 0 }) {
		if s.Receiver, err = StartReceiver(opt.Rand); err != nil {
			return s, err
		}
	}
	start := s.startServes
	if opt.Planes {
		start = s.startPlanes
	}
	if err := start(ctx, opt); err != nil {
		return s, err
	}
	return s, s.tryClocks(ctx)
}

// startServes starts turnkey serve, each runtime with a link of its own to the database.
func (s *Stand) startServes(ctx context.Context, opt Options) error {
	folder := filepath.Join(opt.Dir, "instance")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "turnkey.yaml"), []byte(Configuration(s.Database.Name(), opt.Tables, s.Receiver)), 0o600); err != nil {
		return err
	}
	for path, text := range hookFiles(opt.Tables, s.Receiver) {
		if err := os.MkdirAll(filepath.Join(folder, filepath.Dir(path)), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, path), []byte(text), 0o600); err != nil {
			return err
		}
	}
	var bases []string
	for i := range opt.Runtimes { // one after the other: the first start makes the signing key
		r, addr, err := s.runtime(opt, i)
		if err != nil {
			return err
		}
		if r.Source, err = s.link(r.Name+" to database", opt); err != nil {
			return err
		}
		r.Process.args = []string{"serve", folder, "--listen", addr, "--development", "--allow-private-networks"}
		r.Process.env = append(r.Process.env, "SOURCE_URI="+s.Database.URI(r.Source.Addr()), receiverSecret+"="+receiverKey)
		r.Process.ready = answers("http://" + addr + "/health")
		if err := r.Start(ctx); err != nil {
			return err
		}
		bases = append(bases, "http://"+r.Clients.Addr())
	}
	s.HTTP = NewHTTP(bases...)
	return nil
}

// startPlanes starts a control plane and runtimes that follow it. The instance has one connection
// string, so the runtimes share the link to the database.
func (s *Stand) startPlanes(ctx context.Context, opt Options) error {
	log, err := s.log(opt, "controlplane.log")
	if err != nil {
		return err
	}
	s.Plane, err = startPlane(ctx, opt.Dir, opt.Binary, log)
	if err != nil {
		return err
	}
	link, err := s.link("runtimes to database", opt)
	if err != nil {
		return err
	}
	for i := range opt.Runtimes {
		r, addr, err := s.runtime(opt, i)
		if err != nil {
			return err
		}
		r.Source = link
		internal, err := freeAddr()
		if err != nil {
			return err
		}
		cache := filepath.Join(opt.Dir, fmt.Sprintf("cache%d", i+1))
		r.Process.args = []string{"runtime"}
		r.Process.env = append(r.Process.env, s.Plane.runtimeEnv(cache, addr, internal)...)
		r.Process.ready = answers("http://" + internal + "/readyz")
		if err := r.Start(ctx); err != nil {
			return err
		}
	}
	_, err = Eventually(ctx, func(ctx context.Context) (struct{}, error) { // the runtimes register first
		return struct{}{}, s.Plane.provision(ctx, Configuration(s.Database.Name(), opt.Tables, s.Receiver), s.Database.URI(link.Addr()), hookFiles(opt.Tables, s.Receiver))
	})
	if err != nil {
		return err
	}
	var bases []string
	for _, r := range s.Runtimes {
		bases = append(bases, "http://"+r.Clients.Addr()+"/i/"+s.Plane.host)
	}
	s.HTTP = NewHTTP(bases...)
	return nil
}

// link is a proxy to the database.
func (s *Stand) link(name string, opt Options) (*Proxy, error) {
	upstream := s.Database.Addr()
	if opt.Via != nil {
		var err error
		if upstream, err = opt.Via(upstream); err != nil {
			return nil, err
		}
	}
	return newProxy(name, upstream)
}

func (s *Stand) log(opt Options, name string) (*os.File, error) {
	f, err := os.Create(filepath.Join(opt.Dir, name))
	if err == nil {
		s.logs = append(s.logs, f)
	}
	return f, err
}

// runtime is one replica that has no command yet, and the address that it will serve on.
func (s *Stand) runtime(opt Options, i int) (r *Runtime, addr string, err error) {
	r = &Runtime{Process: &Process{Name: fmt.Sprintf("runtime %d", i+1), binary: opt.Binary}}
	if addr, err = freeAddr(); err != nil {
		return nil, "", err
	}
	if r.Process.log, err = s.log(opt, fmt.Sprintf("runtime%d.log", i+1)); err != nil {
		return nil, "", err
	}
	if r.Clients, err = newProxy("devices to "+r.Name, addr); err != nil {
		return nil, "", err
	}
	r.Process.env = []string{"TURNKEY_OUTBOX_POLL=1s"} // what a dead runtime leaves is found soon
	if opt.Env != nil {
		r.Process.env = append(r.Process.env, opt.Env(i)...)
	}
	if opt.Skewed != "" && i == opt.Runtimes-1 {
		r.Process.binary, r.Process.clock = opt.Skewed, filepath.Join(opt.Dir, "jump")
		r.Process.env = append(r.Process.env, clock.File+"="+r.Process.clock)
	}
	s.Runtimes = append(s.Runtimes, r)
	return r, addr, nil
}

// Close ends everything.
func (s *Stand) Close() error {
	for _, r := range s.Runtimes {
		r.Thaw()
		r.Stop()
		for _, p := range []*Proxy{r.Clients, r.Source} {
			if p != nil {
				p.close()
			}
		}
	}
	var errs []error
	if s.Receiver != nil {
		errs = append(errs, s.Receiver.close())
	}
	if s.Plane != nil {
		errs = append(errs, s.Plane.close())
	}
	for _, log := range s.logs {
		errs = append(errs, log.Close())
	}
	return errors.Join(append(errs, s.Database.Close())...)
}
