// Package sourcetest is the conformance suite of sources: what the write pipeline relies on, proven
// on every database in the same words. It must not know a driver; each source brings a Harness. It is
// imported by tests only.
package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/runtime/bundle"
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
	// Rejections counts what Reject has stored, and gives the kept bytes of one.
	Rejections func(t *testing.T) int
	Payload    func(t *testing.T, id string) []byte
	// Down makes a source whose server does not answer; Locked one whose log-in is refused, or nil
	// where the server has no log-in.
	Down   func(t *testing.T) source.Source
	Locked func(t *testing.T) source.Source
}

// Run runs the suite; open gives each test a database of its own.
func Run(t *testing.T, open func(t *testing.T) *Harness) {
	for name, test := range map[string]func(*testing.T, *Harness){
		"values come back as they were written": values, "a missing row has no document": missing,
		"a transaction is all or nothing": atomic, "a rollback leaves nothing": rollback,
		"an update writes only what it names": leaves, "a delete removes": removes,
		"rows keep their order and are read once": order, "writers of one row never lose an update": noLostUpdate,
		"two creators of one row: one wins, one starts over": race, "a unique value is refused with the change to blame": unique,
		"rejections are durable, whole and idempotent": rejections, "preparing twice at once is fine": prepareTwice,
		"a look-up finds one, none, and refuses two": lookup, "a server that is down is Down": down,
		"a refused log-in is Misconfigured": locked, "a closed source is Down, not a panic": closed,
		"a test of the connection names its checks": tests, "inspecting proposes the tables": inspect,
		"creating rows without reading is all or nothing": create,
	} {
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
	if _, err := tx.Read(t.Context(), refs); err != nil {
		return err
	}
	return tx.Apply(t.Context(), changes, true)
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
	rows, err := tx.Read(t.Context(), []source.Ref{{Table: h.Items, ID: h.ID(n)}})
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

func atomic(t *testing.T, h *Harness) {
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
	if err := tx.Apply(t.Context(), []source.Change{h.insert(1, doc("name", "x"))}, false); err != nil {
		t.Fatal(err)
	}
	tx.Rollback(t.Context())
	tx.Rollback(t.Context())
	if h.row(t, 1) != nil {
		t.Error("it is stored")
	}
	if err := tx.Apply(t.Context(), nil, true); err == nil {
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
	rows, err := tx.Read(t.Context(), []source.Ref{
		{Table: h.Items, ID: h.ID(2)}, {Table: h.Others, ID: h.ID(1)}, {Table: h.Items, ID: h.ID(9)}, {Table: h.Items, ID: h.ID(1)}, {Table: h.Items, ID: h.ID(2)},
	})
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

func noLostUpdate(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("n", int64(0))), h.insert(2, doc("n", int64(0))))
	const writers, rounds = 4, 15
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range rounds {
				again(t, func() error { return h.increment(t.Context(), 1, w%2 == 0) })
			}
		})
	}
	wg.Wait()
	h.want(t, 1, "n", int64(writers*rounds))
}

// increment adds one to a row, alone or together with a second row, which takes another way through
// some sources.
func (h *Harness) increment(ctx context.Context, n int, both bool) error {
	tx, err := h.Source.Begin(ctx, source.Session{})
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	refs := []source.Ref{{Table: h.Items, ID: h.ID(n)}}
	if both {
		refs = append(refs, source.Ref{Table: h.Items, ID: h.ID(2)})
	}
	rows, err := tx.Read(ctx, refs)
	if err != nil {
		return err
	}
	var changes []source.Change
	for i, ref := range refs {
		was, _ := rows[i].Doc.Get("n")
		d := doc("n", was.(int64)+1)
		changes = append(changes, source.Change{Kind: source.Update, Table: h.Items, ID: ref.ID, Doc: d, Set: []source.Assignment{{Path: []string{"n"}, Value: was.(int64) + 1}}})
	}
	return tx.Apply(ctx, changes, true)
}

