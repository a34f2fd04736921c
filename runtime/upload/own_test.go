package upload_test

import (
	"context"
	"fmt"
	"testing"

	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// marking counts what a source is asked beyond rows and receipts.
type marking struct {
	source.Source
	marks, more int
}

func (m *marking) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	tx, err := m.Source.Begin(ctx, as)
	return &markingTx{tx, m}, err
}

type markingTx struct {
	source.Tx
	of *marking
}

func (t *markingTx) Marks(ctx context.Context, owner source.Owner, rows []source.RowName) ([]source.Mark, error) {
	t.of.marks++
	return t.Tx.Marks(ctx, owner, rows)
}

func (t *markingTx) Apply(ctx context.Context, changes []source.Change, finish *source.Finish) error {
	if finish != nil && !finish.Bare() {
		t.of.more++
	}
	return t.Tx.Apply(ctx, changes, finish)
}

// replayed replays, which must not fail.
func (w *world) replayed(order upload.Replay) []source.Outcome {
	w.t.Helper()
	out, err := w.replay(order)
	if err != nil || len(out) == 0 {
		w.t.Fatalf("%+v %v", out, err)
	}
	return out
}

// A device that is offline writes again and again before it sees what became of its first write. What its own
// writes left at the server is no conflict: whether they come in one transaction, in one upload or in many.
func TestOwnWritesAreNoConflict(t *testing.T) {
	sent := map[string]func(d *device, entries ...string){
		"one transaction": func(d *device, entries ...string) { d.w.want(d.body(entries), "success") },
		"one upload":      func(d *device, entries ...string) { d.does("success", entries...) },
		"many uploads": func(d *device, entries ...string) {
			for _, e := range entries {
				d.does("success", e)
			}
		},
		"many runtimes": func(d *device, entries ...string) {
			for _, e := range entries {
				d.w.engine = d.w.newEngine(d.w.src)
				d.does("success", e)
			}
		},
	}
	for name, send := range sent {
		t.Run(name, func(t *testing.T) {
			onBothWithConflicts(t, func(t *testing.T, w *world) {
				w.device("one").does("success", entryOf("PUT", "merged", `"n":10,"body":"b"`, ""))
				w.device("two").does("success", entryOf("PATCH", "merged", `"n":100,"body":"x b"`, `"n":10,"body":"b"`))
				send(w.device("three"), entryOf("PATCH", "merged", `"n":11,"body":"b 1"`, `"n":10,"body":"b"`), entryOf("PATCH", "merged", `"n":12,"body":"b 1 2"`, `"n":11,"body":"b 1"`),
					entryOf("PATCH", "merged", `"n":13,"body":"b 1 2 3"`, `"n":12,"body":"b 1 2"`))
				w.wantRow("merged", "body=x b 1 2 3 n=103L")
				w.wantConflicts("merged PATCH merge merged (body=merged n=merged) decided") // once, not three times
			})
		})
	}
}

// TestAnothersWriteInBetween is a conflict again.
func TestAnothersWriteInBetween(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.device("one").does("success", entryOf("PUT", "merged", `"n":10`, ""))
		two, three := w.device("two"), w.device("three")
		two.does("success", entryOf("PATCH", "merged", `"n":100`, `"n":10`))
		three.does("success", entryOf("PATCH", "merged", `"n":11`, `"n":10`))
		two.does("success", entryOf("PATCH", "merged", `"n":200`, `"n":100`))
		three.does("success", entryOf("PATCH", "merged", `"n":12`, `"n":11`))
		w.wantRow("merged", "n=202L")
		w.wantConflicts("merged PATCH merge merged (n=merged) decided; merged PATCH merge merged (n=merged) decided; merged PATCH merge merged (n=merged) decided")
	})
}

// TestWhatTheServerKeptIsNotOwn: the device's first write lost, so its second one meets the same other's value.
func TestWhatTheServerKeptIsNotOwn(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.device("one").does("success", entryOf("PUT", "merged", `"owner":"-"`, ""))
		w.device("two").does("success", entryOf("PATCH", "merged", `"owner":"a"`, `"owner":"-"`))
		w.device("three").does("success", entryOf("PATCH", "merged", `"owner":"b"`, `"owner":"-"`), entryOf("PATCH", "merged", `"owner":"c"`, `"owner":"b"`))
		w.wantRow("merged", "owner=a")
		w.wantConflicts("merged PATCH merge server (owner=server) decided; merged PATCH merge server (owner=server) decided")
	})
}

