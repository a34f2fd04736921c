package upload_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// mine is an operation on the user's own todos/n.
func mine(op string, opID, n int, data string) string {
	return fmt.Sprintf(`{"op_id":%d,"op":%q,"table":"todos","id":"{%d}","data":{%s}}`, opID, op, n, data)
}

// statuses are id-less: "open UNAUTHORIZED", in the order of arrival.
func (w *world) statuses() string {
	w.t.Helper()
	var out []string
	for _, r := range w.rejections(source.RejectionFilter{}) {
		out = append(out, string(r.Status)+" "+r.ErrorCode)
	}
	return strings.Join(out, "; ")
}

func (w *world) replay(order upload.Replay) ([]source.Outcome, error) {
	w.t.Helper()
	if order.ID == "" {
		order.ID = w.rejections(source.RejectionFilter{Status: []source.RejectionStatus{source.Open}})[0].ID
	}
	return w.engine.Replay(w.t.Context(), order)
}

const tooMany = `"owner_id":"u1","status":"open","serial":"s1","count":1`

// stuck makes one refused creation (a foreign serial number... here: another's row) and what the device
// does afterwards.
func stuck(w *world) {
	w.want(from("c1", crud(refused(1, 1))), "fatal_error UNAUTHORIZED 0")
	w.want(from("c1", crud(mine("PATCH", 2, 1, `"title":"second"`))), "fatal_error DEPENDS_ON_REJECTED 0")
	w.want(from("c1", crud(mine("PATCH", 3, 1, `"title":"third"`), mine("PUT", 4, 2, tooMany))), "fatal_error DEPENDS_ON_REJECTED 0")
	w.want(from("c1", crud(mine("PATCH", 5, 2, `"title":"of two"`))), "fatal_error DEPENDS_ON_REJECTED 0")
}

func TestWhatFollowsARefusedCreationIsHeldAndReleasedInOrder(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		stuck(w)
		w.want(from("c1", crud(mine("PUT", 6, 3, `"owner_id":"u1","title":"free"`))), "success")
		w.want(from("c2", crud(mine("PATCH", 1, 1, `"title":"of another device"`))), "success")
		if got, want := w.statuses(), "open UNAUTHORIZED; held DEPENDS_ON_REJECTED; held DEPENDS_ON_REJECTED; held DEPENDS_ON_REJECTED"; got != want {
			t.Fatalf("got %s", got)
		}
		head := w.rejections(source.RejectionFilter{})[0]
		held := w.rejections(source.RejectionFilter{})[1]
		if _, err := w.replay(upload.Replay{ID: held.ID}); !fault.Is(err, "rejection_held") {
			t.Errorf("replaying a held one: %v", err)
		}
		edited := strings.ReplaceAll(w.expand(crud(refused(1, 1))), "somebody", "u1")
		done, err := w.replay(upload.Replay{ID: head.ID, Payload: []byte(edited), By: "usr_1"})
		if err != nil || len(done) != 4 {
			t.Fatalf("%+v %v", done, err)
		}
		if got := w.statuses(); got != "replayed UNAUTHORIZED; replayed DEPENDS_ON_REJECTED; replayed DEPENDS_ON_REJECTED; replayed DEPENDS_ON_REJECTED" {
			t.Errorf("afterwards %s", got)
		}
		if got := w.row("todos", 1); got != "owner_id=u1 title=third" {
			t.Errorf("todos/1: %s", got)
		}
		if got := w.row("todos", 2); got != "count=1 owner_id=u1 serial=s1 status=open title=of two" {
			t.Errorf("todos/2: %s", got)
		}
		if _, err := w.replay(upload.Replay{ID: head.ID}); !fault.Is(err, "rejection_settled") {
			t.Errorf("replaying twice: %v", err)
		}
		w.want(from("c1", crud(mine("PATCH", 7, 1, `"title":"fourth"`))), "success")
	})
}

// A runtime is killed after it has applied a refused creation, and before it has released what depends
// on it: the next order goes on from there, whichever of them it names.
func TestAReplayGoesOnWhereAnotherEnded(t *testing.T) {
	for name, named := range map[string]int{"by the first": 0, "by one of those that wait": 2} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				stuck(w)
				list := w.rejections(source.RejectionFilter{})
				w.want(from("c2", crud(mine("PUT", 1, 1, `"owner_id":"u1","title":"first"`))), "success")
				w.settled(list[0].ID, source.Replayed)
				done, err := w.replay(upload.Replay{ID: list[named].ID})
				if err != nil || len(done) != 4-min(named, 1) || done[0].ID != list[named].ID {
					t.Fatalf("%+v %v", done, err)
				}
				if got := w.statuses(); got != "replayed UNAUTHORIZED; replayed DEPENDS_ON_REJECTED; replayed DEPENDS_ON_REJECTED; replayed DEPENDS_ON_REJECTED" {
					t.Errorf("afterwards %s", got)
				}
				if got := w.row("todos", 1) + ", " + w.row("todos", 2); got != "owner_id=u1 title=third, count=1 owner_id=u1 serial=s1 status=open title=of two" {
					t.Errorf("the rows: %s", got)
				}
				for _, r := range list {
					if _, err := w.replay(upload.Replay{ID: r.ID}); !fault.Is(err, "rejection_settled") {
						t.Errorf("once more: %v", err)
					}
				}
			})
		})
	}
	t.Run("but not after a discard", func(t *testing.T) {
		onBoth(t, "", func(t *testing.T, w *world) {
			stuck(w)
			list := w.rejections(source.RejectionFilter{})
			w.settled(list[0].ID, source.Discarded)
			if _, err := w.replay(upload.Replay{ID: list[1].ID}); !fault.Is(err, "rejection_held") || !strings.Contains(fault.Of(err).Hint, "discard this one") {
				t.Errorf("%v", err)
			}
		})
	})
}

