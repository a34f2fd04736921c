// Package sourcetest is the conformance suite of sources: what the write pipeline relies on, proven
// on every database in the same words. It must not know a driver; each source brings a Harness. It is
// imported by tests only.
package sourcetest

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Harness is one database with a table for the suite.
type Harness struct {
	Source source.Source
	// Items is a table with the fields name and code (text, code unique), n (64-bit integer), at
	// (instant), done (boolean), amount (decimal).
	Items *source.Table
	// Others is a second table with a field name.
	Others *source.Table
	// ID makes the n-th id of the kind that Items has.
	ID func(n int) value.Value
	// Down makes a source whose server does not answer; Locked one whose log-in is refused, or nil
	// where the server has no log-in.
	Down   func(t *testing.T) source.Source
	Locked func(t *testing.T) source.Source
	// Of opens the same database for an instance; Source has none.
	Of func(t *testing.T, instance string) source.Source
}

// Run runs the suite; open gives each test a database of its own.
func Run(t *testing.T, open func(t *testing.T) *Harness) {
	tests := map[string]func(*testing.T, *Harness){
		"values come back as they were written": values, "a missing row has no document": missing,
		"a transaction is all or nothing": allOrNothing, "a rollback leaves nothing": rollback,
		"an update writes only what it names": leaves, "a delete removes": removes,
		"rows keep their order and are read once": order, "writers of one row never lose an update": noLostUpdate,
		"two creators of one row: one wins, one starts over": race, "a unique value is refused with the change to blame": unique,
		"preparing twice at once is fine":            prepareTwice,
		"a look-up finds one, none, and refuses two": lookup, "a server that is down is Down": down,
		"a refused log-in is Misconfigured": locked, "a closed source is Down, not a panic": closed,
		"a test of the connection names its checks": connection, "inspecting proposes the tables": inspect,
		"creating rows without reading is all or nothing": create,
	}
	maps.Copy(tests, receiptTests)
	maps.Copy(tests, inboxTests)
	maps.Copy(tests, outboxTests)
	maps.Copy(tests, conflictTests)
	maps.Copy(tests, queryTests)
	maps.Copy(tests, shareTests)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

var at = time.Date(2026, 3, 1, 10, 20, 30, 456_000_000, time.UTC)

func doc(pairs ...any) *value.Object {
	o := &value.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func (h *Harness) insert(n int, d *value.Object) source.Change {
	return source.Change{Kind: source.Insert, Table: h.Items, ID: h.ID(n), Doc: d, Operation: n}
}

func (h *Harness) update(n int, d *value.Object, names ...string) source.Change {
	c := source.Change{Kind: source.Update, Table: h.Items, ID: h.ID(n), Doc: d, Operation: n}
	for _, name := range names {
		v, _ := d.Get(name)
		c.Set = append(c.Set, source.Assignment{Path: []string{name}, Value: v})
	}
	return c
}

// apply runs one transaction that reads what it changes first, as the pipeline does.
func (h *Harness) apply(t *testing.T, changes ...source.Change) error {
	t.Helper()
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		return err
	}
	defer tx.Rollback(t.Context())
	refs := make([]source.Ref, len(changes))
	for i, c := range changes {
		refs[i] = source.Ref{Table: c.Table, ID: c.ID}
	}
	if _, _, err := tx.Read(t.Context(), refs, nil); err != nil {
		return err
	}
	return tx.Apply(t.Context(), changes, &source.Finish{})
}

func (h *Harness) must(t *testing.T, changes ...source.Change) {
	t.Helper()
	if err := h.apply(t, changes...); err != nil {
		t.Fatal(err)
	}
}

// row reads one row of Items without its key; nil when missing.
func (h *Harness) row(t *testing.T, n int) *value.Object {
	t.Helper()
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	rows, _, err := tx.Read(t.Context(), []source.Ref{{Table: h.Items, ID: h.ID(n)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].Doc == nil {
		return nil
	}
	d := rows[0].Doc.Clone()
	d.Delete(h.Items.Key)
	return d
}

func (h *Harness) want(t *testing.T, n int, pairs ...any) {
	t.Helper()
	got := h.row(t, n)
	if got == nil {
		t.Fatalf("row %d is missing", n)
	}
	want := doc(pairs...)
	for _, m := range want.Members {
		if v, ok := got.Get(m.Name); !ok || !value.Equal(v, m.Value) {
			t.Errorf("row %d: %s is %T(%v), want %T(%v)", n, m.Name, v, v, m.Value, m.Value)
		}
	}
	for _, m := range got.Members {
		if _, ok := want.Get(m.Name); !ok && m.Value != nil {
			t.Errorf("row %d: nobody wrote %s = %v", n, m.Name, m.Value)
		}
	}
}

func class(err error) string {
	if err == nil {
		return "success"
	}
	f := source.FailureOf(err)
	return fmt.Sprintf("%d %s", f.Class, f.Code)
}

// again retries a transaction while it meets conflicts, as the pipeline does.
func again(t *testing.T, run func() error) {
	t.Helper()
	for range 500 {
		err := run()
		if err == nil {
			return
		}
		if source.FailureOf(err).Class != source.Conflict {
			t.Errorf("%v", err)
			return
		}
	}
	t.Error("conflicts without end")
}

// count is the number of rejections, of any state.
func (h *Harness) count(t *testing.T) int {
	t.Helper()
	list, err := h.Source.Rejections(t.Context(), source.RejectionFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
