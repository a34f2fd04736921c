package sourcetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// queryTests are about Tx.Find and Tx.Count.
var queryTests = map[string]func(*testing.T, *Harness){
	"a query finds what its conditions say":                queryConditions,
	"a query sorts, skips and limits":                      queryOrder,
	"a query sees the transaction's own writes, no others": querySnapshot,
	"a query after one row that was read":                  queryAfterSolo,
	"what a query found and wrote is never lost":           queryConflict,
	"a query gives at most so many bytes":                  queryBytes,
	"a query that cannot be is refused":                    queryRefused,
	"a query's values are never operators":                 queryOperators,
	"a row is deleted and created again, in pieces":        inPieces,
}

func where(name string, op source.Comparison, values ...value.Value) source.Condition {
	return source.Condition{Path: []string{name}, Op: op, Values: values}
}

// within runs do in a transaction that is given up.
func (h *Harness) within(t *testing.T, do func(tx source.Tx)) {
	t.Helper()
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	do(tx)
}

// names finds rows of Items and lists their names.
func (h *Harness) names(t *testing.T, tx source.Tx, q source.Query) string {
	t.Helper()
	q.Table = h.Items
	rows, fits, err := tx.Find(t.Context(), &q)
	if err != nil || !fits {
		t.Fatalf("%+v: fits %v, %v", q.Where, fits, err)
	}
	var names []string
	for _, r := range rows {
		name, _ := r.Doc.Get("name")
		names = append(names, fmt.Sprint(name))
		if _, ok := r.Doc.Get(h.Items.Key); !ok {
			t.Errorf("a row without its key: %v", r.Doc)
		}
	}
	return strings.Join(names, " ")
}

// four rows: a and b have everything, c has nulls, d has nothing but a name.
func (h *Harness) four(t *testing.T) {
	t.Helper()
	h.must(t,
		h.insert(1, doc("name", "a", "code", "x", "n", int64(9007199254740993), "at", at, "done", true, "amount", value.Decimal("1.10"))),
		h.insert(2, doc("name", "b", "code", "y", "n", int64(-5), "at", at.Add(time.Hour), "done", false, "amount", value.Decimal("20"))),
		h.insert(3, doc("name", "c", "n", nil, "at", nil, "done", nil, "amount", nil)),
		h.insert(4, doc("name", "d")))
}

func queryConditions(t *testing.T, h *Harness) {
	h.four(t)
	for _, c := range []struct {
		want  string
		where []source.Condition
	}{
		{"a b c d", nil},
		{"a", []source.Condition{where("name", source.Eq, "a")}},
		{"b c d", []source.Condition{where("name", source.Ne, "a")}},
		{"", []source.Condition{where("name", source.Eq, "A")}},
		{"a", []source.Condition{where("n", source.Eq, int64(9007199254740993))}},
		{"", []source.Condition{where("n", source.Eq, int64(9007199254740992))}},
		{"c d", []source.Condition{where("n", source.Eq, nil)}},
		{"a b", []source.Condition{where("n", source.Ne, nil)}},
		{"b c d", []source.Condition{where("n", source.Ne, int64(9007199254740993))}},
		{"a", []source.Condition{where("n", source.Gt, int64(-5))}},
		{"a b", []source.Condition{where("n", source.Gte, int64(-5))}},
		{"b", []source.Condition{where("n", source.Lt, int64(0))}},
		{"", []source.Condition{where("n", source.Lt, int64(-5))}},
		{"b", []source.Condition{where("n", source.Lte, int64(-5))}},
		{"b", []source.Condition{where("n", source.Gte, int64(-5)), where("n", source.Lt, int64(7))}},
		{"a", []source.Condition{where("at", source.Lte, at)}},
		{"b", []source.Condition{where("at", source.Gt, at)}},
		{"b", []source.Condition{where("done", source.Eq, false)}},
		{"a", []source.Condition{where("amount", source.Eq, value.Decimal("1.1"))}},
		{"b", []source.Condition{where("amount", source.Gt, value.Decimal("1.10"))}},
		{"a d", []source.Condition{where("name", source.In, "a", "d", "nobody")}},
		{"b c d", []source.Condition{where("n", source.In, nil, int64(-5))}},
		{"c d", []source.Condition{where("n", source.In, nil)}},
		{"", []source.Condition{where("n", source.In)}},
		{"c", []source.Condition{where(h.Items.Key, source.Eq, h.ID(3))}},
		{"a c", []source.Condition{where(h.Items.Key, source.In, h.ID(3), h.ID(1), h.ID(9))}},
		{"c d", []source.Condition{where(h.Items.Key, source.Gt, h.ID(2))}},
	} {
		h.within(t, func(tx source.Tx) {
			if got := h.names(t, tx, source.Query{Where: c.where}); got != c.want {
				t.Errorf("%+v found %q, want %q", c.where, got, c.want)
			}
			n, err := tx.Count(t.Context(), &source.Query{Table: h.Items, Where: c.where, Limit: 1, Skip: 3})
			if err != nil || int(n) != len(strings.Fields(c.want)) {
				t.Errorf("%+v counted %d %v, want %q", c.where, n, err, c.want)
			}
		})
	}
	h.within(t, func(tx source.Tx) { // values come as Read gives them
		rows, _, err := tx.Find(t.Context(), &source.Query{Table: h.Items, Where: []source.Condition{where("name", source.Eq, "a")}})
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		read, _, err := tx.Read(t.Context(), []source.Ref{{Table: h.Items, ID: h.ID(1)}}, nil)
		if err != nil || !value.Equal(read[0].Doc, rows[0].Doc) {
			t.Errorf("found %v, read %v, %v", rows[0].Doc, read[0].Doc, err)
		}
	})
}

