package telemetry

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"turnkey/internal/fault"
)

// Sink takes batches. A fault of kind Invalid or TooLarge means that this batch will never be taken;
// after any other error the same batch comes again. Ship must be idempotent by (Source, Seq).
type Sink interface {
	Ship(ctx context.Context, b Batch) error
}

// Pace is how often a Shipper sends. The zero value of a field takes the number beside it.
type Pace struct {
	Every  time.Duration // 500 ms: entries
	Counts time.Duration // 5 s: counters; they are rows that are updated, and nobody watches them by the second
	Rest   time.Duration // 15 s: the longest pause after failures, which begins at Every and doubles
	Last   time.Duration // 2 s: what the last flush may take when the program ends
}

func (p Pace) filled() Pace {
	return Pace{
		cmp.Or(p.Every, 500*time.Millisecond), cmp.Or(p.Counts, 5*time.Second), cmp.Or(p.Rest, 15*time.Second), cmp.Or(p.Last, 2*time.Second),
	}
}

// Shipper takes what a Recorder has and sends it. Its owner calls Run once.
type Shipper struct {
	recorder *Recorder
	sink     Sink
	pace     Pace
	now      func() time.Time
	log      *slog.Logger

	source  string
	seq     int64
	backlog backlog
	view    view
	most    int // in the backlog, at full resolution
	// sending is the batch that is not acknowledged yet; it never changes.
	sending *Batch
	// countsAt and tryAt are when counters are due, and when a failed batch is tried again.
	countsAt, tryAt time.Time
	pause           time.Duration
	failing         bool
	// apart makes the next batch of counters alone, after one with entries was refused for good.
	apart bool
}

// NewShipper makes one. source must be new for each process: it is what makes a Seq unique.
func NewShipper(r *Recorder, sink Sink, source string, p Pace, now func() time.Time, log *slog.Logger) *Shipper {
	return &Shipper{recorder: r, sink: sink, source: source, pace: p.filled(), now: now, log: log, backlog: backlog{}, most: maxBacklog}
}

// Run sends until ctx ends, and then once more.
func (s *Shipper) Run(ctx context.Context) error {
	tick := time.NewTicker(s.pace.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.Flush(ctx)
		case <-s.recorder.pressed:
			s.Flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.pace.Last)
			defer cancel()
			s.countsAt, s.tryAt = time.Time{}, time.Time{} // due, whatever happened before
			s.Flush(last)
			return ctx.Err()
		}
	}
}

// Flush sends what there is, unless a failure was just now. It is for Run, and for owners that drive a
// Shipper by hand; never both at once.
func (s *Shipper) Flush(ctx context.Context) {
	s.collect()
	for ctx.Err() == nil {
		if s.sending == nil && !s.next() {
			return
		}
		if s.now().Before(s.tryAt) {
			return
		}
		err := s.sink.Ship(ctx, *s.sending)
		switch {
		case err == nil:
			s.accepted()
		case fault.IsKind(err, fault.Invalid) || fault.IsKind(err, fault.TooLarge):
			s.refused(err)
		default:
			s.failed(err)
			return
		}
	}
}

// collect moves counters out of the meters, so that an outage costs the write path no memory.
func (s *Shipper) collect() {
	s.recorder.counts(func(c Count) {
		s.recorder.totals.add(c.Series, c.N)
		s.backlog.add(c)
	})
	for instance, n := range s.view.collect(s.recorder) {
		s.backlog.add(Count{instance, minuteOf(s.now()), Series{Name: DroppedDevices}, n})
		s.recorder.totals.add(Series{Name: DroppedDevices}, n)
	}
	s.recorder.forget(s.now())
	s.backlog.bound(s.now(), s.most)
}

// next makes the next batch, if there is anything to send.
func (s *Shipper) next() bool {
	b := Batch{Source: s.source, Seq: s.seq + 1}
	if !s.apart {
		b.Entries = s.recorder.entries(MaxEntries)
	}
	for i := range b.Entries {
		b.Entries[i].Clean()
	}
	if now := s.now(); s.apart || !now.Before(s.countsAt) {
		s.apart = false
		b.Counts = s.backlog.take(MaxCounts)
		s.view.take(&b)
		if len(s.backlog) == 0 && s.view.empty() {
			s.countsAt = now.Add(s.pace.Counts)
		}
	}
	if b.empty() {
		return false
	}
	s.seq++
	s.sending = &b
	return true
}

func (s *Shipper) accepted() {
	if s.failing {
		s.log.Info("telemetry is taken again")
	}
	s.recorder.totals.shipped(len(s.sending.Entries))
	s.sending, s.failing, s.pause = nil, false, 0
}

// failed keeps the batch for later.
func (s *Shipper) failed(err error) {
	s.recorder.totals.failure()
	if !s.failing {
		s.log.Warn("telemetry cannot be sent; counters and the newest entries wait", "error", err)
	}
	s.failing = true
	s.pause = min(max(2*s.pause, s.pace.Every), s.pace.Rest)
	s.tryAt = s.now().Add(s.pause)
}

// refused gives up on entries that are never taken, and then on counters: a batch that blocked all
// later ones would cost more.
func (s *Shipper) refused(err error) {
	b := s.sending
	s.sending = nil
	s.recorder.totals.failure()
	s.log.Error("a batch of telemetry is refused for good", "seq", b.Seq, "entries", len(b.Entries), "counts", len(b.Counts), "error", err)
	if len(b.Entries) == 0 {
		return
	}
	for _, e := range b.Entries {
		s.backlog.add(Count{e.Instance, minuteOf(e.At), Series{Name: DroppedEntries}, 1})
		s.recorder.totals.add(Series{Name: DroppedEntries}, 1)
	}
	for _, c := range b.Counts {
		s.backlog.add(c)
	}
	s.view.back(b)
	s.apart = true
}
