package sourcetest

import (
	"strings"
	"testing"
	"time"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

func values(t *testing.T, h *Harness) {
	full := doc("name", "Ünïcode \"quoted\" \\ {x,y} '$1'", "n", int64(9223372036854775807), "at", at, "done", true, "amount", value.Decimal("19.90"))
	h.must(t, h.insert(1, full))
	h.want(t, 1, "name", "Ünïcode \"quoted\" \\ {x,y} '$1'", "n", int64(9223372036854775807), "at", at, "done", true, "amount", value.Decimal("19.90"))
	h.must(t, h.insert(2, doc("name", "", "n", int64(-1), "done", false, "at", time.Date(1969, 12, 31, 23, 59, 59, 1_000_000, time.UTC))))
	h.want(t, 2, "name", "", "n", int64(-1), "done", false, "at", time.Date(1969, 12, 31, 23, 59, 59, 1_000_000, time.UTC))
	h.must(t, h.update(1, doc("name", nil, "amount", value.Decimal("-0.001")), "name", "amount"))
	h.want(t, 1, "name", nil, "n", int64(9223372036854775807), "at", at, "done", true, "amount", value.Decimal("-0.001"))
}

func missing(t *testing.T, h *Harness) {
	if d := h.row(t, 1); d != nil {
		t.Errorf("got %v", d)
	}
}

func allOrNothing(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "one", "code", "taken")))
	err := h.apply(t, h.insert(2, doc("name", "two")), h.update(1, doc("name", "changed"), "name"), h.insert(3, doc("code", "taken")))
	if f := source.FailureOf(err); err == nil || f.Class != source.Refused || f.Code != "UNIQUE_VIOLATION" {
		t.Fatalf("got %v", err)
	}
	h.want(t, 1, "name", "one", "code", "taken")
	if h.row(t, 2) != nil || h.row(t, 3) != nil {
		t.Error("part of a refused transaction is stored")
	}
}

func rollback(t *testing.T, h *Harness) {
	tx, err := h.Source.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Apply(t.Context(), []source.Change{h.insert(1, doc("name", "x"))}, nil); err != nil {
		t.Fatal(err)
	}
	tx.Rollback(t.Context())
	tx.Rollback(t.Context())
	if h.row(t, 1) != nil {
		t.Error("it is stored")
	}
	if err := tx.Apply(t.Context(), nil, &source.Finish{}); err == nil {
		t.Error("a transaction that is over takes changes")
	}
}

func leaves(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "a", "n", int64(1))), h.insert(2, doc("name", "b", "n", int64(2))))
	h.must(t, h.update(1, doc("name", "A", "n", int64(1)), "name"), h.update(2, doc("name", "b", "n", int64(22)), "n"))
	h.want(t, 1, "name", "A", "n", int64(1))
	h.want(t, 2, "name", "b", "n", int64(22))
}

func removes(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "a")), h.insert(2, doc("name", "b")))
	h.must(t, source.Change{Kind: source.Delete, Table: h.Items, ID: h.ID(1)}, h.update(2, doc("name", "B"), "name"))
	if h.row(t, 1) != nil {
		t.Error("it is still there")
	}
	h.want(t, 2, "name", "B")
}

func order(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "a")), h.insert(2, doc("name", "b")),
		source.Change{Kind: source.Insert, Table: h.Others, ID: h.ID(1), Doc: doc("name", "other")})
	tx, err := h.Source.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	rows, _, err := tx.Read(t.Context(), []source.Ref{
		{Table: h.Items, ID: h.ID(2)}, {Table: h.Others, ID: h.ID(1)}, {Table: h.Items, ID: h.ID(9)}, {Table: h.Items, ID: h.ID(1)}, {Table: h.Items, ID: h.ID(2)},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"b", "other", "", "a", "b"} {
		name, _ := rows[i].Doc.Get("name")
		if want == "" && rows[i].Doc != nil || want != "" && name != want {
			t.Errorf("row %d is %v, want %q", i, rows[i].Doc, want)
		}
	}
}

func unique(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("code", "taken")))
	f := source.FailureOf(h.apply(t, h.insert(2, doc("code", "taken"))))
	if f == nil || f.Class != source.Refused || f.Code != "UNIQUE_VIOLATION" || f.Change != 0 {
		t.Errorf("got %+v", f)
	}
	if f != nil && (strings.Contains(f.Message, "taken") || strings.Contains(f.Message, "E11000")) {
		t.Errorf("the message shows data or raw text: %s", f.Message)
	}
}

func create(t *testing.T, h *Harness) {
	direct, ok := h.Source.(source.Direct)
	if !ok {
		return // a shortcut that a source need not have
	}
	do := func(changes ...source.Change) bool {
		done, err := direct.Write(t.Context(), source.Session{}, changes, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	if !do(h.insert(1, doc("name", "a", "code", "x"))) || !do(h.insert(2, doc("name", "b")), h.insert(3, doc("name", "c"))) {
		t.Error("new rows were not done")
	}
	h.want(t, 3, "name", "c")
	if do(h.insert(1, doc("name", "again"))) || do(h.insert(4, doc("name", "d")), h.insert(2, doc("name", "again"))) || do(h.insert(5, doc("code", "x")), h.insert(6, doc("code", "y"))) {
		t.Error("it says done although a row or a unique value was there")
	}
	h.want(t, 1, "name", "a", "code", "x")
	for _, n := range []int{4, 5, 6} {
		if h.row(t, n) != nil {
			t.Errorf("row %d of a refused creation is stored", n)
		}
	}
}
