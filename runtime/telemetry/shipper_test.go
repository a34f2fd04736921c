package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"turnkey/internal/fault"
)

// store is a sink as the control plane is one: it stores a batch once, whatever its answer becomes.
type store struct {
	mu      sync.Mutex
	last    map[string]int64
	seen    map[string]string // by source and seq, what the first of them said
	entries []Entry
	counts  []Count
	// trouble decides about the next call: nil, before (nothing is stored) or after (it is, the reply is lost).
	trouble func() (before, after error)
	calls   chan int // how many entries each call had; nil: not wanted
}

func (s *store) Ship(_ context.Context, b Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		s.last, s.seen = map[string]int64{}, map[string]string{}
	}
	if s.calls != nil {
		s.calls <- len(b.Entries)
	}
	key, text := fmt.Sprint(b.Source, b.Seq), fmt.Sprint(b)
	if first, again := s.seen[key]; again && first != text {
		return errors.New("a batch changed on its way")
	}
	s.seen[key] = text
	var before, after error
	if s.trouble != nil {
		before, after = s.trouble()
	}
	if before != nil {
		return before
	}
	if b.Seq > s.last[b.Source] {
		s.last[b.Source] = b.Seq
		s.entries = append(s.entries, b.Entries...)
		s.counts = append(s.counts, b.Counts...)
	}
	return after
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// clock is moved by hand.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

// TestNothingIsLostOrCountedTwice: whatever fails before or after it is stored, in the end the stored
// counters are the recorded ones, and every entry is stored once or counted as dropped.
func TestNothingIsLostOrCountedTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &clock{noon}
		r := NewRecorder(Bounds{InstanceEntries: 20}, c.read)
		down, lost := errors.New("down"), errors.New("reply lost")
		healed := false
		sink := &store{trouble: func() (error, error) {
			if healed {
				return nil, nil
			}
			switch rapid.IntRange(0, 3).Draw(t, "trouble") {
			case 0:
				return down, nil
			case 1:
				return nil, lost
			}
			return nil, nil
		}}
		s := NewShipper(r, sink, "one", Pace{}, c.read, quiet())
		recorded := 0
		shadow := NewRecorder(Bounds{InstanceEntries: 1 << 20}, c.read)
		for range rapid.IntRange(1, 40).Draw(t, "rounds") {
			for range rapid.IntRange(0, 30).Draw(t, "burst") {
				e := transaction(rapid.SampledFrom([]string{"ins_1", "ins_2"}).Draw(t, "instance"))
				e.At, e.Outcome = c.now, rapid.SampledFrom([]Outcome{Success, Fatal, Retryable}).Draw(t, "outcome")
				e.RequestID = fmt.Sprint("req_", recorded)
				r.Record(e)
				shadow.Record(e)
				recorded++
			}
			s.Flush(t.Context())
			c.now = c.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
		}
		healed = true
		for range 3 {
			c.now = c.now.Add(time.Hour)
			s.Flush(t.Context())
		}
		want := sums(shadow.taken())
		got := sums(sink.counts)
		dropped := 0
		for instance := range got {
			dropped += int(got[instance][Series{Name: DroppedEntries}])
			delete(got[instance], Series{Name: DroppedEntries})
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("stored   %v\nrecorded %v", got, want)
		}
		once := map[string]bool{}
		for _, e := range sink.entries {
			if once[e.RequestID] {
				t.Fatalf("%s is stored twice", e.RequestID)
			}
			once[e.RequestID] = true
		}
		if len(once)+dropped != recorded {
			t.Fatalf("%d stored and %d dropped of %d", len(once), dropped, recorded)
		}
	})
}