// nth calls do before the n-th transaction begins.
type nth struct {
	source.Source
	n  int
	do func()
}

func (s *nth) Begin(ctx context.Context, session source.Session) (source.Tx, error) {
	if s.n--; s.n == 0 {
		s.do()
	}
	return s.Source.Begin(ctx, session)
}

// What decides to wait for a rejection that is settled before it is kept itself would wait for ever.
func TestWhatWaitsForASettledRejectionIsOpen(t *testing.T) {
	for _, to := range []source.RejectionStatus{source.Replayed, source.Discarded} {
		t.Run(string(to), func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				w.want(from("c1", crud(refused(1, 1))), "fatal_error UNAUTHORIZED 0")
				head := w.rejections(source.RejectionFilter{})[0].ID
				w.engine = w.newEngine(&nth{Source: w.src, n: 2, do: func() { w.settled(head, to) }}) // the second one keeps it
				w.want(from("c1", crud(mine("PATCH", 2, 1, `"title":"second"`))), "fatal_error DEPENDS_ON_REJECTED 0")
				if got, want := w.statuses(), string(to)+" UNAUTHORIZED; open DEPENDS_ON_REJECTED"; got != want {
					t.Fatalf("got %s", got)
				}
				if r := w.rejections(source.RejectionFilter{})[1]; r.Group != r.ID || r.Attempts != 0 || !strings.Contains(r.Hint, string(to)) {
					t.Errorf("%+v", r)
				}
				w.want(from("c2", crud(mine("PUT", 1, 1, `"owner_id":"u1","title":"first"`))), "success")
				if done, err := w.replay(upload.Replay{}); err != nil || done[0].Status != source.Replayed || w.row("todos", 1) != "owner_id=u1 title=second" {
					t.Errorf("%+v %v: %s", done, err, w.row("todos", 1))
				}
			})
		})
	}
}

// settled settles a rejection behind the engine's back.
func (w *world) settled(id string, to source.RejectionStatus) {
	w.t.Helper()
	if err := w.src.Settle(w.t.Context(), []source.Settlement{{ID: id, From: []source.RejectionStatus{source.Open}, To: to, At: time.Now()}}); err != nil {
		w.t.Fatal(err)
	}
}

func TestAReplayThatFailsAgainKeepsTheNewReason(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		stuck(w)
		head := w.rejections(source.RejectionFilter{})[0]
		edited := strings.ReplaceAll(w.expand(crud(refused(1, 1))), `"owner_id":"somebody"`, `"owner_id":"u1","count":"many"`)
		done, err := w.replay(upload.Replay{ID: head.ID, Payload: []byte(edited)})
		if err != nil || len(done) != 1 || done[0].Status != source.Open || done[0].ErrorCode == "" || done[0].ErrorCode == "UNAUTHORIZED" {
			t.Fatalf("%+v %v", done, err)
		}
		after, err := w.src.Rejection(t.Context(), head.ID)
		if err != nil || after.Attempts != 1 || after.ErrorCode != done[0].ErrorCode || string(after.Payload) != string(head.Payload) && len(head.Payload) > 0 {
			t.Errorf("%+v %v", after, err)
		}
		if w.row("todos", 1) != "" {
			t.Error("a failed replay wrote")
		}
		if _, err := w.replay(upload.Replay{ID: head.ID, Payload: []byte(`{"nonsense":1}`)}); !fault.Is(err, "payload_invalid") {
			t.Errorf("nonsense: %v", err)
		}
		if _, err := w.replay(upload.Replay{ID: head.ID, Payload: []byte(`{"crud":[]}`)}); !fault.Is(err, "payload_invalid") {
			t.Errorf("nothing: %v", err)
		}
	})
}

