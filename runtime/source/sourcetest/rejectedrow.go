package sourcetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"turnkey/runtime/source"
)

// waiting gives what a transaction sees of waiting rejections' rows, and whether there are any.
func (h *Harness) waiting(t *testing.T, names ...source.RowName) ([]source.RejectedRow, bool) {
	t.Helper()
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	_, history, err := tx.Read(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Rejected(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b source.RejectedRow) int {
		return strings.Compare(a.Rejection+a.TableName, b.Rejection+b.TableName)
	})
	return rows, history.Rejected
}

func rowsForgotten(t *testing.T, h *Harness) {
	x := source.RowName{TableName: "others", RowID: "x"}
	if rows, any := h.waiting(t, x); len(rows) != 0 || any {
		t.Errorf("before there is any: %v %v", rows, any)
	}
	second := rejected("rej_2")
	second.Owner, second.Status, second.Group = source.Owner{9}, source.Held, "rej_1"
	h.keep(t, rejected("rej_1"), second)
	rows, any := h.waiting(t, x, source.RowName{TableName: "items", RowID: "row rej_1"}, source.RowName{TableName: "items", RowID: "x"}, source.RowName{TableName: "others", RowID: "row rej_1"})
	if !any || len(rows) != 3 {
		t.Fatalf("%v %+v", any, rows)
	}
	if r := rows[0]; r.TableName != "items" || r.RowID != "row rej_1" || !r.Creates || r.Owner != (source.Owner{1, 2, 255}) || r.Group != "rej_1" || r.Deleted || len(r.Written) > 0 {
		t.Errorf("%+v", r)
	}
	if r := rows[2]; r.Rejection != "rej_2" || r.Creates || r.Owner != (source.Owner{9}) || r.Group != "rej_1" {
		t.Errorf("%+v", r)
	}
	if rows, any := h.waiting(t, source.RowName{TableName: "items", RowID: "another"}); !any || len(rows) != 0 {
		t.Errorf("a row that no rejection names: %v %+v", any, rows)
	}
	for i, to := range []source.RejectionStatus{source.Superseded, source.Replayed} {
		s := source.Settlement{ID: fmt.Sprintf("rej_%d", i+1), From: []source.RejectionStatus{source.Open, source.Held}, To: to, At: at}
		if err := h.Source.Settle(t.Context(), []source.Settlement{s}); err != nil {
			t.Fatal(err)
		}
		rows, any := h.waiting(t, x)
		if left := 1 - i; len(rows) != left || any != (left > 0) {
			t.Errorf("after %d settlements: %v %+v", i+1, any, rows)
		}
		if got := h.get(t, s.ID); len(got.Rows) != 0 || got.Status != to {
			t.Errorf("%+v", got)
		}
	}
}

func notes(t *testing.T, h *Harness) {
	h.keep(t, rejected("rej_1"), rejected("rej_2"))
	x := source.RowName{TableName: "others", RowID: "x"}
	note := func(n source.Note) {
		if err := h.commit(t, source.Finish{Notes: []source.Note{n, {TableName: "others", RowID: "nobody's", Deleted: true}}}, h.update(1, doc("name", n.RowID), "name")); err != nil {
			t.Fatal(err)
		}
	}
	h.must(t, h.insert(1, doc("name", "a")))
	note(source.Note{TableName: "others", RowID: "x", Written: []string{"name", "address.city"}})
	note(source.Note{TableName: "others", RowID: "x", Written: []string{"name", "n"}})
	for _, deleted := range []bool{false, true} {
		if deleted {
			note(source.Note{TableName: "others", RowID: "x", Deleted: true})
		}
		rows, _ := h.waiting(t, x)
		if len(rows) != 2 {
			t.Fatalf("%+v", rows)
		}
		for _, r := range rows {
			slices.Sort(r.Written)
			if !slices.Equal(r.Written, []string{"address.city", "n", "name"}) || r.Deleted != deleted {
				t.Errorf("noted %v, deleted %v: %+v", r.Written, r.Deleted, r)
			}
		}
	}
	if rows, _ := h.waiting(t, source.RowName{TableName: "items", RowID: "row rej_1"}); len(rows) != 1 || rows[0].Deleted || len(rows[0].Written) > 0 {
		t.Errorf("another row of the same rejection: %+v", rows)
	}
}
