package telemetry

import (
	"sync"
	"time"
)

// cell is one counter of a meter.
type cell struct {
	minute int64
	Series
}

// meter is one instance's part of a Recorder.
type meter struct {
	mu    sync.Mutex
	cells map[cell]int64
	ring  ring
	// last is the minute of the last entry, and refusals how many of that minute were refused.
	last     int64
	refusals int
	retired  bool

	spans   [len(Sights)]span
	seen    bool // one of spans is not empty
	devices map[deviceKey]*Device
	latest  *Device // of devices
	refused map[Cause]*RefusedCredential

	tables, hooks apart // that have histograms
}

// record counts an entry and keeps it if there is room.
func (m *meter) record(r *Recorder, e *Entry) {
	m.mu.Lock()
	for m.retired { // between finding the meter and locking it: rare, and the next one is new
		m.mu.Unlock()
		m = r.meter(e.Instance)
		m.mu.Lock()
	}
	minute := minuteOf(e.At)
	if minute != m.last {
		m.last, m.refusals = minute, 0
	}
	m.count(r.bounds.Series, minute, e)
	m.see(e)
	m.meet(r, minute, e)
	m.turnAway(r, e)
	if m.logged(r.bounds.RefusalEntries, minute, e) {
		m.keep(r, minute, e)
	}
	m.mu.Unlock()
}

// keep puts the entry into the ring; what that pushes out is counted.
func (m *meter) keep(r *Recorder, minute int64, e *Entry) {
	e.clip()
	e.Report, e.Credential = nil, nil
	for i := range e.Hooks {
		e.Hooks[i].Spread = nil // it is counted
	}
	most := r.bounds.InstanceEntries
	if r.waiting.Load() >= int64(r.bounds.Entries) {
		most = max(fairShare, min(most, m.ring.len()))
	}
	if m.ring.push(*e, most) {
		m.add(r.bounds.Series, cell{minute, Series{Name: DroppedEntries}}, 1)
	} else if n := r.waiting.Add(1); m.ring.len() == most/2 || n == int64(r.bounds.Entries)/2 {
		r.press()
	}
}

// logged tells whether an entry becomes a line of the log, or is counted only.
func (m *meter) logged(refusals int, minute int64, e *Entry) bool {
	if e.Outcome == NotAttempted {
		return false // the one before it says why; a stuck queue would repeat 49 of these with every try
	}
	if e.Kind == Delivery && e.Outcome == Success || e.Kind == Keys {
		return false // the list of deliveries has it; keys are fetched all the time
	}
	if e.Kind != Refusal && (e.Kind != Token || e.Outcome == Issued) {
		return true
	}
	if m.refusals++; m.refusals <= refusals {
		return true
	}
	m.add(0, cell{minute, Series{Name: DroppedEntries}}, 1)
	return false
}

// count adds an entry to its counters.
func (m *meter) count(series int, minute int64, e *Entry) {
	outcome := string(e.Outcome)
	add := func(name Name, label, outcome string, n int64) {
		if n > 0 {
			m.add(series, cell{minute, Series{name, label, outcome}}, n)
		}
	}
	switch e.Kind {
	case Transaction:
		add(Transactions, "", outcome, 1)
		for i := range e.Operations {
			t := &e.Operations[i]
			add(Operations, t.Table, outcome, t.total())
			add(NoPrevious, t.Table, "", int64(t.NoPrevious))
			if t.Conflicts == (Conflicts{}) {
				continue
			}
			add(Conflict, t.Table, "client", int64(t.Conflicts.Client))
			add(Conflict, t.Table, "server", int64(t.Conflicts.Server))
			add(Conflict, t.Table, "merged", int64(t.Conflicts.Merged))
			add(Conflict, t.Table, "rejected", int64(t.Conflicts.Rejected))
			add(Conflict, t.Table, "recorded", int64(t.Conflicts.Recorded))
		}
		if e.Outcome != NotAttempted {
			add(Latency, Bucket(e.DurationUS), "", 1)
			add(Duration, "", "", e.DurationUS)
			add(DatabaseTime, "", "", e.DatabaseUS)
		}
		add(Retries, "", "", int64(e.Retries))
		for i := range e.Hooks {
			h := &e.Hooks[i]
			add(HookRuns, h.Hook, h.Result, int64(h.Calls))
			add(HookDuration, h.Hook, "", h.DurationUS)
		}
		m.spread(minute, e)
	case Token:
		add(Tokens, e.Code, outcome, 1)
	case Delivery:
		add(Deliveries, e.Lane, outcome, 1)
	case Hook:
		if e.Outcome == Fatal {
			add(HookKills, e.Code, "", 1)
		}
	}
	if e.Code != "" && (e.Kind == Transaction || e.Kind == Refusal) {
		add(Errors, e.Code, outcome, 1)
	}
}