// TestALongOutage: days without the control plane costs bounded memory; the sums stay exact.
func TestALongOutage(t *testing.T) {
	c := &clock{noon}
	r := NewRecorder(Bounds{}, c.read)
	up := false
	sink := &store{trouble: func() (error, error) {
		if !up {
			return errors.New("down"), nil
		}
		return nil, nil
	}}
	s := NewShipper(r, sink, "one", Pace{}, c.read, quiet())
	const minutes, instances, most = 3 * 24 * 60, 2, 1000
	s.most = most
	for range minutes {
		for i := range instances {
			e := transaction(fmt.Sprint("ins_", i))
			e.At = c.now
			r.Record(e)
		}
		s.Flush(t.Context())
		c.now = c.now.Add(time.Minute)
		if n := len(s.backlog); n > most+1000 {
			t.Fatalf("%d counters wait", n)
		}
	}
	up = true
	for range 10 {
		c.now = c.now.Add(time.Minute)
		s.Flush(t.Context())
	}
	for instance, of := range sums(sink.counts) {
		if n := of[Series{Transactions, "", "success"}]; n != minutes {
			t.Errorf("%s: %d of %d", instance, n, minutes)
		}
	}
	if len(sink.counts) > most+1000 {
		t.Errorf("%d counters were sent", len(sink.counts))
	}
}

// TestAPoisonedBatch: entries that are never taken are given up and counted, and their counters arrive.
func TestAPoisonedBatch(t *testing.T) {
	c := &clock{noon}
	r := NewRecorder(Bounds{}, c.read)
	sink := &store{}
	refuse := true
	s := NewShipper(r, sinkFunc(func(ctx context.Context, b Batch) error {
		if refuse && len(b.Entries) > 0 {
			r.Record(transaction("ins_1")) // there is always more
			refuse = false
			return fault.New(fault.Invalid, "telemetry_malformed", "No.")
		}
		return sink.Ship(ctx, b)
	}), "one", Pace{}, c.read, quiet())
	for range 5 {
		r.Record(transaction("ins_1"))
	}
	s.Flush(t.Context())
	c.now = c.now.Add(time.Minute)
	s.Flush(t.Context())
	got := sums(sink.counts)["ins_1"]
	if got[Series{Transactions, "", "success"}] != 6 || got[Series{Name: DroppedEntries}] != 5 || len(sink.entries) != 1 {
		t.Errorf("counted %v, stored %d entries", got, len(sink.entries))
	}
	if n := r.Totals().Series[Series{Name: DroppedEntries}]; n != 5 {
		t.Errorf("the operator sees %d dropped", n)
	}
}

type sinkFunc func(context.Context, Batch) error

func (f sinkFunc) Ship(ctx context.Context, b Batch) error { return f(ctx, b) }

// TestRunShipsInTimeAndAtTheEnd: entries go out at the next flush, at once when they are many, and what
// is left when the program ends goes, too.
func TestRunShipsInTimeAndAtTheEnd(t *testing.T) {
	r := NewRecorder(Bounds{InstanceEntries: 100}, time.Now)
	sink := &store{calls: make(chan int, 100)}
	s := NewShipper(r, sink, "one", Pace{Every: time.Hour}, time.Now, quiet())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	for range 50 { // half of what the ring holds presses for a flush, an hour before its time
		r.Record(transaction("ins_1"))
	}
	total := <-sink.calls
	r.Record(transaction("ins_1"))
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	close(sink.calls)
	for n := range sink.calls {
		total += n
	}
	if total != 51 {
		t.Errorf("%d entries arrived", total)
	}
	if got := sums(sink.counts)["ins_1"][Series{Transactions, "", "success"}]; got != 51 {
		t.Errorf("%d transactions arrived", got)
	}
}

