package controlplane

import (
	"context"
	"fmt"
	"sync"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/feed"
)

// Runtime is a registered runtime.
type Runtime struct {
	ID, Address, Version  string
	Format                int
	Capabilities          []string
	StartedAt, LastSeenAt time.Time
	LeftAt                *time.Time
	// Sandbox is how it isolates users' code; nil: it has not said so yet.
	Sandbox *feed.Sandbox
}

// Ack is what a runtime made of an instance's revisions.
type Ack struct {
	Runtime, Instance string
	Revision          int64 // the highest that it serves
	Refused           int64 // the last that it refused, with Code and Message
	Code, Message     string
	UpdatedAt         time.Time
}

// Condition is something wrong with an instance at a runtime, or a note about it.
type Condition struct {
	Runtime, Instance, Code, Message string
	Since                            time.Time
}

type runtimeTx interface {
	PutRuntime(ctx context.Context, r Runtime) error
	// ListRuntimes gives those that are alive since then, the ones heard of last first.
	ListRuntimes(ctx context.Context, since time.Time) ([]Runtime, error)
	DeleteOldRuntimes(ctx context.Context, before time.Time) error
	// PutAck keeps the highest revision; a refusal (Code) is kept beside it. Unknown instances are passed over.
	PutAck(ctx context.Context, a Ack) error
	// ListAcks gives those of runtimes that are alive since then.
	ListAcks(ctx context.Context, instance string, since time.Time) ([]Ack, error)
	ReplaceConditions(ctx context.Context, runtime string, list []Condition) error
	ListConditions(ctx context.Context, instance string, since time.Time) ([]Condition, error)
}

const (
	// runtimeGone is the silence after which a runtime counts as gone; forgetRuntime when its row goes.
	runtimeGone   = 3 * feed.HeartbeatEvery
	forgetRuntime = 24 * time.Hour
	// feedPage is the longest page of the feed.
	feedPage = 1000
	// awaitEvery is how often Await looks.
	awaitEvery = 25 * time.Millisecond
)

// Runtimes is the control plane's end of the feed: it lists and hands out bundles and takes reports.
// It is a follow.Feed for runtimes in the same process; controlplane/pool serves it to others.
type Runtimes struct {
	*core
	// listen calls its function after each publication, until the context or the connection ends.
	listen func(ctx context.Context, published func()) error

	mu      sync.Mutex
	waiting chan struct{} // closed at the next publication; nil: nobody waits
}

// Watch turns publications, also those of other replicas, into hints for whoever waits. Its owner runs
// it until the context ends. While it cannot listen, runtimes still poll.
func (s *Runtimes) Watch(ctx context.Context) error {
	pause := time.Duration(0)
	for {
		err := s.listen(ctx, func() { pause = 0; s.wake() })
		if ctx.Err() != nil {
			return nil
		}
		s.log.Warn("no hints about new bundles for the moment; runtimes poll", "error", err)
		s.wake() // something may have been missed
		pause = min(max(2*pause, 100*time.Millisecond), 10*time.Second)
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil
		}
	}
}

func (s *Runtimes) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
}

// List implements follow.Feed.
func (s *Runtimes) List(ctx context.Context, since int64) (page feed.Page, err error) {
	page.Cursor = since
	err = s.read(ctx, func(tx Tx) error {
		list, err := tx.ListBundles(ctx, since, feedPage)
		page.Changes = make([]feed.Change, len(list))
		for n, p := range list {
			page.Changes[n] = feed.Change{Instance: p.Instance, Revision: p.Revision}
			page.Cursor = p.Seq
		}
		page.More = len(list) == feedPage
		return err
	})
	return page, err
}