func TestADependentThatFailsStandsForItself(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		w.want(from("c1", crud(refused(1, 1))), "fatal_error UNAUTHORIZED 0")
		w.want(from("c1", crud(mine("PATCH", 2, 1, `"owner_id":"somebody"`), mine("PUT", 3, 2, `"owner_id":"u1"`))), "fatal_error DEPENDS_ON_REJECTED 0")
		w.want(from("c1", crud(mine("PATCH", 4, 2, `"title":"x"`))), "fatal_error DEPENDS_ON_REJECTED 0")
		w.want(from("c1", crud(mine("PATCH", 5, 1, `"title":"y"`))), "fatal_error DEPENDS_ON_REJECTED 0")
		edited := strings.ReplaceAll(w.expand(crud(refused(1, 1))), "somebody", "u1")
		if _, err := w.replay(upload.Replay{Payload: []byte(edited)}); err != nil {
			t.Fatal(err)
		}
		if got, want := w.statuses(), "replayed UNAUTHORIZED; open UNAUTHORIZED; held DEPENDS_ON_REJECTED; replayed DEPENDS_ON_REJECTED"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if list := w.rejections(source.RejectionFilter{}); list[2].Group != list[1].ID || list[1].Group != list[1].ID {
			t.Errorf("groups %s %s of %s", list[1].Group, list[2].Group, list[1].ID)
		}
		if got := w.row("todos", 1); got != "owner_id=u1 title=y" {
			t.Errorf("todos/1: %s", got)
		}
	})
}

func TestMakingTheRowAgainSupersedesTheGroup(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		w.want(from("c1", crud(refused(1, 1))), "fatal_error UNAUTHORIZED 0")
		w.want(from("c1", crud(mine("PATCH", 2, 1, `"title":"second"`))), "fatal_error DEPENDS_ON_REJECTED 0")
		w.want(from("c1", crud(mine("PUT", 3, 1, `"owner_id":"u1","title":"anew"`))), "success")
		if got := w.statuses(); got != "superseded UNAUTHORIZED; superseded DEPENDS_ON_REJECTED" {
			t.Errorf("got %s", got)
		}
		w.want(from("c1", crud(mine("PATCH", 4, 1, `"title":"on"`))), "success")
		if got := w.row("todos", 1); got != "owner_id=u1 title=on" {
			t.Errorf("todos/1: %s", got)
		}
	})
	t.Run("but not before every row of it exists", func(t *testing.T) {
		onBoth(t, "", func(t *testing.T, w *world) {
			w.want(from("c1", crud(mine("PUT", 1, 1, `"owner_id":"u1"`), refused(2, 2))), "fatal_error UNAUTHORIZED 1")
			w.want(from("c1", crud(mine("PUT", 3, 1, `"owner_id":"u1","title":"anew"`))), "success")
			if got := w.statuses(); got != "open UNAUTHORIZED" {
				t.Errorf("got %s", got)
			}
			w.want(from("c1", crud(mine("PUT", 4, 2, `"owner_id":"u1"`))), "success")
			if got := w.statuses(); got != "superseded UNAUTHORIZED" {
				t.Errorf("got %s", got)
			}
		})
	})
}

func TestHoldingCanBeTurnedOff(t *testing.T) {
	onBoth(t, "rejections: {hold_dependents: false}\n", func(t *testing.T, w *world) {
		w.want(from("c1", crud(refused(1, 1))), "fatal_error UNAUTHORIZED 0")
		w.want(from("c1", crud(mine("PATCH", 2, 1, `"title":"second"`))), "success")
	})
}

func TestAStockClientsDependentsAreHeldForTheSubject(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		w.want(stock(1, refused(0, 1)), "fatal_error UNAUTHORIZED 0")
		w.want(stock(2, mine("PATCH", 0, 1, `"title":"second"`)), "fatal_error DEPENDS_ON_REJECTED 0")
	})
}

// A replay without rules is an operator's decision; with LeaveNewer it leaves alone what was written
// since.
func TestAReplayLeavesNewerWritesAlone(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		w.want(from("c1", crud(mine("PUT", 1, 1, `"owner_id":"u1","title":"start","city":"Oslo"`))), "success")
		w.want(from("c1", crud(mine("PUT", 2, 2, `"owner_id":"u1","title":"start"`))), "success")
		w.want(from("c1", crud(mine("PATCH", 3, 1, `"owner_id":"u2","title":"refused","city":"Bergen"`), mine("PATCH", 4, 2, `"title":"refused"`))), "fatal_error UNAUTHORIZED 0")
		w.want(from("c2", crud(mine("PATCH", 1, 1, `"city":"Bodø"`))), "success")
		w.want(from("c2", crud(mine("DELETE", 2, 2, ``))), "success")
		done, err := w.replay(upload.Replay{WithoutRules: true, LeaveNewer: true})
		if err != nil || done[0].Status != source.Replayed {
			t.Fatalf("%+v %v", done, err)
		}
		if got := w.row("todos", 1); got != "owner_id=u2 place={city=Bodø} title=refused" {
			t.Errorf("todos/1: %s", got)
		}
		if got := w.row("todos", 2); got != "" {
			t.Errorf("todos/2 is back: %s", got)
		}
	})
}