func queryOrder(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "a", "n", int64(2))), h.insert(2, doc("name", "b")), h.insert(3, doc("name", "c", "n", int64(1))), h.insert(4, doc("name", "d", "n", int64(2))))
	by := func(name string, descending bool) source.SortKey {
		return source.SortKey{Path: []string{name}, Descending: descending}
	}
	for _, c := range []struct {
		want string
		q    source.Query
	}{
		{"a b c d", source.Query{}},
		{"d c b a", source.Query{Sort: []source.SortKey{by("name", true)}}},
		{"b c a d", source.Query{Sort: []source.SortKey{by("n", false)}}},
		{"a d c b", source.Query{Sort: []source.SortKey{by("n", true)}}},
		{"d a c b", source.Query{Sort: []source.SortKey{by("n", true), by("name", true)}}},
		{"d c b a", source.Query{Sort: []source.SortKey{by(h.Items.Key, true), by("name", false)}}},
		{"a b", source.Query{Limit: 2}},
		{"b c", source.Query{Limit: 2, Skip: 1}},
		{"d", source.Query{Skip: 3}},
		{"", source.Query{Skip: 4}},
		{"d", source.Query{Where: []source.Condition{where("n", source.Eq, int64(2))}, Skip: 1}},
	} {
		h.within(t, func(tx source.Tx) {
			if got := h.names(t, tx, c.q); got != c.want {
				t.Errorf("%+v found %q, want %q", c.q, got, c.want)
			}
		})
	}
	var many []source.Change
	for n := 100; n < 100+source.DefaultFound+1; n++ {
		many = append(many, h.insert(n, doc("name", "m")))
	}
	h.must(t, many...)
	h.within(t, func(tx source.Tx) {
		if got := len(strings.Fields(h.names(t, tx, source.Query{}))); got != source.DefaultFound {
			t.Errorf("without a limit %d rows were found", got)
		}
		if got := len(strings.Fields(h.names(t, tx, source.Query{Limit: source.MaxFound}))); got != len(many)+4 {
			t.Errorf("%d rows were found of all", got)
		}
	})
}

