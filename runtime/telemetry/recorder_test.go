package telemetry

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func at() time.Time { return noon }

// transaction is an ordinary entry.
func transaction(instance string) Entry {
	return Entry{
		At: noon, Instance: instance, Deployment: 7, Kind: Transaction, Level: Info, Outcome: Success, RequestID: "req_0123456789abcdef0123456789",
		UserID: "user-1", ClientID: "0190a6b0-0000-7000-8000-00000000cafe", SDK: "powersync-js 1.2", AppVersion: "3.1", DurationUS: 1234,
		Operations: []TableOperations{{Table: "todos", Put: 2}, {Table: "lists", Patch: 1, NoPrevious: 1}},
	}
}

// sums adds up counters over time.
func sums(counts []Count) map[string]map[Series]int64 {
	out := map[string]map[Series]int64{}
	for _, c := range counts {
		if out[c.Instance] == nil {
			out[c.Instance] = map[Series]int64{}
		}
		out[c.Instance][c.Series] += c.N
	}
	return out
}

func (r *Recorder) taken() (out []Count) {
	r.counts(func(c Count) { out = append(out, c) })
	return out
}

func TestAnEntryIsCounted(t *testing.T) {
	failed := transaction("ins_1")
	failed.Outcome, failed.Code, failed.Retries = Fatal, "UNAUTHORIZED", 3
	held := transaction("ins_1")
	held.Outcome, held.Code, held.Operations = Retryable, "source_down", nil
	passed := transaction("ins_1")
	passed.Outcome = NotAttempted
	for name, c := range map[string]struct {
		entry Entry
		want  map[Series]int64
		lines int
	}{
		"success": {transaction("ins_1"), map[Series]int64{
			{Transactions, "", "success"}: 1, {Operations, "todos", "success"}: 2, {Operations, "lists", "success"}: 1,
			{Latency, "8", ""}: 1, {Duration, "", ""}: 1234, {NoPrevious, "lists", ""}: 1, {TableLatency, "todos", "8"}: 1, {TableLatency, "lists", "8"}: 1}, 1},
		"fatal": {failed, map[Series]int64{
			{Transactions, "", "fatal_error"}: 1, {Operations, "todos", "fatal_error"}: 2, {Operations, "lists", "fatal_error"}: 1, {Errors, "UNAUTHORIZED", "fatal_error"}: 1,
			{Latency, "8", ""}: 1, {Duration, "", ""}: 1234, {NoPrevious, "lists", ""}: 1, {Retries, "", ""}: 3}, 1},
		"retryable": {held, map[Series]int64{
			{Transactions, "", "retryable_error"}: 1, {Errors, "source_down", "retryable_error"}: 1,
			{Latency, "8", ""}: 1, {Duration, "", ""}: 1234}, 1},
		"not attempted": {passed, map[Series]int64{
			{Transactions, "", "not_attempted"}: 1, {Operations, "todos", "not_attempted"}: 2, {Operations, "lists", "not_attempted"}: 1, {NoPrevious, "lists", ""}: 1}, 0},
		"token":         {Entry{Instance: "ins_1", Kind: Token, Outcome: Issued}, map[Series]int64{{Tokens, "", "issued"}: 1}, 1},
		"delivered":     {Entry{Instance: "ins_1", Kind: Delivery, Outcome: Success, Lane: "crm"}, map[Series]int64{{Deliveries, "crm", "success"}: 1}, 0},
		"not delivered": {Entry{Instance: "ins_1", Kind: Delivery, Outcome: Retryable, Lane: "crm", Code: "endpoint_refused"}, map[Series]int64{{Deliveries, "crm", "retryable_error"}: 1}, 1},
		"no":            {Entry{Instance: "ins_1", Kind: Token, Outcome: Refused, Code: "token_expired"}, map[Series]int64{{Tokens, "token_expired", "refused"}: 1}, 1},
		"refusal":       {Entry{Instance: "ins_1", Kind: Refusal, Outcome: Refused, Code: "no_token"}, map[Series]int64{{Errors, "no_token", "refused"}: 1}, 1},
		"conflicts": {Entry{Instance: "ins_1", Kind: Transaction, Outcome: Success, Operations: []TableOperations{{Table: "t", Conflicts: Conflicts{Client: 1, Server: 2, Merged: 3, Rejected: 4, Recorded: 5}}}},
			map[Series]int64{{Transactions, "", "success"}: 1, {Latency, "0", ""}: 1, {TableLatency, "t", "0"}: 1, {Conflict, "t", "client"}: 1, {Conflict, "t", "server"}: 2,
				{Conflict, "t", "merged"}: 3, {Conflict, "t", "rejected"}: 4, {Conflict, "t", "recorded"}: 5}, 1},
		"event":    {Entry{Instance: "ins_1", Kind: Instance, Outcome: Noted, Code: "source_down"}, nil, 1},
		"nobody's": {Entry{Kind: Transaction, Outcome: Success}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewRecorder(Bounds{}, at)
			r.Record(c.entry)
			got := sums(r.taken())["ins_1"]
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("counted %v\nwant    %v", got, c.want)
			}
			if lines := r.entries(10); len(lines) != c.lines {
				t.Errorf("%d lines, want %d", len(lines), c.lines)
			}
		})
	}
	var none *Recorder
	none.Record(transaction("ins_1")) // records nothing, and does not fail
}