func race(t *testing.T, h *Harness) {
	for round := range 10 {
		var wg sync.WaitGroup
		results := make([]string, 4)
		for i := range results {
			wg.Go(func() { results[i] = class(h.apply(t, h.insert(100+round, doc("name", fmt.Sprint(i))))) })
		}
		wg.Wait()
		won := 0
		for _, r := range results {
			if r == "success" {
				won++
			} else if !strings.HasPrefix(r, fmt.Sprint(source.Conflict)) {
				t.Errorf("a loser got %s", r)
			}
		}
		if won != 1 {
			t.Fatalf("%d of 4 creators won: %v", won, results)
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

func rejections(t *testing.T, h *Harness) {
	big := []byte(strings.Repeat("0123456789", 900_000)) // 9 MB, in parts
	list := []source.Rejection{
		{ID: "rej_1", UserID: "u1", TableName: "items", RowID: "x", ErrorCode: "UNAUTHORIZED", Message: "no", CreatedAt: at, Operation: -1, Payload: []byte(`{"a":"\u0000"}`)},
		{ID: "rej_2", UserID: "u1", TableName: "items", RowID: "y", ErrorCode: "INVALID_DATA", Message: "no", CreatedAt: at, Payload: big, Client: []byte(`{}`), Detail: "raw"},
	}
	for range 2 {
		if err := h.Source.Reject(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.Rejections(t); n != 2 {
		t.Errorf("%d rejections", n)
	}
	for i, r := range list {
		if got := h.Payload(t, r.ID); string(got) != string(r.Payload) {
			t.Errorf("rejection %d kept %d bytes, want %d", i, len(got), len(r.Payload))
		}
	}
}

func prepareTwice(t *testing.T, h *Harness) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := h.Source.Prepare(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func lookup(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "twin", "code", "a")), h.insert(2, doc("name", "twin", "code", "b")))
	find := func(field, v string) (value.Value, bool, error) {
		return h.Source.Lookup(t.Context(), h.Items.Collection, map[string]value.Value{field: v}, "code")
	}
	if v, ok, err := find("code", "a"); err != nil || !ok || v != "a" {
		t.Errorf("one: %v %v %v", v, ok, err)
	}
	if v, ok, err := find("code", "z"); err != nil || ok {
		t.Errorf("none: %v %v %v", v, ok, err)
	}
	if v, ok, err := find("name", "twin"); err == nil || ok {
		t.Errorf("two: %v %v %v", v, ok, err)
	}
	if _, ok, err := find("name", "' OR '1'='1"); err != nil || ok {
		t.Errorf("injection: %v %v", ok, err)
	}
}

func failing(t *testing.T, src source.Source, want source.Class) {
	t.Helper()
	defer src.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tx, err := src.Begin(ctx, source.Session{})
	if err == nil {
		defer tx.Rollback(ctx)
		_, err = tx.Read(ctx, []source.Ref{{Table: &source.Table{Name: "items", Collection: "public.items", Key: "id", ID: bundle.TypeString}, ID: "x"}})
	}
	var f *source.Failure
	if !errors.As(err, &f) || f.Class != want {
		t.Errorf("reading: %v, want class %d", err, want)
	}
	if err := src.Reject(ctx, []source.Rejection{{ID: "r", CreatedAt: at}}); source.FailureOf(err) == nil || source.FailureOf(err).Class != want {
		t.Errorf("rejecting: %v, want class %d", err, want)
	}
}

func down(t *testing.T, h *Harness) { failing(t, h.Down(t), source.Down) }

func locked(t *testing.T, h *Harness) {
	if h.Locked == nil {
		t.Log("this server has no log-in; the real one is tested by the source's own suite")
		return
	}
	failing(t, h.Locked(t), source.Misconfigured)
}

func closed(t *testing.T, h *Harness) {
	if err := h.Source.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.apply(t, h.insert(1, doc("name", "x"))); source.FailureOf(err) == nil || source.FailureOf(err).Class != source.Down {
		t.Errorf("got %v", err)
	}
	if err := h.Source.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func tests(t *testing.T, h *Harness) {
	report, err := h.Source.Test(t.Context())
	if err != nil || !report.OK || report.Server == "" || len(report.Checks) < 3 {
		t.Fatalf("%+v %v", report, err)
	}
	bad := h.Down(t)
	defer bad.Close()
	report, err = bad.Test(t.Context())
	if err != nil || report.OK {
		t.Fatalf("a server that is down passes: %+v %v", report, err)
	}
	for _, c := range report.Checks {
		if !c.OK && c.Fix == "" {
			t.Errorf("the failed check %s names no fix", c.Name)
		}
	}
}

func inspect(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "a", "n", int64(1), "at", at, "done", true, "amount", value.Decimal("1.5"))))
	found, err := h.Source.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found.Tables {
		if p.Table.Collection != h.Items.Collection {
			continue
		}
		want := map[string]bundle.TypeName{"name": bundle.TypeString, "n": bundle.TypeInt64, "at": bundle.TypeDate, "done": bundle.TypeBool, "amount": bundle.TypeDecimal}
		for name, typ := range want {
			if got := p.Table.Fields[name].Type.Name; got != typ {
				t.Errorf("%s is proposed as %s, want %s", name, got, typ)
			}
		}
		if p.Table.ID != h.Items.ID {
			t.Errorf("ids are proposed as %s, want %s", p.Table.ID, h.Items.ID)
		}
		return
	}
	t.Errorf("%s is not among %+v", h.Items.Collection, found.Tables)
}

func create(t *testing.T, h *Harness) {
	creator, ok := h.Source.(source.Creator)
	if !ok {
		return // a shortcut that a source need not have
	}
	do := func(changes ...source.Change) bool {
		created, err := creator.Create(t.Context(), source.Session{}, changes)
		if err != nil {
			t.Fatal(err)
		}
		return created
	}
	if !do(h.insert(1, doc("name", "a", "code", "x"))) || !do(h.insert(2, doc("name", "b")), h.insert(3, doc("name", "c"))) {
		t.Error("new rows were not created")
	}
	h.want(t, 3, "name", "c")
	if do(h.insert(1, doc("name", "again"))) || do(h.insert(4, doc("name", "d")), h.insert(2, doc("name", "again"))) || do(h.insert(5, doc("code", "x")), h.insert(6, doc("code", "y"))) {
		t.Error("it says created although a row or a unique value was there")
	}
	h.want(t, 1, "name", "a", "code", "x")
	for _, n := range []int{4, 5, 6} {
		if h.row(t, n) != nil {
			t.Errorf("row %d of a refused creation is stored", n)
		}
	}
}
