package telemetry

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// seen gives what a recorder has to tell of one device after a flush.
func (r *Recorder) seen(v *view) []Device {
	v.collect(r)
	b := &Batch{}
	v.take(b)
	return b.Devices
}

// drawStory draws what one device does, in order of time.
func drawStory(t *rapid.T) []Entry {
	var out []Entry
	at := noon
	for range rapid.IntRange(1, 30).Draw(t, "length") {
		at = at.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "seconds")) * time.Second)
		e := transaction("ins_1")
		e.At = at
		if rapid.Bool().Draw(t, "reports") {
			e.Report = &Report{Queue: rapid.Int64Range(0, 9).Draw(t, "queue"), Oldest: at.Add(-time.Hour), Error: rapid.SampledFrom([]string{"", "offline"}).Draw(t, "error")}
		}
		switch rapid.IntRange(0, 4).Draw(t, "what") {
		case 0:
			e.Outcome, e.Code, e.Waits = Retryable, "source_down", true
		case 1:
			e.Outcome, e.Code = Fatal, "UNAUTHORIZED"
		case 2:
			e.Kind, e.Outcome, e.Operations = Token, Issued, nil
		case 3:
			e.Kind, e.Outcome, e.Code, e.Operations = Token, Refused, "token_expired", nil
		}
		out = append(out, e)
	}
	return out
}

// TestADeviceIsTheSameHoweverItIsTold: what is seen of a device, flushed at any moments and joined again, is what
// would have been seen in one go.
func TestADeviceIsTheSameHoweverItIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		story := drawStory(t)
		whole, parts := NewRecorder(Bounds{}, at), NewRecorder(Bounds{}, at)
		var joined Device
		var v view
		for _, e := range story {
			whole.Record(e)
			parts.Record(e)
			if rapid.Bool().Draw(t, "flush") {
				for _, d := range parts.seen(&v) {
					joinOrTake(&joined, d)
				}
			}
		}
		for _, d := range parts.seen(&v) {
			joinOrTake(&joined, d)
		}
		want := whole.seen(&view{})
		if len(want) != 1 || fmt.Sprint(want[0]) != fmt.Sprint(joined) {
			t.Fatalf("in parts %+v\nin one %+v", joined, want)
		}
	})
}

func joinOrTake(to *Device, d Device) {
	if to.Instance == "" {
		*to = d
		return
	}
	to.Join(d)
}

// TestAQueueShrinks: what leaves the queue is taken off what the connector said of it, and a write that comes back
// holds it up until something leaves.
func TestAQueueShrinks(t *testing.T) {
	r, v := NewRecorder(Bounds{}, at), view{}
	first := transaction("ins_1")
	first.Report = &Report{Queue: 5, Oldest: noon.Add(-time.Hour), Error: "offline"}
	r.Record(first) // three operations
	d := r.seen(&v)[0]
	if d.Queue != 2 || d.Oldest.IsZero() || d.Error != "offline" || d.Writes != 1 || d.Without != 1 || d.With != 0 {
		t.Fatalf("after three of five: %+v", d)
	}
	held := transaction("ins_1")
	held.At, held.Outcome, held.Code, held.Message, held.Waits = noon.Add(time.Minute), Retryable, "source_down", "The database does not answer.", true
	r.Record(held)
	held.At = noon.Add(2 * time.Minute)
	r.Record(held)
	d.Join(r.seen(&v)[0])
	if d.Queue != 2 || !d.Waits.Equal(noon.Add(time.Minute)) || d.Code != "source_down" {
		t.Errorf("while it waits: %+v", d)
	}
	kept := transaction("ins_1")
	kept.At, kept.Outcome, kept.Code = noon.Add(3*time.Minute), Fatal, "UNAUTHORIZED"
	r.Record(kept)
	d.Join(r.seen(&v)[0])
	if d.Queue != 0 || !d.Oldest.IsZero() || !d.Waits.IsZero() || d.Code != "" || d.Rejected != 1 {
		t.Errorf("after a kept rejection: %+v", d)
	}
}

// TestDevicesAreBounded: strangers make neither devices nor causes without end, and what has no room is counted.
func TestDevicesAreBounded(t *testing.T) {
	r := NewRecorder(Bounds{InstanceDevices: 3, Causes: 2}, at)
	for n := range 10 {
		r.Record(Entry{At: noon, Instance: "ins_1", Kind: Token, Outcome: Refused, Code: "token_issuer", ClientID: fmt.Sprint("c", n), Credential: &Credential{Issuer: fmt.Sprint("i", n)}})
	}
	if n := sums(r.taken())["ins_1"][Series{Name: DroppedDevices}]; n != 7 {
		t.Errorf("%d devices are counted as dropped, want 7", n)
	}
	var v view
	v.collect(r)
	b := &Batch{}
	v.take(b)
	if len(b.Devices) != 3 || len(b.Refused) != 3 {
		t.Fatalf("%d devices, %d causes, want 3 of each", len(b.Devices), len(b.Refused))
	}
	for _, c := range b.Refused {
		if want := int64(1); c.Issuer == Other && c.N != 8 || c.Issuer != Other && c.N != want {
			t.Errorf("cause %+v", c)
		}
	}
	if r.devices.Load() != 0 {
		t.Errorf("%d devices are still counted as waiting", r.devices.Load())
	}
}

func TestSights(t *testing.T) {
	r := NewRecorder(Bounds{}, at)
	stock := transaction("ins_1")
	stock.ClientID, stock.Operations[1].Previous, stock.At = "", 4, noon.Add(time.Minute)
	for _, e := range []Entry{
		transaction("ins_1"), stock,
		{At: noon, Instance: "ins_1", Kind: Token, Outcome: Issued, Development: true},
		{At: noon, Instance: "ins_1", Kind: Token, Outcome: Refused}, {At: noon, Instance: "ins_1", Kind: Refusal, Outcome: Refused},
		{At: noon, Instance: "ins_1", Kind: Keys, Outcome: Fetched}, {At: noon, Instance: "ins_1", Kind: Keys, Outcome: Viewed}, {At: noon, Instance: "ins_1", Kind: Keys, Outcome: Viewed},
	} {
		r.Record(e)
	}
	var v view
	v.collect(r)
	got := map[Sight]int64{}
	for k, s := range v.sights {
		got[k.what] = s.N
		if k.what == SightUpload && (!s.First.Equal(noon) || !s.Last.Equal(noon.Add(time.Minute))) {
			t.Errorf("uploads were seen from %v to %v", s.First, s.Last)
		}
	}
	want := map[Sight]int64{SightUpload: 2, SightWrite: 2, SightStock: 1, SightPrevious: 4, SightNoPrevious: 2, SightToken: 1, SightDevelopment: 1,
		SightNoToken: 1, SightNoUpload: 1, SightKeys: 1, SightKeysViewed: 2}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("saw %v, want %v", got, want)
	}
	if lines := r.entries(100); len(lines) != 5 {
		t.Errorf("%d lines are logged, want 5: fetched keys are none", len(lines))
	}
}