// TestAVersionThatTheDeviceDoesNotCount is counted for it, also while it is offline.
func TestAVersionThatTheDeviceDoesNotCount(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.device("one").does("success", entryOf("PUT", "versioned", `"name":"-","rev":1`, ""))
		d := w.device("two")
		for n := range 3 {
			was := fmt.Sprintf(`"name":"%d","rev":1`, n-1)
			d.does("success", entryOf("PATCH", "versioned", fmt.Sprintf(`"name":"%d"`, n), was))
		}
		w.wantRow("versioned", "name=2 rev=4L")
		w.device("three").does("fatal_error CONFLICT 0", entryOf("PATCH", "versioned", `"name":"x"`, `"name":"-","rev":1`))
		w.device("four").does("success", entryOf("PATCH", "versioned", `"name":"y"`, `"name":"2","rev":4`))
		d.does("fatal_error CONFLICT 0", entryOf("PATCH", "versioned", `"name":"3"`, `"name":"2","rev":1`))
	})
}

// TestNothingIsLookedUpWithoutAConflict: writes that meet nobody's read no marks and write none.
func TestNothingIsLookedUpWithoutAConflict(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		watched := &marking{Source: w.src}
		w.engine = w.newEngine(watched)
		d := w.device("one")
		d.does("success", entryOf("PUT", "merged", `"n":10,"name":"-"`, ""), entryOf("PATCH", "merged", `"n":11`, `"n":10`), entryOf("PATCH", "merged", `"n":12,"name":"a"`, `"n":11,"name":"-"`),
			entryOf("PUT", "versioned", `"name":"-","rev":1`, ""), entryOf("PATCH", "versioned", `"name":"a","rev":2`, `"name":"-","rev":1`),
			entryOf("PUT", "kept", `"name":"-"`, ""), entryOf("PATCH", "kept", `"name":"a"`, `"name":"-"`), entryOf("PUT", "won", `"name":"-"`, ""), entryOf("PATCH", "won", `"name":"a"`, `"name":"old"`),
			entryOf("DELETE", "merged", "", `"n":12,"name":"a"`), entryOf("DELETE", "won", "", ""), entryOf("DELETE", "kept", "", ""))
		if watched.marks != 0 || watched.more != 0 {
			t.Errorf("%d looks for marks, %d transactions with more than data and receipts", watched.marks, watched.more)
		}
		w.wantConflicts("")
	})
}

// TestAReplayKnowsItsClient: a rejection that is replayed is the same client's write.
func TestAReplayKnowsItsClient(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.device("one").does("success", entryOf("PUT", "merged", `"n":10`, ""))
		w.device("two").does("success", entryOf("PATCH", "merged", `"n":100`, `"n":10`))
		d := w.device("three")
		d.does("success", entryOf("PATCH", "merged", `"n":11`, `"n":10`))
		w.want(d.body([]string{entryOf("PATCH", "merged", `"n":12`, `"n":11`), entryOf("PATCH", "merged", `"unknown":1`, "")}), "fatal_error SCHEMA_MISMATCH 1")
		r := w.rejections(source.RejectionFilter{})[0]
		if out := w.replayed(upload.Replay{ID: r.ID, By: "usr_1", Payload: []byte(w.expand(crud(entryOf("PATCH", "merged", `"n":12`, `"n":11`))))}); out[0].Status != "replayed" {
			t.Errorf("%+v", out)
		}
		w.wantRow("merged", "n=102L")
		w.wantConflicts("merged PATCH merge merged (n=merged) decided")
	})
}

// TestStockClientsAreNotOneDevice: without a client id, what one device of a user left is not another's own.
func TestStockClientsAreNotOneDevice(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.want(transactions(crud(entryOf("PUT", "versioned", `"name":"-","rev":1`, "")), crud(entryOf("PUT", "merged", `"n":10`, "")), crud(entryOf("PATCH", "merged", `"n":100`, `"n":10`))), "success", "success", "success")
		w.want(transactions(crud(entryOf("PATCH", "versioned", `"name":"a"`, `"name":"-","rev":1`))), "success")
		w.want(transactions(crud(entryOf("PATCH", "versioned", `"name":"b"`, `"name":"-","rev":1`))), "fatal_error CONFLICT 0")
		w.want(transactions(crud(entryOf("PATCH", "merged", `"n":11`, `"n":10`))), "success")
		w.want(transactions(crud(entryOf("PATCH", "merged", `"n":13`, `"n":12`))), "success")
		w.wantRow("versioned", "name=a rev=2L")
		w.wantRow("merged", "n=102L")
		list, err := w.src.Conflicts(t.Context(), source.ConflictFilter{TableName: "merged", Limit: 9})
		if err != nil || len(list) != 2 {
			t.Errorf("%d conflicts %v", len(list), err)
		}
		// In one transaction it is one device all the same.
		w.want(transactions(crud(entryOf("PATCH", "versioned", `"name":"c"`, `"name":"a","rev":2`), entryOf("PATCH", "versioned", `"name":"d"`, `"name":"c","rev":2`))), "success")
		w.wantRow("versioned", "name=d rev=4L")
	})
}
