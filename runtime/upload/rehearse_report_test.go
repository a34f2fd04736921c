package upload_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// history is what a draft is held against: cases whose outcome under the draft was counted by hand.
type history struct {
	w    *world
	want map[rehearsal.Difference]int // of examples
	same int
	held int
	gone string // the case whose row is gone
}

// next takes the case to a row of its own.
func (h *history) next() { h.w.offset += 10 }

func (h *history) device(name string) *device {
	return h.w.device(fmt.Sprintf("%s-%d", name, h.w.offset))
}

// met leaves a conflict: two devices saw put, the first wrote first, the second wrote second.
func (h *history) met(table, put, first, second, previous, outcome string) {
	h.next()
	h.device("one").does("success", entryOf("PUT", table, put, ""))
	h.device("two").does("success", entryOf("PATCH", table, first, previous))
	h.device("three").does(outcome, entryOf("PATCH", table, second, previous))
}

// prepare is the history. The draft that it is held against is draftOf.
func (h *history) prepare() {
	w := h.w
	for range 3 { // a counter that becomes a max: 3 was stored, 7 would be; since then somebody wrote 100
		h.met("merged", `"n":10`, `"n":7`, `"n":6`, `"n":10`, "success")
		h.device("four").does("success", entryOf("PATCH", "merged", `"n":100`, `"n":3`))
		h.want[rehearsal.OtherValues]++
	}
	for range 2 { // nothing is changed about this policy
		h.met("merged", `"owner":"-"`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, "success")
		h.same++
	}
	h.met("merged", `"body":"one two"`, `"body":"one two three"`, `"body":"zero two"`, `"body":"one two"`, "success")
	h.same++
	// left open, which the draft does not; its rejection is the same case
	h.met("kept", `"name":"-"`, `"name":"a"`, `"name":"b"`, `"name":"-"`, "fatal_error CONFLICT_RECORDED 0")
	h.want[rehearsal.NowAccepted]++
	// the draft's rule lets nobody write locked rows
	h.met("merged", `"secret":"locked","owner":"-"`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, "success")
	h.want[rehearsal.NewRejection]++
	// a deletion that lost, and would win
	h.next()
	h.device("one").does("success", entryOf("PUT", "merged", `"n":10`, ""))
	h.device("two").does("success", entryOf("PATCH", "merged", `"n":7`, `"n":10`))
	h.device("three").does("success", entryOf("DELETE", "merged", "", `"n":10`))
	h.want[rehearsal.OtherValues]++
	// a row that is gone: its policy is judged all the same
	h.met("merged", `"n":10,"secret":"locked"`, `"n":7`, `"n":6`, `"n":10`, "success")
	h.gone = w.id(1)
	h.device("four").does("success", entryOf("DELETE", "merged", "", ""))
	h.want[rehearsal.OtherValues]++
	for range 2 { // refused by a rule that the draft does not have
		h.next()
		h.device("one").does("fatal_error UNAUTHORIZED 0", entryOf("PUT", "todos", `"owner_id":"u2"`, ""))
		h.want[rehearsal.NowAccepted]++
	}
	h.next() // and what follows such a one cannot be judged without it
	d := h.device("one")
	d.does("fatal_error UNAUTHORIZED 0", entryOf("PUT", "todos", `"owner_id":"u2"`, ""))
	d.does("fatal_error DEPENDS_ON_REJECTED 0", entryOf("PATCH", "todos", `"title":"t"`, ""))
	h.want[rehearsal.NowAccepted]++
	h.held++
	h.next() // refused whatever the rule
	h.device("one").does("fatal_error SCHEMA_MISMATCH 0", entryOf("PUT", "todos", `"owner_id":"u1","bad":1`, ""))
	h.same++
	h.next() // refused for another reason by the draft
	h.device("one").does("fatal_error INVALID_DATA 0", entryOf("PUT", "todos", `"owner_id":"u1","title":"x","count":"many"`, ""))
	h.want[rehearsal.OtherCode]++
}

func draftOf(c *bundle.Config) {
	merged, kept, todos := c.Tables["merged"], c.Tables["kept"], c.Tables["todos"]
	n := merged.Fields["n"]
	n.Merge = bundle.Merge{Policy: bundle.MergeMax}
	merged.Fields["n"] = n
	merged.Allow.Update = `old.secret != "locked"`
	merged.Deletes = bundle.DeletesWin
	kept.OnConflict = bundle.OnConflict{Policy: bundle.RowLastWrite}
	count := todos.Fields["count"]
	count.Type = bundle.Type{Name: bundle.TypeString}
	todos.Fields["count"] = count
	todos.Allow.Create = `!has(new.title) || new.title != "x"`
	c.Tables["merged"], c.Tables["kept"], c.Tables["todos"] = merged, kept, todos
}