// TestFlood: while nobody takes anything, hundreds of thousands of events lose no counter and cost no
// more memory than the rings, and the newest entries are the ones that stay.
func TestFlood(t *testing.T) {
	c := &clock{noon}
	r := NewRecorder(Bounds{}, c.read)
	down := true
	sink := &store{trouble: func() (error, error) {
		if down {
			return errors.New("down"), nil
		}
		return nil, nil
	}}
	s := NewShipper(r, sink, "one", Pace{}, c.read, quiet())
	before, long := heap(), strings.Repeat("m", 5000)
	const seconds, each = 20, 5000
	for i := range seconds * each {
		e := transaction("ins_1")
		e.At, e.Message, e.Deployment = c.now, long, i
		r.Record(e)
		if i%2500 == 2499 {
			c.now = c.now.Add(500 * time.Millisecond)
			s.Flush(t.Context())
		}
	}
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("%d MB more memory after the flood", grown>>20)
	}
	down = false
	for range 3 {
		c.now = c.now.Add(time.Minute)
		s.Flush(t.Context())
	}
	got := sums(sink.counts)["ins_1"]
	stored := int64(len(sink.entries))
	if got[Series{Transactions, "", "success"}] != seconds*each || stored+got[Series{Name: DroppedEntries}] != seconds*each {
		t.Errorf("counted %v, stored %d entries", got, stored)
	}
	if newest := sink.entries[stored-1].Deployment; newest != seconds*each-1 {
		t.Errorf("the newest entry is %d", newest)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestEveryBatchFitsTheWire: the largest batch that a shipper can make is one that Decode takes.
func TestEveryBatchFitsTheWire(t *testing.T) {
	b := Batch{Source: strings.Repeat("s", maxName), Seq: 1}
	for _, long := range []string{strings.Repeat(`"`, 600)} { // two bytes for each, as JSON
		b.Entries, b.Counts = nil, nil
		fill(&b, long)
		raw, err := Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(bytes.NewReader(raw), true)
		if err != nil || !reflect.DeepEqual(back, b) {
			t.Errorf("it does not come back: %v", err)
		}
	}
}

// fill makes a batch as large as can be.
func fill(b *Batch, long string) {
	for range MaxEntries {
		e := transaction(long)
		e.RequestID, e.UserID, e.ClientID, e.SDK, e.AppVersion, e.Code, e.Message, e.Rejection = long, long, long, long, long, long, long, long
		e.Operations = nil
		for range 20 {
			e.Operations = append(e.Operations, TableOperations{Table: long, Put: 5000, Patch: 5000, Delete: 5000, NoPrevious: 5000, Conflicts: Conflicts{5000, 5000, 5000, 5000, 5000}})
		}
		e.Clean()
		b.Entries = append(b.Entries, e)
	}
	for range MaxCounts {
		c := Count{Instance: long, Minute: noon.Unix(), Series: Series{Errors, long, long}, N: 1 << 40}
		c.Clean()
		b.Counts = append(b.Counts, c)
	}
}

func TestCleanText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                 "plain",
		"über — 東京 👍":           "über — 東京 👍",
		"a\x00b\x1b[31mc\r\nd":  "a\uFFFDb\uFFFD[31mc\uFFFD\uFFFDd",
		"\u202Eevil\u2066x":     "\uFFFDevil\uFFFDx",
		"\u200Fa\u061Cb\u2028c": "\uFFFDa\uFFFDb\uFFFDc",
		"bad\xff\xfeutf":        "bad\uFFFDutf",
	} {
		if got := Clean(in, 100); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := Clean("cut here \u20ac", 11); got != "cut here " {
		t.Errorf("half a character stays: %q", got)
	}
}

// FuzzDecode: whatever arrives, it is a batch within its bounds or a fault that says that it never will be.
func FuzzDecode(f *testing.F) {
	good, err := Encode(Batch{Source: "one", Seq: 1, Entries: []Entry{transaction("ins_1")}, Counts: []Count{{"ins_1", 60, Series{Name: Retries}, 1}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, true)
	f.Add([]byte(`{"source":"one","seq":1,"counts":[{"n":-1}]}`), false)
	f.Add([]byte(`{"source":"one","seq":0}`), false)
	f.Fuzz(func(t *testing.T, raw []byte, zipped bool) {
		b, err := Decode(bytes.NewReader(raw), zipped)
		if err != nil {
			if !fault.IsKind(err, fault.Invalid) && !fault.IsKind(err, fault.TooLarge) {
				t.Errorf("fails with %v", err)
			}
			return
		}
		if err := b.Check(); err != nil {
			t.Errorf("takes what it should not: %v", err)
		}
	})
}
