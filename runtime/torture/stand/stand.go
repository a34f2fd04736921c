package stand

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

	logs []*os.File
}

// Options of a stand.
type Options struct {
	Dir      string // for everything
	Binary   string // turnkey
	Runtimes int
	Tables   []Table
	// Via puts something more between the runtimes and the database's address; nil: nothing.
	Via func(addr string) (string, error)
	// Env is for the runtimes, such as what arms their crash points.
	Env func(runtime int) []string
}

// Start puts runtimes over a database. On error everything is ended, the database included.
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
	folder := filepath.Join(opt.Dir, "instance")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return s, err
	}
	if err := os.WriteFile(filepath.Join(folder, "turnkey.yaml"), []byte(Configuration(db.Name(), opt.Tables)), 0o600); err != nil {
		return s, err
	}
	var bases []string
	for i := range opt.Runtimes { // one after the other: the first start makes the signing key
		r, err := s.runtime(ctx, opt, folder, i)
		if err != nil {
			return s, err
		}
		bases = append(bases, "http://"+r.Clients.Addr())
	}
	s.HTTP = NewHTTP(bases...)
	return s, nil
}

func (s *Stand) runtime(ctx context.Context, opt Options, folder string, i int) (*Runtime, error) {
	name := fmt.Sprintf("runtime %d", i+1)
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(opt.Dir, fmt.Sprintf("runtime%d.log", i+1)))
	if err != nil {
		return nil, err
	}
	s.logs = append(s.logs, log)
	r := &Runtime{}
	s.Runtimes = append(s.Runtimes, r)
	upstream := s.Database.Addr()
	if opt.Via != nil {
		if upstream, err = opt.Via(upstream); err != nil {
			return nil, err
		}
	}
	if r.Source, err = newProxy(name+" to database", upstream); err != nil {
		return nil, err
	}
	if r.Clients, err = newProxy("devices to "+name, addr); err != nil {
		return nil, err
	}
	env := []string{"SOURCE_URI=" + s.Database.URI(r.Source.Addr())}
	if opt.Env != nil {
		env = append(env, opt.Env(i)...)
	}
	r.Process = &Process{
		Name: name, binary: opt.Binary, log: log, env: env,
		args:  []string{"serve", folder, "--listen", addr, "--development", "--allow-private-networks"},
		ready: answers("http://" + addr + "/health"),
	}
	return r, r.Start(ctx)
}

// Close ends everything.
func (s *Stand) Close() error {
	for _, r := range s.Runtimes {
		if r.Process != nil {
			r.Thaw()
			r.Stop()
		}
		for _, p := range []*Proxy{r.Clients, r.Source} {
			if p != nil {
				p.close()
			}
		}
	}
	var errs []error
	for _, log := range s.logs {
		errs = append(errs, log.Close())
	}
	return errors.Join(append(errs, s.Database.Close())...)
}
