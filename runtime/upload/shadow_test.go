package upload_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/upload"
)

// shadowed lets a draft run beside a deployment of the world. wait rehearses what is queued, and gives the report.
func (w *world) shadowed(r *upload.Rehearsal, o rehearsal.ShadowOrder) (wait func() rehearsal.ShadowReport) {
	w.t.Helper()
	s := upload.NewShadow(o, r, rand.Float64)
	w.engine = w.newEngineWith(w.src, 3, func(_ *bundle.Bundle, d *upload.Deps) { d.Shadow = func() *upload.Shadow { return s } })
	sent := 0
	return func() rehearsal.ShadowReport {
		w.t.Helper()
		ctx, stop := context.WithCancel(w.t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		defer func() { stop(); <-done }()
		for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); {
			if report := s.Report(); s.Idle() {
				sent = report.Total
				return report
			}
			select {
			case <-time.After(time.Millisecond):
			case <-w.t.Context().Done():
			}
		}
		w.t.Fatalf("the shadow does not come to its end after %d", sent)
		return rehearsal.ShadowReport{}
	}
}

func everyOne() rehearsal.ShadowOrder {
	return rehearsal.ShadowOrder{ID: "s", Deployment: 3, Sample: 1, Until: time.Now().Add(time.Hour)}
}

// TestAShadowMatchesAHandCount: live uploads, of which it was counted by hand what the draft would make of them, over
// the rows as each of them met them; and the shadow writes nothing.
func TestAShadowMatchesAHandCount(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		wait := w.shadowed(w.rehearsed(draftOf), everyOne())
		h := &history{w: w, want: map[rehearsal.Difference]int{}}
		same, fields := 0, 0
		for range 3 { // the counter that becomes a max: less than is stored is never taken, so of four transactions two differ
			h.met("merged", `"n":10`, `"n":7`, `"n":6`, `"n":10`, "success")
			h.device("four").does("success", entryOf("PATCH", "merged", `"n":100`, `"n":3`))
			h.want[rehearsal.OtherValues] += 2
			same, fields = same+2, fields+2
		}
		h.met("merged", `"owner":"-"`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, "success")
		same += 3
		h.met("kept", `"name":"-"`, `"name":"a"`, `"name":"b"`, `"name":"-"`, "fatal_error CONFLICT_RECORDED 0")
		same, h.want[rehearsal.NowAccepted] = same+2, h.want[rehearsal.NowAccepted]+1
		// locked: the creation is the same, both changes are refused by the draft
		h.met("merged", `"secret":"locked","owner":"-"`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, "success")
		same, h.want[rehearsal.NewRejection] = same+1, h.want[rehearsal.NewRejection]+2
		h.next()
		h.device("one").does("fatal_error UNAUTHORIZED 0", entryOf("PUT", "todos", `"owner_id":"u2"`, ""))
		h.want[rehearsal.NowAccepted]++
		d := h.device("two") // several operations, a repeat of them, and an offline device that writes on what it wrote
		body := d.body([]string{entryOf("PUT", "merged", `"n":1,"name":"a"`, ""), entryOf("PATCH", "merged", `"n":2`, `"n":1`), entryOf("DELETE", "merged", "", `"n":2`), entryOf("PUT", "merged", `"n":5`, "")})
		w.want(body, "success")
		w.want(body, "success")
		same++
		differ := 0
		for _, n := range h.want {
			differ += n
		}
		w.unchanged(func() {
			got := wait()
			if got.Total != same+differ || got.Same != same || got.Differ != differ || got.NewRejections != h.want[rehearsal.NewRejection] ||
				got.NowAccepted != h.want[rehearsal.NowAccepted] || got.Errors+got.Dropped+got.Skipped != 0 || fmt.Sprint(got.Fields) != fmt.Sprintf("map[merged:map[n:%d]]", fields) {
				t.Errorf("the report is %+v\nby hand %d the same, %d differ: %v\n%s", got, same, differ, h.want, spelledExamples(got.Examples))
			}
		})
	})
}

// TestAShadowOfTheSameDiffersInNothing, whatever devices do.
func TestAShadowOfTheSameDiffersInNothing(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		wait := w.shadowed(w.rehearsed(nil), everyOne())
		h := &history{w: w, want: map[rehearsal.Difference]int{}}
		h.prepare()
		h.next() // own writes of a device that is offline, which a policy has merged
		h.device("one").does("success", entryOf("PUT", "merged", `"n":10`, ""))
		h.device("two").does("success", entryOf("PATCH", "merged", `"n":7`, `"n":10`))
		d := h.device("three")
		d.does("success", entryOf("PATCH", "merged", `"n":6`, `"n":10`), entryOf("PATCH", "merged", `"n":5`, `"n":6`))
		got := wait()
		if got.Differ != 0 || got.Errors != 0 || got.Same < 30 || got.Skipped != 1 {
			t.Errorf("%+v\n%s", got, spelledExamples(got.Examples))
		}
	})
}

// TestAShadowIsNeverInTheWay: what it cannot keep up with is dropped and counted, and it ends by itself.
func TestAShadowIsNeverInTheWay(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		put := entryOf("PUT", "won", `"name":"a"`, "")
		wait := w.shadowed(w.rehearsed(nil), everyOne())
		for i := range 6 { // nobody rehearses meanwhile
			w.offset += 10
			w.device(fmt.Sprint("d", i)).does("success", strings.Split(strings.Repeat(put+"\n", 50), "\n")[:50]...)
		}
		if got := wait(); got.Total != 256 || got.Dropped != 300-256 || got.Same != 256 {
			t.Errorf("%+v", got)
		}
		for name, o := range map[string]rehearsal.ShadowOrder{
			"another deployment serves": {Deployment: 2, Sample: 1, Until: time.Now().Add(time.Hour)},
			"its time is over":          {Deployment: 3, Sample: 1, Until: time.Now()},
			"nothing is chosen":         {Deployment: 3, Sample: 0, Until: time.Now().Add(time.Hour)},
		} {
			wait := w.shadowed(w.rehearsed(nil), o)
			w.offset += 10
			w.device(name).does("success", put)
			if got := wait(); got.Total+got.Dropped != 0 {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
}