// TestTheReportMatchesAHandCount: every recorded case is compared with what the draft would make of it, and nothing
// of that stays.
func TestTheReportMatchesAHandCount(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		h := &history{w: w, want: map[rehearsal.Difference]int{}}
		h.prepare()
		differ := 0
		for _, n := range h.want {
			differ += n
		}
		draft, same := w.rehearsed(draftOf), w.rehearsed(nil)
		w.unchanged(func() {
			part, err := draft.Replay(t.Context(), rehearsal.ReplayOrder{Limit: 1000, For: time.Minute})
			if err != nil || part.More {
				t.Fatalf("%+v %v", part, err)
			}
			want := rehearsal.Report{Total: differ + h.same + h.held, Same: h.same, Differ: differ, NewRejections: h.want[rehearsal.NewRejection],
				NowAccepted: h.want[rehearsal.NowAccepted], Skipped: h.held}
			got := part.Report
			got.Examples = nil
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("the report is %+v, by hand it is %+v\n%s", got, want, spelledExamples(part.Examples))
			}
			byHand := map[rehearsal.Difference]int{}
			for _, x := range part.Examples {
				byHand[x.Difference]++
				if x.RowID == h.gone && (string(x.Was.Values["n"]) != "3" || string(x.Would.Values["n"]) != "7") {
					t.Errorf("a row that is gone: %+v", x)
				}
			}
			if fmt.Sprint(byHand) != fmt.Sprint(h.want) {
				t.Errorf("examples %v, by hand %v\n%s", byHand, h.want, spelledExamples(part.Examples))
			}
			// What is deployed would decide as it has.
			part, err = same.Replay(t.Context(), rehearsal.ReplayOrder{Limit: 1000, For: time.Minute})
			if err != nil || part.Differ != 0 || part.Errors != 0 || part.Same != want.Total-h.held {
				t.Errorf("the deployment against its own decisions: %+v %v\n%s", part, err, spelledExamples(part.Examples))
			}
		})
		h.inParts(draft)
	})
}

// inParts reads the report in parts of every size: they add up to the same.
func (h *history) inParts(draft *upload.Rehearsal) {
	t := h.w.t
	whole, err := draft.Replay(t.Context(), rehearsal.ReplayOrder{Limit: 1000, For: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 3, whole.Total} {
		sum, after := rehearsal.Report{}, ""
		for more := true; more; {
			part, err := draft.Replay(t.Context(), rehearsal.ReplayOrder{Limit: size, After: after, For: time.Minute})
			if err != nil || part.Total > size {
				t.Fatalf("%+v %v", part, err)
			}
			sum.Join(&part.Report)
			after, more = part.Next, part.More
		}
		if spelledExamples(sum.Examples) != spelledExamples(whole.Examples) || sum.Total != whole.Total || sum.Same != whole.Same {
			t.Errorf("in parts of %d: %+v", size, sum)
		}
	}
	if part, err := draft.Replay(t.Context(), rehearsal.ReplayOrder{Limit: 10, After: "5"}); err != nil || part.Total != 0 || !part.More || part.Next != "5" {
		t.Errorf("without time: %+v %v", part, err)
	}
}

func spelledExamples(list []rehearsal.Example) string {
	var out []string
	for _, x := range list {
		out = append(out, fmt.Sprintf("%s %s %s: %s -> %s %s", x.Kind, x.ID, x.Difference, result(x.Was), result(x.Would), strings.Join(x.Fields, ",")))
	}
	return strings.Join(out, "\n")
}

func result(r rehearsal.Result) string {
	out := string(r.Outcome)
	if r.Code != "" {
		out += " " + r.Code
	}
	var names []string
	for name, v := range r.Values {
		names = append(names, name+"="+string(v))
	}
	slices.Sort(names)
	if r.Deleted {
		out += " deleted"
	}
	return strings.Join(append([]string{out}, names...), " ")
}

// TestACaseAskedAgainCountsOnce: where a policy was asked again and again left it open, the newer conflicts stand for it.
func TestACaseAskedAgainCountsOnce(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		total := func() int {
			part, err := w.rehearsed(nil).Replay(t.Context(), rehearsal.ReplayOrder{Limit: 1000, For: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			return part.Total
		}
		list := w.twoConflicts()
		before := total()
		if got := w.resolve(upload.Resolve{ID: list[0].ID, Choice: take("policy")}); got != "resolution_refused" {
			t.Fatal(got)
		}
		if got := w.cases(); got != "superseded superseded open open open" {
			t.Fatal(got)
		}
		if after := total(); after != before || before == 0 {
			t.Errorf("%d cases, and %d after asking again", before, after)
		}
	})
}

// TestACaseThatCannotBeRead is counted, and does not keep the others from being looked at.
func TestACaseThatCannotBeRead(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.inConflict("merged", `"n":10`, `"n":7`, `"n":6`, `"n":10`, "success")
		r := w.rehearsed(nil)
		broken := w.rehearsedOver(&unreadable{w.src}, nil, nil)
		for name, c := range map[string]struct {
			r    *upload.Rehearsal
			want string
		}{"read": {r, "{1 1 0 0 0 0 0 []}"}, "not read": {broken, "{1 0 0 0 0 0 1 "}} {
			part, err := c.r.Replay(t.Context(), rehearsal.ReplayOrder{Limit: 10, For: time.Minute})
			if err != nil || !strings.HasPrefix(fmt.Sprint(part.Report), c.want) {
				t.Errorf("%s: %v %v", name, part.Report, err)
			}
		}
	})
}

// unreadable has conflicts whose values are broken.
type unreadable struct{ source.Source }

func (s *unreadable) Conflict(ctx context.Context, id string) (*source.ConflictRecord, error) {
	c, err := s.Source.Conflict(ctx, id)
	if c != nil {
		c.Values = []byte(`{"base":`)
	}
	return c, err
}