func querySnapshot(t *testing.T, h *Harness) {
	h.four(t)
	h.within(t, func(tx source.Tx) {
		if got := h.names(t, tx, source.Query{}); got != "a b c d" {
			t.Fatal(got)
		}
		h.must(t, h.insert(5, doc("name", "another's")), h.update(4, doc("name", "another's"), "name"))
		changes := []source.Change{h.insert(6, doc("name", "f")), h.update(1, doc("name", "A"), "name"), {Kind: source.Delete, Table: h.Items, ID: h.ID(2)}}
		if err := tx.Apply(t.Context(), changes, nil); err != nil {
			t.Fatal(err)
		}
		if got := h.names(t, tx, source.Query{}); got != "A c d f" {
			t.Errorf("after its own writes, and another's, it finds %q", got)
		}
		if n, err := tx.Count(t.Context(), &source.Query{Table: h.Items}); err != nil || n != 4 {
			t.Errorf("counted %d, %v", n, err)
		}
		rows, _, err := tx.Read(t.Context(), []source.Ref{{Table: h.Items, ID: h.ID(6)}, {Table: h.Items, ID: h.ID(2)}}, nil)
		if err != nil || rows[0].Doc == nil || rows[1].Doc != nil {
			t.Errorf("read %v %v", rows, err)
		}
	})
	h.want(t, 1, "name", "a", "code", "x", "n", int64(9007199254740993), "at", at, "done", true, "amount", value.Decimal("1.10"))
}

// A transaction that has read one row may have done so in a cheaper way, and is a whole one from here on.
func queryAfterSolo(t *testing.T, h *Harness) {
	for _, c := range []struct {
		what    string
		between func()
		want    string
	}{
		{"nothing happens", func() {}, "success"},
		{"the row is changed", func() { h.must(t, h.update(1, doc("name", "theirs"), "name")) }, "conflict"},
		{"the row is deleted", func() { h.must(t, source.Change{Kind: source.Delete, Table: h.Items, ID: h.ID(1)}) }, "conflict"},
		{"another row is changed", func() { h.must(t, h.update(2, doc("name", "theirs"), "name")) }, "success"},
	} {
		for n := range 3 { // row-level security minds that a row is missing
			_ = h.apply(t, source.Change{Kind: source.Delete, Table: h.Items, ID: h.ID(n + 1)})
		}
		h.must(t, h.insert(1, doc("name", "a")), h.insert(2, doc("name", "b")))
		h.within(t, func(tx source.Tx) {
			err := func() error {
				if _, _, err := tx.Read(t.Context(), []source.Ref{{Table: h.Items, ID: h.ID(1)}}, nil); err != nil {
					return err
				}
				c.between()
				if _, _, err := tx.Find(t.Context(), &source.Query{Table: h.Items}); err != nil {
					return err
				}
				if _, _, err := tx.Read(t.Context(), []source.Ref{{Table: h.Items, ID: h.ID(3)}}, nil); err != nil {
					return err
				}
				if err := tx.Apply(t.Context(), []source.Change{h.insert(3, doc("name", "by the code"))}, nil); err != nil {
					return err
				}
				return tx.Apply(t.Context(), []source.Change{h.update(1, doc("name", "mine"), "name")}, &source.Finish{})
			}()
			got := "success"
			if f := source.FailureOf(err); f != nil && f.Class == source.Conflict {
				got = "conflict"
			} else if f != nil {
				got = f.Error()
			}
			if got != c.want || (h.row(t, 3) != nil) != (c.want == "success") {
				t.Errorf("%s: %s, want %s; the code's row is %v", c.what, got, c.want, h.row(t, 3))
			}
		})
	}
}

// Writers that find a row and count it up lose nothing.
func queryConflict(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "counter", "n", int64(0))))
	const writers, rounds = 4, 10
	h.together(t, writers, rounds, func(ctx context.Context) error {
		tx, err := h.Source.Begin(ctx, source.Session{})
		if err != nil {
			return err
		}
		defer tx.Rollback(ctx)
		rows, _, err := tx.Find(ctx, &source.Query{Table: h.Items, Where: []source.Condition{where("name", source.Eq, "counter")}, Limit: 1})
		if err != nil {
			return err
		}
		was, _ := rows[0].Doc.Get("n")
		if err := tx.Apply(ctx, []source.Change{h.update(1, doc("n", was.(int64)+1), "n")}, nil); err != nil {
			return err
		}
		return tx.Apply(ctx, nil, &source.Finish{})
	})
	h.want(t, 1, "name", "counter", "n", int64(writers*rounds))
}

