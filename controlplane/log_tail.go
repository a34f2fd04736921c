package controlplane

import (
	"context"
	"sync"
	"time"

	"turnkey/internal/fault"
)

const (
	// tailPage is how many entries a tail gets at once.
	tailPage = 500
	// recentEntries are kept in memory for each followed instance, so that one read serves every tail.
	recentEntries = 512
	// The most tails of one replica, of one instance and of one person or token.
	maxTails         = 200
	maxInstanceTails = 20
	maxActorTails    = 5
)

// tails are the live tails of this replica. One hint of the database about an instance costs one read,
// whoever many follow it:
//
//	LISTEN ─ hint(instance) ─► stream: wake ─► the first tail that comes reads what is new
//	                                           the others find it in recent
//
// A tail has a place of its own (a seq). One that is too slow for recent reads the database itself, so
// no tail loses an entry, and none holds up another.
type tails struct {
	mu      sync.Mutex
	streams map[string]*stream
	actors  map[string]int
	open    int
	ended   bool
}

// stream is one instance that somebody follows.
type stream struct {
	instance string
	users    int // guarded by tails.mu

	mu   sync.Mutex
	wake chan struct{} // closed at the next hint, and at the end
	// hinted counts hints; read is the hint up to which last is complete.
	hinted, read int64
	last         int64 // seq
	// recent are the newest entries up to last; floor is the seq below the first of them.
	recent []LogEntry
	floor  int64
}

// Tail follows an instance's log. It is for one goroutine; Close ends it.
type Tail struct {
	logs   *Logs
	stream *stream
	filter LogFilter
	actor  string
	at     int64
}

// Follow begins a tail after a seq; 0 begins with what arrives from now on.
func (s *Logs) Follow(ctx context.Context, actor Actor, instance string, f LogFilter, after int64) (*Tail, error) {
	st, err := s.join(actor.UserID+actor.TokenID, instance)
	if err != nil {
		return nil, err
	}
	t := &Tail{logs: s, stream: st, filter: f, actor: actor.UserID + actor.TokenID, at: after}
	err = s.read(ctx, func(tx Tx) error {
		last, err := tx.LastLogSeq(ctx, instance)
		if after <= 0 {
			t.at = last
		}
		st.begin(last)
		return err
	})
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// begin sets where the shared reading of a new stream starts.
func (st *stream) begin(last int64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.last == 0 && st.floor == 0 {
		st.last, st.floor = last, last
	}
}

func (t *tails) join(actor, instance string) (*stream, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.streams == nil {
		t.streams, t.actors = map[string]*stream{}, map[string]int{}
	}
	st := t.streams[instance]
	switch {
	case t.ended:
		return nil, fault.New(fault.Unavailable, "shutting_down", "This server is about to stop.").WithHint("Connect again; another one will answer.")
	case t.open >= maxTails, st != nil && st.users >= maxInstanceTails, t.actors[actor] >= maxActorTails:
		return nil, fault.Newf(fault.Limited, "too_many_tails", "Too many live tails are open; one person or token may have %d.", maxActorTails).
			WithHint("Close one, or read the log in pages.")
	}
	if st == nil {
		st = &stream{instance: instance, wake: make(chan struct{})}
		t.streams[instance] = st
	}
	st.users++
	t.open++
	t.actors[actor]++
	return st, nil
}

// Close ends the tail.
func (t *Tail) Close() {
	s := t.logs
	s.tails.mu.Lock()
	defer s.tails.mu.Unlock()
	if s.open--; s.actors[t.actor] > 1 {
		s.actors[t.actor]--
	} else {
		delete(s.actors, t.actor)
	}
	if t.stream.users--; t.stream.users == 0 {
		delete(s.streams, t.stream.instance)
	}
}

// Next gives the entries after the last ones, at most that long waited for; none after that time. seq is
// where the tail stands now, also past entries that the filter left out. more is false when
// this replica stops: the client resumes elsewhere, after seq.
func (t *Tail) Next(ctx context.Context, patience time.Duration) (list []LogEntry, seq int64, more bool, err error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		fresh, wake, err := t.logs.advance(ctx, t.stream, t.at)
		if err != nil {
			return nil, t.at, true, err
		}
		for _, e := range fresh {
			t.at = e.Seq
			if t.filter.Matches(e) {
				list = append(list, e)
			}
		}
		if t.logs.over() {
			return list, t.at, false, nil
		}
		if len(list) > 0 {
			return list, t.at, true, nil
		}
		if len(fresh) > 0 {
			continue
		}
		select {
		case <-wake:
		case <-timer.C:
			return nil, t.at, true, nil
		case <-ctx.Done():
			return nil, t.at, true, ctx.Err()
		}
	}
}

// advance gives what comes after a seq, from recent or from the database, and what to wait for when that is nothing.
func (s *Logs) advance(ctx context.Context, st *stream, after int64) ([]LogEntry, <-chan struct{}, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.read < st.hinted {
		hint := st.hinted
		fresh, err := s.after(ctx, st.instance, st.last)
		if err != nil {
			return nil, nil, err
		}
		st.keep(fresh)
		if len(fresh) < tailPage {
			st.read = hint
		}
	}
	if after < st.floor {
		list, err := s.after(ctx, st.instance, after)
		return list, st.wake, err
	}
	for i, e := range st.recent {
		if e.Seq > after {
			return st.recent[i:len(st.recent):len(st.recent)], st.wake, nil
		}
	}
	if st.read < st.hinted {
		return nil, closed, nil // there is more to read, and it must not wait for a hint
	}
	return nil, st.wake, nil
}

// closed never blocks.
var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// keep adds what was read. Slices of recent are handed out, so it is never changed in place.
func (st *stream) keep(fresh []LogEntry) {
	if len(fresh) == 0 {
		return
	}
	all := append(append(make([]LogEntry, 0, len(st.recent)+len(fresh)), st.recent...), fresh...)
	if cut := len(all) - recentEntries; cut > 0 {
		st.floor = all[cut-1].Seq
		all = append(make([]LogEntry, 0, recentEntries), all[cut:]...)
	}
	st.recent, st.last = all, fresh[len(fresh)-1].Seq
}

func (s *Logs) after(ctx context.Context, instance string, seq int64) (list []LogEntry, err error) {
	err = s.read(ctx, func(tx Tx) error {
		kept, err := keptSince(ctx, tx, instance, s.now())
		if err != nil {
			return err
		}
		list, err = tx.ListLogEntriesAfter(ctx, instance, seq, kept, tailPage)
		return err
	})
	return list, err
}

// hint wakes the tails of an instance; "" wakes all.
func (t *tails) hint(instance string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, st := range t.streams {
		if instance != "" && id != instance {
			continue
		}
		st.mu.Lock()
		st.hinted++
		close(st.wake)
		st.wake = make(chan struct{})
		st.mu.Unlock()
	}
}

// Tails is how many are open.
func (t *tails) Tails() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open
}

func (t *tails) over() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended
}

// end lets every tail return.
func (t *tails) end() {
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	t.hint("")
}

// Watch turns the database's hints, also about what other replicas stored, into those of the tails. Its
// owner runs it until the context ends; that also ends every tail.
func (s *Logs) Watch(ctx context.Context) error {
	defer s.end()
	pause := time.Duration(0)
	for {
		err := s.store.ListenLogs(ctx, func(instance string) { pause = 0; s.hint(instance) })
		if ctx.Err() != nil {
			return nil
		}
		s.log.Warn("no hints about new log entries for the moment", "error", err)
		s.hint("") // something may have been missed
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