// TestRingKeepsTheNewest: however many entries come, the newest stay in order, and what fell out is counted.
func TestRingKeepsTheNewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(2, 50).Draw(t, "most")
		r := NewRecorder(Bounds{InstanceEntries: most}, at)
		recorded, taken, last := 0, 0, -1
		var dropped int64
		for range rapid.IntRange(1, 30).Draw(t, "rounds") {
			for range rapid.IntRange(0, 2*most).Draw(t, "burst") {
				e := transaction("ins_1")
				e.Deployment = recorded
				r.Record(e)
				recorded++
			}
			list := r.entries(rapid.IntRange(1, 2*most).Draw(t, "take"))
			if len(list) > most {
				t.Fatalf("%d entries waited, at most %d may", len(list), most)
			}
			for _, e := range list {
				if e.Deployment <= last {
					t.Fatalf("entry %d after %d", e.Deployment, last)
				}
				last = e.Deployment
			}
			taken += len(list)
			dropped += sums(r.taken())["ins_1"][Series{Name: DroppedEntries}]
		}
		rest := r.entries(1000)
		if recorded > 0 && len(rest) > 0 && rest[len(rest)-1].Deployment != recorded-1 {
			t.Fatal("the newest entry is lost")
		}
		if got := taken + len(rest) + int(dropped); got != recorded {
			t.Fatalf("%d taken and %d dropped of %d", taken+len(rest), dropped, recorded)
		}
		if n := r.waiting.Load(); n != 0 {
			t.Fatalf("%d entries are said to wait", n)
		}
	})
}

// TestQuietInstancesAreHeard: when one instance fills all rings, the few entries of others still get in.
func TestQuietInstancesAreHeard(t *testing.T) {
	r := NewRecorder(Bounds{Entries: 100, InstanceEntries: 1000}, at)
	for range 5000 {
		r.Record(transaction("ins_loud"))
	}
	for i := range 20 {
		r.Record(transaction(fmt.Sprint("ins_quiet_", i)))
	}
	list := r.entries(10_000)
	heard := map[string]int{}
	for _, e := range list {
		heard[e.Instance]++
	}
	if heard["ins_loud"] != 100 || len(heard) != 21 {
		t.Errorf("heard %v", heard)
	}
}

// TestStrangersFillNothing: refusals are counted for ever, and logged so many times a minute.
func TestStrangersFillNothing(t *testing.T) {
	r := NewRecorder(Bounds{RefusalEntries: 5}, at)
	for i := range 1000 {
		r.Record(Entry{At: noon.Add(time.Duration(i/500) * time.Minute), Instance: "ins_1", Kind: Refusal, Outcome: Refused, Code: "token_malformed"})
	}
	if list := r.entries(1000); len(list) != 10 {
		t.Errorf("%d lines in two minutes, want 10", len(list))
	}
	got := sums(r.taken())["ins_1"]
	if got[Series{Errors, "token_malformed", "refused"}] != 1000 || got[Series{Name: DroppedEntries}] != 990 {
		t.Errorf("counted %v", got)
	}
}

// TestNamesAreBounded: clients that make up tables and codes cost no memory.
func TestNamesAreBounded(t *testing.T) {
	r := NewRecorder(Bounds{Series: 50}, at)
	for i := range 1000 {
		r.Record(Entry{Instance: "ins_1", Kind: Transaction, Outcome: Fatal, Code: strings.Repeat("x", 10_000), Operations: []TableOperations{{Table: fmt.Sprint("t", i), Put: 1}}})
	}
	counts, operations := r.taken(), int64(0)
	for _, c := range counts {
		if len(c.Label) > maxName {
			t.Errorf("a label has %d bytes", len(c.Label))
		}
		if c.Name == Operations {
			operations += c.N
		}
	}
	if len(counts) > 60 || operations != 1000 {
		t.Errorf("%d counters, %d operations", len(counts), operations)
	}
}

// TestRecordingTogether: sums are exact while others record, take and forget.
func TestRecordingTogether(t *testing.T) {
	r := NewRecorder(Bounds{}, at)
	const writers, each = 16, 2000
	var all []Count
	var wg sync.WaitGroup
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			all = append(all, r.taken()...)
			r.entries(500)
			r.forget(noon.Add(time.Hour))
			select {
			case <-done:
				return
			default:
			}
		}
	}()
	for w := range writers {
		wg.Go(func() {
			for range each {
				r.Record(transaction(fmt.Sprint("ins_", w%3)))
			}
		})
	}
	wg.Wait()
	close(done)
	<-ended
	total := int64(0)
	for _, of := range sums(append(all, r.taken()...)) {
		total += of[Series{Transactions, "", "success"}]
	}
	if total != writers*each {
		t.Errorf("counted %d of %d", total, writers*each)
	}
	r.Record(transaction("ins_0"))
	r.taken()
	r.entries(1_000_000)
	(&view{}).collect(r)
	r.forget(noon.Add(time.Minute))
	if n := r.Totals().Instances; n == 0 {
		t.Error("an instance is forgotten while it is busy")
	}
	r.forget(noon.Add(2 * time.Minute))
	if n := r.Totals().Instances; n != 0 {
		t.Errorf("%d idle instances are remembered", n)
	}
}

func TestQuantiles(t *testing.T) {
	counts := map[string]int64{}
	for us := int64(1); us <= 100_000; us++ { // evenly from 1 us to 100 ms
		counts[Bucket(us)]++
	}
	for q, want := range map[float64]float64{0.5: 50_000, 0.95: 95_000, 0.99: 99_000} {
		if got := Quantile(counts, q); got < want*0.9 || got > want*1.15 {
			t.Errorf("quantile %v is %v, want about %v", q, got, want)
		}
	}
	if Quantile(nil, 0.5) != 0 || Bucket(0) != "0" || Bucket(100) != "0" || Bucket(101) != "1" || Bucket(1<<60) != "41" {
		t.Error("the ends of the buckets are wrong")
	}
	if _, ok := BucketEnd("42"); ok {
		t.Error("takes a bucket that is none")
	}
}