// add increases one counter. Names come from clients and hooks, so there are only so many: what is new
// beyond most is counted under Other, and a counter without labels always has its place.
func (m *meter) add(most int, c cell, n int64) {
	if m.cells == nil {
		m.cells = make(map[cell]int64, 16)
	}
	if c.Label != "" && !c.Name.spread() { // those of durations have bounds of their own
		if _, known := m.cells[c]; !known {
			if len(m.cells) >= most {
				c.Label = Other
			} else {
				clip(&c.Label, maxName)
			}
		}
	}
	m.cells[c] += n
}

// sizes are how many counters and entries a meter has.
func (m *meter) sizes() (cells, entries int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.cells), m.ring.len()
}

// takeCells swaps the counters for none. What takes their place is made first, without the lock and as
// large as what it replaces, so that the write path need not make it grow.
func (m *meter) takeCells() map[cell]int64 {
	n, _ := m.sizes()
	if n == 0 {
		return nil
	}
	spare := make(map[cell]int64, n)
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.cells
	m.cells = spare
	return out
}

// takeEntries does the same with the entries.
func (m *meter) takeEntries(most int) []Entry {
	_, n := m.sizes()
	if n == 0 {
		return nil
	}
	spare := make([]Entry, 0, n)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ring.take(most, spare)
}

// retire ends a meter that is empty and was not used in that minute or the one before.
func (m *meter) retire(minute int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.retired = m.last < minute-60 && len(m.cells)+len(m.devices)+len(m.refused) == 0 && m.ring.len() == 0 && !m.seen
	return m.retired
}

// minuteOf is the start of a time's minute, in Unix seconds.
func minuteOf(t time.Time) int64 { return t.Unix() / 60 * 60 }

// ring keeps the newest entries in order. It grows as needed and is given away whole.
type ring struct {
	buf  []Entry
	head int // of the oldest, once buf is full
}

func (r *ring) len() int { return len(r.buf) }

// push adds an entry and reports whether that cost the oldest one.
func (r *ring) push(e Entry, most int) bool {
	if len(r.buf) < most {
		if r.head > 0 { // it was full with a smaller bound
			r.buf, r.head = r.list(), 0
		}
		r.buf = append(r.buf, e)
		return false
	}
	r.buf[r.head] = e
	r.head = (r.head + 1) % len(r.buf)
	return true
}

// list gives the entries, oldest first.
func (r *ring) list() []Entry {
	if r.head == 0 {
		return r.buf
	}
	return append(append(make([]Entry, 0, len(r.buf)+1), r.buf[r.head:]...), r.buf[:r.head]...)
}

// take removes the oldest, at most that many, and goes on in spare. Mostly that is all of them: the slice
// itself is given away.
func (r *ring) take(most int, spare []Entry) []Entry {
	all := r.list()
	n := min(most, len(all))
	*r = ring{buf: append(spare, all[n:]...)}
	return all[:n:n]
}