// Wait implements follow.Feed: it returns at the next publication, at once when there is one already,
// and after feed.WaitFor in any case.
func (s *Runtimes) Wait(ctx context.Context, since int64) error {
	s.mu.Lock()
	if s.waiting == nil {
		s.waiting = make(chan struct{})
	}
	next := s.waiting
	s.mu.Unlock()
	page, err := s.List(ctx, since)
	if err != nil || len(page.Changes) > 0 {
		return err
	}
	t := time.NewTimer(feed.WaitFor)
	defer t.Stop()
	select {
	case <-next:
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// Fetch implements follow.Feed.
func (s *Runtimes) Fetch(ctx context.Context, instance string) (sealed []byte, err error) {
	err = s.read(ctx, func(tx Tx) error {
		sealed, err = tx.GetBundle(ctx, instance)
		return err
	})
	return sealed, err
}

// Report implements follow.Feed: it registers the runtime and keeps what it says. It is not audited:
// runtimes are no actors, and change nothing of a customer's.
func (s *Runtimes) Report(ctx context.Context, r feed.Report) error {
	if r.Runtime.ID == "" || len(r.Runtime.ID) > 100 || len(r.Runtime.Capabilities) > 100 {
		return fault.New(fault.Invalid, "invalid_report", "A report names its runtime.")
	}
	now := s.now()
	row := Runtime{
		ID: r.Runtime.ID, Address: r.Runtime.Address, Version: r.Runtime.Version, Format: r.Runtime.Format,
		Capabilities: append([]string{}, r.Runtime.Capabilities...), StartedAt: r.Runtime.StartedAt, LastSeenAt: now, Sandbox: r.Runtime.Sandbox.Bounded(),
	}
	if r.Leaving {
		row.LeftAt = &now
	}
	conditions := make([]Condition, len(r.Degraded))
	for n, c := range r.Degraded {
		conditions[n] = Condition{r.Runtime.ID, c.Instance, c.Code, c.Message, c.Since}
	}
	for _, b := range r.Brakes {
		if err := s.brake(ctx, b); err != nil {
			return err // the runtime reports it again
		}
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.PutRuntime(ctx, row); err != nil {
			return err
		}
		for _, a := range r.Acks {
			kept := Ack{Runtime: r.Runtime.ID, Instance: a.Instance, Revision: a.Revision, UpdatedAt: now}
			if a.Code != "" {
				kept.Revision, kept.Refused, kept.Code, kept.Message = 0, a.Revision, a.Code, a.Message
			}
			if err := tx.PutAck(ctx, kept); err != nil {
				return err
			}
		}
		if err := tx.ReplaceConditions(ctx, r.Runtime.ID, conditions); err != nil {
			return err
		}
		return tx.DeleteOldRuntimes(ctx, now.Add(-forgetRuntime))
	})
}

// Status is how an instance does, as far as the runtimes have told.
type Status struct {
	// Ready says that a runtime serves the newest revision, and every living one has answered for it.
	Ready      bool
	Runtimes   []Runtime
	Acks       []Ack
	Conditions []Condition
	// Notes are no trouble: what is to be known of the devices that write.
	Notes []Condition
}

// Status gives what runtimes made of an instance's revision.
func (s *Runtimes) Status(ctx context.Context, instance string, revision int64) (out Status, err error) {
	since := s.now().Add(-runtimeGone)
	err = s.read(ctx, func(tx Tx) error {
		if out.Runtimes, err = tx.ListRuntimes(ctx, since); err != nil {
			return err
		}
		if out.Acks, err = tx.ListAcks(ctx, instance, since); err != nil {
			return err
		}
		all, err := tx.ListConditions(ctx, instance, since)
		for _, c := range all {
			if feed.Note(c.Code) {
				out.Notes = append(out.Notes, c)
			} else {
				out.Conditions = append(out.Conditions, c)
			}
		}
		return err
	})
	answered, serving := 0, 0
	for _, a := range out.Acks {
		if a.Revision >= revision {
			serving++
		}
		if a.Revision >= revision || a.Refused >= revision {
			answered++
		}
	}
	out.Ready = serving > 0 && answered >= len(out.Runtimes)
	return out, err
}

// Await waits until an instance's revision serves, at most that long, and reports whether it does.
func (s *Runtimes) Await(ctx context.Context, instance string, revision int64, patience time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(awaitEvery)
	defer tick.Stop()
	for {
		status, err := s.Status(ctx, instance, revision)
		switch {
		case ctx.Err() != nil:
			return false, nil
		case err != nil:
			return false, fmt.Errorf("wait for revision %d of %s: %w", revision, instance, err)
		case status.Ready:
			return true, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, nil
		}
	}
}
