package sourcetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// directly writes without reading; receipts have their numbers.
func (h *Harness) directly(t *testing.T, receipts []source.Receipt, changes ...source.Change) bool {
	t.Helper()
	done, err := h.Source.(source.Direct).Write(t.Context(), source.Session{}, changes, receipts, true)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func expecting(c source.Change, pairs ...any) source.Change {
	for i := 0; i < len(pairs); i += 2 {
		c.Expect = append(c.Expect, value.Member{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return c
}

func directUpdates(t *testing.T, h *Harness) {
	if _, ok := h.Source.(source.Direct); !ok {
		return
	}
	h.must(t, h.insert(1, doc("name", "a", "n", int64(1))), h.insert(2, doc("name", "B", "code", "x")), h.insert(3, doc("name", strings.Repeat("long ", 1<<20))))
	h.must(t, h.insert(4, doc("name", "d", "done", true)), h.insert(5, doc("name", "e", "done", true)))
	set := func(n int, name string, pairs ...any) source.Change {
		return expecting(h.update(n, doc("name", name), "name"), pairs...)
	}
	for what, c := range map[string][]source.Change{
		"a row that is not there":           {set(9, "z")},
		"one of several is not there":       {set(1, "z"), set(9, "z")},
		"another value than expected":       {set(1, "z", "n", int64(2))},
		"another spelling than expected":    {set(2, "z", "name", "b")},
		"null where a value is expected":    {set(1, "z", "code", "x")},
		"a value where null is expected":    {set(2, "z", "code", nil)},
		"one of several is not as expected": {set(4, "z", "done", true), set(1, "z", "done", true)},
		"a row that would stay as it is":    {set(1, "a")},
		"one of several would stay":         {set(1, "z"), set(2, "B")},
		"a large row":                       {set(3, "z")},
		"a value that breaks a constraint":  {expecting(h.update(1, doc("code", "x"), "code"))},
	} {
		before := []*value.Object{h.row(t, 1), h.row(t, 2), h.row(t, 4)}
		if h.directly(t, []source.Receipt{receipt(1, 0, recent(), 32)}, c...) || h.directly(t, nil, c...) {
			t.Errorf("%s: it was written", what)
		}
		for i, n := range []int{1, 2, 4} {
			if !value.Equal(h.row(t, n), before[i]) {
				t.Errorf("%s: row %d is now %v", what, n, h.row(t, n))
			}
		}
		if known := h.history(t, claim(1, 1)); len(known.Receipts) > 0 {
			t.Fatalf("%s: receipts %v", what, known.Receipts)
		}
	}
	for what, c := range map[string]struct {
		receipts []source.Receipt
		changes  []source.Change
	}{
		"one row":                     {[]source.Receipt{receipt(2, 0, recent(), 1)}, []source.Change{set(1, "one", "n", int64(1), "code", nil)}},
		"one row, two receipts":       {[]source.Receipt{receipt(2, 0, recent(), 32), receipt(2, 0, recent(), 64)}, []source.Change{set(2, "two", "name", "B")}},
		"two rows":                    {[]source.Receipt{receipt(2, 0, recent(), 96)}, []source.Change{set(4, "four", "done", true), set(5, "five", "done", true)}},
		"one row without a condition": {nil, []source.Change{h.update(4, doc("n", int64(5)), "n")}},
	} {
		if !h.directly(t, c.receipts, c.changes...) {
			t.Errorf("%s: it was not written", what)
		}
		for _, r := range c.receipts {
			if known := h.history(t, claim(2, r.Block)).Receipts; len(known) != 1 {
				t.Errorf("%s: receipts %v", what, known)
			}
		}
	}
	h.want(t, 2, "name", "two", "code", "x")
	h.want(t, 5, "name", "five", "done", true)
}

// directNumbers: a receipt whose number is taken keeps everything from being written, however many rows
// and receipts there are.
func directNumbers(t *testing.T, h *Harness) {
	if _, ok := h.Source.(source.Direct); !ok {
		return
	}
	h.must(t, h.insert(1, doc("name", "a")), h.insert(2, doc("name", "b")))
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(1, 0, recent(), 32)}})
	taken := receipt(1, 0, recent(), 33)
	var many []source.Receipt
	for n := range int64(12) {
		many = append(many, receipt(3, 0, recent(), n<<5))
	}
	for what, receipts := range map[string][]source.Receipt{"one": {taken}, "one of two": {receipt(2, 0, recent(), 1), taken}, "one of many": append(many[:len(many):len(many)], taken)} {
		for rows, changes := range map[string][]source.Change{
			"a new row":     {h.insert(10, doc("name", "new"))},
			"new rows":      {h.insert(10, doc("name", "new")), h.insert(11, doc("name", "new"))},
			"a changed row": {h.update(1, doc("name", "z"), "name")},
			"changed rows":  {h.update(1, doc("name", "z"), "name"), h.update(2, doc("name", "z"), "name")},
		} {
			if h.directly(t, receipts, changes...) {
				t.Errorf("%s number is taken, %s: it was written", what, rows)
			}
		}
	}
	h.want(t, 1, "name", "a")
	if h.row(t, 10) != nil || len(h.history(t, claim(2, 0)).Receipts)+len(h.history(t, claim(3, 0)).Receipts) > 0 {
		t.Error("a part was written")
	}
	next := receipt(1, 1, recent(), 33)
	if !h.directly(t, append(many, next), h.insert(10, doc("name", "new")), h.insert(11, doc("name", "new"))) {
		t.Error("the right number was not written")
	}
	if known := h.history(t, claim(1, 1)).Receipts; len(known) != 2 || known[1].Ops[0] != 33 {
		t.Errorf("receipts %v", known)
	}
	h.mustFinish(t, source.Finish{Rejection: waiting("rej_w", "open", source.RejectedRow{TableName: "items", RowID: "elsewhere"})})
	if h.directly(t, nil, h.update(1, doc("name", "z"), "name")) || h.directly(t, nil, h.update(1, doc("name", "z"), "name"), h.update(2, doc("name", "z"), "name")) {
		t.Error("rows were written while a rejection waits")
	}
}

// directRace: writers that add one to what they have seen lose nothing, whether they write one row or two.
func directRace(t *testing.T, h *Harness) {
	if _, ok := h.Source.(source.Direct); !ok {
		return
	}
	const writers, each = 4, 15
	h.must(t, h.insert(1, doc("n", int64(0))), h.insert(2, doc("n", int64(0))))
	add := func(rows ...int) {
		for done := false; !done; {
			var changes []source.Change
			for _, n := range rows {
				old, _ := h.row(t, n).Get("n")
				changes = append(changes, expecting(h.update(n, doc("n", old.(int64)+1), "n"), "n", old))
			}
			done = h.directly(t, nil, changes...)
		}
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range each {
				if w%2 == 0 {
					add(1)
				} else {
					add(1, 2)
				}
			}
		})
	}
	wg.Wait()
	h.want(t, 1, "n", int64(writers*each))
	h.want(t, 2, "n", int64(writers*each/2))
}

