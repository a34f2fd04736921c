package upload_test

import (
	"strings"
	"testing"
	"time"

	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// After receipts have ended nobody can tell a late repeat from a write that never arrived: it is neither
// applied nor dropped, but kept for somebody to decide.
func TestAnOperationOlderThanItsReceiptsIsKeptForADecision(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		first := from("c1", crud(name("PUT", 40, 1, "first")))
		w.want(first, "success")
		w.want(bare(name("PATCH", 0, 1, "since")), "success")
		later := time.Now().Add(91 * 24 * time.Hour)
		swept, err := w.src.Sweep(t.Context(), later, source.Retention{Receipts: 90 * 24 * time.Hour, Rejections: 365 * 24 * time.Hour, Clients: 400 * 24 * time.Hour})
		if err != nil || swept.Receipts != 1 {
			t.Fatalf("%+v %v", swept, err)
		}
		w.want(first, "fatal_error OP_EXPIRED 0")
		_, told := w.upload(first)
		_, again := w.upload(first)
		if told != again || len(w.rejections(source.RejectionFilter{})) != 1 {
			t.Errorf("a repeat of the expired one is kept again:\n%s\n%s", told, again)
		}
		w.want(from("c1", crud(name("PATCH", 3, 1, "below the floor"))), "fatal_error OP_EXPIRED 0")
		w.want(from("c1", crud(name("PATCH", 41, 1, "above the floor"))), "success")
		w.want(from("c2", crud(name("PATCH", 3, 2, "of another device"))), "success")
		if got := w.row("lists", 1); got != "name=above the floor" {
			t.Errorf("an expired write was applied: %s", got)
		}
		open := w.rejections(source.RejectionFilter{Status: []source.RejectionStatus{source.Open}})
		done, err := w.engine.Replay(t.Context(), upload.Replay{ID: open[0].ID})
		if err != nil || done[0].Status != source.Replayed || w.row("lists", 1) != "name=first" {
			t.Errorf("a replay is somebody's decision to apply it: %+v %v, %s", done, err, w.row("lists", 1))
		}
	})
}

// A rejection of several megabytes comes back byte for byte, and what could not be stored at all is
// refused with its reason.
func TestWhatIsTooLargeIsKeptWhole(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		big := strings.Repeat("x", 15<<20)
		body := `{"client":{"id":"c1"},"transactions":[` + crud(`{"op_id":1,"op":"PUT","table":"lists","id":"{1}","data":{"name":"`+big+`"}}`) + `]}`
		w.want(body, "fatal_error PAYLOAD_TOO_LARGE 0")
		kept, err := w.src.Rejection(t.Context(), w.rejections(source.RejectionFilter{})[0].ID)
		if err != nil || !strings.Contains(string(kept.Payload), big) || kept.PayloadBytes != len(kept.Payload) {
			t.Errorf("kept %d bytes: %v", len(kept.Payload), err)
		}
		w.want(body, "fatal_error PAYLOAD_TOO_LARGE 0")
		if n := len(w.rejections(source.RejectionFilter{})); n != 1 {
			t.Errorf("%d rejections of one write", n)
		}
	})
}