func queryBytes(t *testing.T, h *Harness) {
	big := strings.Repeat("x", source.MaxFoundBytes/4)
	h.must(t, h.insert(1, doc("name", big)), h.insert(2, doc("name", big)), h.insert(3, doc("name", big)), h.insert(4, doc("name", big)), h.insert(5, doc("name", "small")))
	h.within(t, func(tx source.Tx) {
		rows, fits, err := tx.Find(t.Context(), &source.Query{Table: h.Items})
		if err != nil || fits || len(rows) != 0 {
			t.Errorf("%d rows, fits %v, %v", len(rows), fits, err)
		}
		if rows, fits, err = tx.Find(t.Context(), &source.Query{Table: h.Items, Limit: 3}); err != nil || !fits || len(rows) != 3 {
			t.Errorf("fewer rows of the same transaction: %d rows, fits %v, %v", len(rows), fits, err)
		}
		if err := tx.Apply(t.Context(), []source.Change{h.update(5, doc("name", "changed"), "name")}, &source.Finish{}); err != nil {
			t.Error(err)
		}
	})
	h.want(t, 5, "name", "changed")
}

func queryRefused(t *testing.T, h *Harness) {
	long := make([]value.Value, source.MaxIn+1)
	for i := range long {
		long[i] = "x"
	}
	for says, q := range map[string]source.Query{
		"no field":       {Where: []source.Condition{where("$where", source.Eq, "1")}},
		`"b.$gt"`:        {Sort: []source.SortKey{{Path: []string{"b", "$gt"}}}},
		"neither less":   {Where: []source.Condition{where("n", source.Gt, nil)}},
		"at most 1000":   {Limit: source.MaxFound + 1},
		"skips at most":  {Skip: source.MaxSkip + 1},
		"not known":      {Where: []source.Condition{where("n", 0, "x")}},
		"one value":      {Where: []source.Condition{where("n", source.Eq, "x", "y")}},
		"more than 1000": {Where: []source.Condition{where("name", source.In, long...)}},
		"100 conditions": {Where: slices.Repeat([]source.Condition{where("n", source.Eq, nil)}, source.MaxConditions+1)},
	} {
		q.Table = h.Items
		h.within(t, func(tx source.Tx) {
			_, _, err := tx.Find(t.Context(), &q)
			if f := source.FailureOf(err); f == nil || f.Class != source.Refused || !strings.Contains(f.Message, says) {
				t.Errorf("%s: %v", says, err)
			}
			if err := tx.Apply(t.Context(), nil, &source.Finish{}); err == nil {
				t.Errorf("%s: the transaction goes on", says)
			}
		})
	}
}

func queryOperators(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "a")), h.insert(2, doc("name", "' OR '1'='1")), h.insert(3, doc("name", "$where")))
	for text, want := range map[string]string{"' OR '1'='1": "' OR '1'='1", "$where": "$where", "a'; DROP TABLE items; --": "", "{\"$ne\": null}": "", "/.*/": ""} {
		for _, op := range []source.Comparison{source.Eq, source.In} {
			h.within(t, func(tx source.Tx) {
				if got := h.names(t, tx, source.Query{Where: []source.Condition{where("name", op, text)}}); got != want {
					t.Errorf("%q found %q", text, got)
				}
			})
		}
	}
}

// inPieces applies what happens to one row in several steps, with and without a look between.
func inPieces(t *testing.T, h *Harness) {
	for _, looks := range []bool{false, true} {
		_ = h.apply(t, source.Change{Kind: source.Delete, Table: h.Items, ID: h.ID(1)})
		h.must(t, h.insert(1, doc("name", "old", "n", int64(1))))
		h.within(t, func(tx source.Tx) {
			if _, _, err := tx.Read(t.Context(), []source.Ref{{Table: h.Items, ID: h.ID(1)}}, nil); err != nil {
				t.Fatal(err)
			}
			for i, c := range []source.Change{{Kind: source.Delete, Table: h.Items, ID: h.ID(1)}, h.insert(1, doc("name", "new")), h.update(1, doc("name", "newer"), "name")} {
				if looks {
					h.names(t, tx, source.Query{})
				}
				if err := tx.Apply(t.Context(), []source.Change{c}, nil); err != nil {
					t.Fatalf("looks %v: step %d: %v", looks, i, err)
				}
			}
			if err := tx.Apply(t.Context(), nil, &source.Finish{}); err != nil {
				t.Fatal(err)
			}
		})
		h.want(t, 1, "name", "newer")
	}
}