// readTogether: what is known of several clients comes back to each of them alone.
func readTogether(t *testing.T, h *Harness) {
	now := recent()
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(4, 0, at, 500)}})
	h.sweep(t, at.Add(10*short.Receipts), short)
	h.must(t, h.insert(1, doc("name", "a")), h.insert(2, doc("name", "b")))
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(1, 0, now, 32, 33), receipt(2, 0, now, 34), receipt(2, 0, now, 96)}})
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(1, 1, now, 35)}})
	read := func(claims ...*source.Claim) ([]source.Row, []source.History) {
		tx, err := h.Source.Begin(t.Context(), source.Session{})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		rows, known, err := tx.ReadAll(t.Context(), h.refs(2, 9, 1), claims)
		if err != nil || len(rows) != 3 || len(known) != len(claims) {
			t.Fatal(rows, known, err)
		}
		return rows, known
	}
	whole := claim(1, 1, 2)
	whole.Whole, whole.Ops = true, []int64{36}
	rows, known := read(whole, &source.Claim{}, claim(2, 1, 3), claim(4, 3))
	if name, _ := rows[0].Doc.Get("name"); name != "b" || rows[1].Doc != nil || rows[2].Doc == nil {
		t.Error("the rows are not in their order", rows)
	}
	said := func(h source.History) string {
		return fmt.Sprint(len(h.Receipts), " newest ", h.Newest, h.HasNewest, " floor ", h.Floor, h.HasFloor, " rejected ", h.Rejected)
	}
	for i, want := range []string{"2 newest 1 true floor 0 false rejected false", "0 newest 0 false floor 0 false rejected false",
		"2 newest 0 false floor 0 false rejected false", "0 newest 0 false floor 500 true rejected false"} {
		if got := said(known[i]); got != want {
			t.Errorf("claim %d: %s; want %s", i, got, want)
		}
		for _, r := range known[i].Receipts {
			if r.Owner != ownerOf(i+1) && i < 2 || i == 2 && r.Owner != ownerOf(2) {
				t.Errorf("claim %d is told another's receipt", i)
			}
		}
	}
	h.mustFinish(t, source.Finish{Rejection: waiting("rej_w", "open", source.RejectedRow{TableName: "items", RowID: "elsewhere"})})
	for _, claims := range [][]*source.Claim{{{}, claim(1, 1)}, {claim(1, 1), {}}, {{}, {}}} {
		if _, known = read(claims...); !known[0].Rejected || !known[1].Rejected {
			t.Error("a waiting rejection is not told to all")
		}
	}
}

// receiptsTogether are those of a group of transactions: of one time, and success.
func receiptsTogether(t *testing.T, h *Harness) {
	now := recent()
	numbered := []source.Receipt{receipt(4, 0, now, 1, 2, 31), receipt(5, 3, now, 64), receipt(4, 7, now, 32, 33)}
	bare := []source.Receipt{{Owner: ownerOf(6), Block: 3, At: now, Prints: []source.Print{print(1), print(2)}}, {Owner: ownerOf(6), Block: 4, Seq: 2, At: now, Prints: []source.Print{print(3)}}}
	mixed := []source.Receipt{{Owner: ownerOf(7), Block: 0, At: now, Prints: []source.Print{print(1)}}, receipt(7, 0, now.Add(time.Millisecond), 32, 33)}
	for name, list := range map[string][]source.Receipt{"with operations": numbered, "without": bare, "both": mixed} {
		h.mustFinish(t, source.Finish{Receipts: list})
		for _, want := range list {
			c := &source.Claim{Owner: want.Owner, Blocks: []int64{want.Block}}
			if got := h.history(t, c); len(got.Receipts) != 1 {
				t.Errorf("%s: %+v", name, got)
			} else {
				same(t, name, got.Receipts[0], want)
			}
		}
	}
}
