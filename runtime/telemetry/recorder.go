package telemetry

import (
	"cmp"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a Recorder. The zero value of a field takes the number beside it.
type Bounds struct {
	Entries         int // 16384: waiting entries of all instances together
	InstanceEntries int // 2048: waiting entries of one instance
	RefusalEntries  int // 120: refused authentications that are logged, for each instance and minute
	Series          int // 512: counters of one instance between two flushes; more labels become Other
	Devices         int // 16384: devices of all instances together that were seen between two flushes
	InstanceDevices int // 2048: those of one instance
	Causes          int // 32: for which credentials were refused, of one instance between two flushes; more become Other
}

func (b Bounds) filled() Bounds {
	return Bounds{
		cmp.Or(b.Entries, 16_384), cmp.Or(b.InstanceEntries, 2048), cmp.Or(b.RefusalEntries, 120), cmp.Or(b.Series, 512),
		cmp.Or(b.Devices, 16_384), cmp.Or(b.InstanceDevices, 2048), cmp.Or(b.Causes, 32),
	}
}

// fairShare is what an instance may keep when the rings are full together: a quiet instance's few
// entries are not lost to a loud one.
const fairShare = 16

// Recorder takes entries from the write path. Safe for concurrent use; no method waits for anything
// but a lock that is held for the length of one event.
type Recorder struct {
	bounds Bounds
	now    func() time.Time
	// waiting is the number of entries in all rings.
	waiting atomic.Int64
	// devices is the number of devices in all meters.
	devices atomic.Int64
	// pressed is filled when a flush should not wait for its time.
	pressed chan struct{}

	mu     sync.RWMutex
	meters map[string]*meter

	totals totals
}

// NewRecorder makes one.
func NewRecorder(b Bounds, now func() time.Time) *Recorder {
	return &Recorder{bounds: b.filled(), now: now, pressed: make(chan struct{}, 1), meters: map[string]*meter{}}
}

// Record counts an entry and keeps it for the log. It never waits, and it has no error: there is
// nothing that the write path should do about one. A nil Recorder records nothing.
func (r *Recorder) Record(e Entry) {
	if r == nil || e.Instance == "" {
		return
	}
	if e.At.IsZero() {
		e.At = r.now()
	}
	r.meter(e.Instance).record(r, &e)
}

func (r *Recorder) meter(instance string) *meter {
	r.mu.RLock()
	m := r.meters[instance]
	r.mu.RUnlock()
	if m != nil {
		return m
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if m = r.meters[instance]; m == nil {
		m = &meter{}
		r.meters[instance] = m
	}
	return m
}

// press asks for a flush before its time.
func (r *Recorder) press() {
	select {
	case r.pressed <- struct{}{}:
	default: // one is asked for already
	}
}

// counts takes what was counted since the last call.
func (r *Recorder) counts(add func(Count)) {
	r.each(func(instance string, m *meter) {
		for c, n := range m.takeCells() {
			add(Count{instance, c.minute, c.Series, n})
		}
	})
}

// entries takes at most that many waiting entries, instance by instance, oldest first.
func (r *Recorder) entries(most int) (out []Entry) {
	r.each(func(_ string, m *meter) {
		if room := most - len(out); room > 0 {
			taken := m.takeEntries(room)
			r.waiting.Add(int64(-len(taken)))
			out = append(out, taken...)
		}
	})
	return out
}

// each visits every meter; the order is random, so that none is always last.
func (r *Recorder) each(visit func(string, *meter)) {
	r.mu.RLock()
	all := make(map[string]*meter, len(r.meters))
	for instance, m := range r.meters {
		all[instance] = m
	}
	r.mu.RUnlock()
	for instance, m := range all {
		visit(instance, m)
	}
}

// forget drops meters that are empty and were not used for a minute: thousands of instances come and go.
// A recording that still holds one is turned away by it and finds a new one.
func (r *Recorder) forget(now time.Time) {
	minute := minuteOf(now)
	r.mu.Lock()
	defer r.mu.Unlock()
	for instance, m := range r.meters {
		if m.retire(minute) {
			delete(r.meters, instance)
		}
	}
}
