package sourcetest

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/runtime/source"
)

// receiptTests are the promises that exactly once rests on.
var receiptTests = map[string]func(*testing.T, *Harness){
	"receipts come back as they were written":             receiptsRoundTrip,
	"receipts of several clients come back, too":          receiptsTogether,
	"a claim is told what names its operations":           claimedOperations,
	"two transactions with one operation: one commits":    sameOperation,
	"many transactions with one operation: one commits":   manyOperations,
	"a receipt and its changes are all or nothing":        receiptsAreAtomic,
	"creating with receipts meets no operation twice":     createOnce,
	"many creations of one operation: one succeeds":       createRace,
	"rows as expected are changed without reading":        directUpdates,
	"a number that is taken stops a direct write":         directNumbers,
	"direct writers never lose an update":                 directRace,
	"several clients read in one transaction":             readTogether,
	"a rejection and its receipt are one":                 rejectionWithReceipt,
	"a rejection that moved on stops the commit":          settleMoved,
	"rows of waiting rejections are told, with notes":     rejectedRows,
	"a sweep raises floors and keeps blocks whole":        sweepFloors,
	"a sweep of many receipts ends, and goes once":        sweepMany,
	"a sweep between reading and writing is a conflict":   sweepBetween,
	"a sweep removes old rejections and clients":          sweepRest,
	"erasing a user keeps receipts and others' rejection": erase,
}

func ownerOf(n int) source.Owner { return source.Owner{byte(n), 0xff, 0, 7} }

func print(n int) source.Print { return source.Print{byte(n), 0, 1, 0xff} }

// recent is a time within this minute, as receipts have it.
func recent() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// receipt names operations of one block.
func receipt(owner int, seq int, at time.Time, ops ...int64) source.Receipt {
	r := source.Receipt{Owner: ownerOf(owner), Block: ops[0] >> 5, Seq: int32(seq), At: at, Ops: ops}
	for _, op := range ops {
		r.Prints = append(r.Prints, print(int(op)))
	}
	return r
}

func claim(owner int, blocks ...int64) *source.Claim {
	return &source.Claim{Owner: ownerOf(owner), Blocks: blocks}
}

// finish commits without changes and without reading.
func (h *Harness) finish(t *testing.T, f source.Finish) error {
	t.Helper()
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		return err
	}
	defer tx.Rollback(t.Context())
	return tx.Apply(t.Context(), nil, &f)
}

func (h *Harness) mustFinish(t *testing.T, f source.Finish) {
	t.Helper()
	if err := h.finish(t, f); err != nil {
		t.Fatal(err)
	}
}

// history reads what is known of a claim, together with some rows.
func (h *Harness) history(t *testing.T, c *source.Claim, rows ...int) source.History {
	t.Helper()
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	_, known, err := tx.Read(t.Context(), h.refs(rows...), c)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(known.Receipts, func(a, b source.Receipt) int {
		if a.Block != b.Block {
			return int(a.Block - b.Block)
		}
		return int(a.Seq - b.Seq)
	})
	return known
}

func (h *Harness) refs(rows ...int) []source.Ref {
	refs := make([]source.Ref, len(rows))
	for i, n := range rows {
		refs[i] = source.Ref{Table: h.Items, ID: h.ID(n)}
	}
	return refs
}

// ways are the numbers of rows that a transaction may read: sources take shortcuts for one.
var ways = map[string][]int{"no row": nil, "one row": {1}, "two rows": {1, 2}}

func receiptsRoundTrip(t *testing.T, h *Harness) {
	now := recent()
	full := receipt(1, 0, now, 32, 33, 40)
	full.Result = []byte(`{"status":"fatal_error","x":"\u0000\"é"}`)
	bare := source.Receipt{Owner: ownerOf(1), Block: 3, At: at, Prints: []source.Print{print(1), print(1)}}
	second := receipt(1, 1, now, 34)
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{full, bare, receipt(1, 0, now, 9_007_199_254_740_992)}})
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{second}})
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(2, 0, now, 32)}})
	want := []source.Receipt{full, second, bare}
	h.must(t, h.insert(1, doc("name", "there")))
	for way, rows := range ways {
		got := h.history(t, claim(1, 1, 2, 3), rows...)
		if got.HasFloor || got.Rejected || len(got.Receipts) != len(want) {
			t.Errorf("%s: %+v", way, got)
			continue
		}
		for i := range want {
			same(t, way, got.Receipts[i], want[i])
		}
		if got := h.history(t, claim(1, 9_007_199_254_740_992>>5), rows...); len(got.Receipts) != 1 || got.Receipts[0].Ops[0] != 9_007_199_254_740_992 {
			t.Errorf("%s: a large operation id: %+v", way, got)
		}
		if got := h.history(t, claim(3, 1, 2, 3), rows...); len(got.Receipts) != 0 {
			t.Errorf("%s: another owner's receipts are told: %+v", way, got)
		}
		if got := h.history(t, nil, rows...); got.Rejected || got.HasFloor || got.Receipts != nil {
			t.Errorf("%s: without a claim: %+v", way, got)
		}
	}
}

func same(t *testing.T, way string, got, want source.Receipt) {
	t.Helper()
	if got.Owner != want.Owner || got.Block != want.Block || got.Seq != want.Seq || !slices.Equal(got.Ops, want.Ops) || (got.Ops == nil) != (want.Ops == nil) ||
		!slices.Equal(got.Prints, want.Prints) || !got.At.Equal(want.At) || !bytes.Equal(got.Result, want.Result) || (got.Result == nil) != (want.Result == nil) {
		t.Errorf("%s: got %+v, want %+v", way, got, want)
	}
}

// process is what the pipeline does with one operation: it adds one to rows unless the operation is
// known. between runs after reading.
func (h *Harness) process(ctx context.Context, op int64, rows []int, change bool, between func()) (applied bool, err error) {
	tx, err := h.Source.Begin(ctx, source.Session{UserID: "u1"})
	if err != nil {
		return false, err
	}
	defer tx.Rollback(ctx)
	got, known, err := tx.Read(ctx, h.refs(rows...), claim(1, op>>5))
	if err != nil {
		return false, err
	}
	between()
	for _, r := range known.Receipts {
		if slices.Contains(r.Ops, op) {
			return false, nil
		}
	}
	var changes []source.Change
	for i, n := range rows {
		if !change {
			break
		}
		if got[i].Doc == nil {
			changes = append(changes, h.insert(n, doc("n", int64(1))))
			continue
		}
		was, _ := got[i].Doc.Get("n")
		changes = append(changes, h.update(n, doc("n", was.(int64)+1), "n"))
	}
	err = tx.Apply(ctx, changes, &source.Finish{Receipts: []source.Receipt{receipt(1, len(known.Receipts), recent(), op)}})
	return err == nil, err
}

func sameOperation(t *testing.T, h *Harness) {
	op := int64(100)
	for _, change := range []bool{true, false} {
		for way, rows := range ways {
			op++
			var inner string
			applied, err := h.process(t.Context(), op, rows, change, func() {
				_, err := h.process(t.Context(), op, rows, change, func() {})
				inner = class(err)
			})
			if inner != "success" || applied || source.FailureOf(err) == nil || source.FailureOf(err).Class != source.Conflict {
				t.Errorf("%s, changing %v: first %s, second %v %v", way, change, inner, applied, err)
			}
			if applied, err := h.process(t.Context(), op, rows, change, func() {}); applied || err != nil {
				t.Errorf("%s, changing %v: the retry does not see the receipt: %v", way, change, err)
			}
		}
	}
	h.want(t, 1, "n", int64(2))
	h.want(t, 2, "n", int64(1))
}

func manyOperations(t *testing.T, h *Harness) {
	const copies, ops = 4, 40
	var wg sync.WaitGroup
	var applied atomic.Int64
	for range copies {
		wg.Go(func() {
			for op := range int64(ops) {
				again(t, func() error {
					done, err := h.process(t.Context(), op, ways[[]string{"one row", "two rows"}[op%2]], true, func() {})
					if done {
						applied.Add(1)
					}
					return err
				})
			}
		})
	}
	wg.Wait()
	if applied.Load() != ops {
		t.Errorf("%d of %d operations were applied", applied.Load(), ops)
	}
	h.want(t, 1, "n", int64(ops))
	h.want(t, 2, "n", int64(ops/2))
	if got := h.history(t, claim(1, 0, 1)); len(got.Receipts) != ops {
		t.Errorf("%d receipts", len(got.Receipts))
	}
}

func receiptsAreAtomic(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("code", "taken")))
	for way, rows := range map[string][]int{"one row": {2}, "two rows": {2, 3}} {
		tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := tx.Read(t.Context(), h.refs(rows...), claim(1, 0)); err != nil {
			t.Fatal(err)
		}
		err = tx.Apply(t.Context(), []source.Change{h.insert(2, doc("code", "taken"))}, &source.Finish{Receipts: []source.Receipt{receipt(1, 0, recent(), 1)}})
		tx.Rollback(t.Context())
		if f := source.FailureOf(err); f == nil || f.Class != source.Refused || f.Code != "UNIQUE_VIOLATION" {
			t.Errorf("%s: %v", way, err)
		}
		if got := h.history(t, claim(1, 0)); len(got.Receipts) != 0 {
			t.Errorf("%s: a refused transaction left receipts: %+v", way, got)
		}
	}
	// A receipt that is taken wins over what the data would be refused for.
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(1, 0, recent(), 1)}})
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	err = tx.Apply(t.Context(), []source.Change{h.insert(4, doc("name", "x"))}, &source.Finish{Receipts: []source.Receipt{receipt(1, 0, recent(), 2)}})
	if f := source.FailureOf(err); f == nil || f.Class != source.Conflict {
		t.Errorf("a taken receipt: %v", err)
	}
	if h.row(t, 4) != nil {
		t.Error("a transaction whose receipt was taken is stored")
	}
}

func waiting(id, status string, rows ...source.RejectedRow) *source.Rejection {
	return &source.Rejection{ID: id, UserID: "u1", TableName: "items", RowID: "r1", ErrorCode: "INVALID_DATA", Message: "no", Status: source.RejectionStatus(status),
		CreatedAt: at, Owner: ownerOf(1), Operation: -1, Payload: []byte(`{}`), Rows: rows}
}

func rejectionWithReceipt(t *testing.T, h *Harness) {
	r := receipt(1, 0, recent(), 1)
	r.Result = []byte(`{"status":"fatal_error"}`)
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{r}, Rejection: waiting("rej_1", "open")})
	err := h.finish(t, source.Finish{Receipts: []source.Receipt{r}, Rejection: waiting("rej_2", "open")})
	if f := source.FailureOf(err); f == nil || f.Class != source.Conflict {
		t.Errorf("the receipt was taken, and the commit says %v", err)
	}
	if n := h.count(t); n != 1 {
		t.Errorf("%d rejections", n)
	}
	if got := h.history(t, claim(1, 0)); len(got.Receipts) != 1 || string(got.Receipts[0].Result) != string(r.Result) {
		t.Errorf("%+v", got)
	}
}

func settleMoved(t *testing.T, h *Harness) {
	h.mustFinish(t, source.Finish{Rejection: waiting("rej_1", "open", source.RejectedRow{TableName: "items", RowID: "r1", Creates: true})})
	settle := func() source.Finish {
		return source.Finish{
			Receipts: []source.Receipt{receipt(1, len(h.history(t, claim(1, 0)).Receipts), recent(), 1)},
			Settle:   []source.Settlement{{ID: "rej_1", From: []source.RejectionStatus{source.Open, source.Held}, To: source.Superseded, At: at}},
		}
	}
	apply := func(n int) error {
		tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		if _, _, err := tx.Read(t.Context(), h.refs(n), claim(1, 0)); err != nil {
			t.Fatal(err)
		}
		f := settle()
		return tx.Apply(t.Context(), []source.Change{h.insert(n, doc("name", "x"))}, &f)
	}
	if err := apply(1); err != nil {
		t.Fatal(err)
	}
	if known := h.history(t, claim(1, 0)); known.Rejected || len(known.Receipts) != 1 {
		t.Errorf("a superseded rejection still waits: %+v", known)
	}
	err := apply(2)
	if f := source.FailureOf(err); f == nil || f.Class != source.Conflict || f.Code != "rejection_moved" {
		t.Errorf("got %v", err)
	}
	if h.row(t, 2) != nil || len(h.history(t, claim(1, 0)).Receipts) != 1 {
		t.Error("part of a commit that was stopped is stored")
	}
	got, err := h.Source.Rejection(t.Context(), "rej_1")
	if err != nil || got.Status != source.Superseded || !got.SettledAt.Equal(at) || len(got.Rows) != 0 {
		t.Errorf("%+v %v", got, err)
	}
}

func rejectedRows(t *testing.T, h *Harness) {
	h.mustFinish(t, source.Finish{Rejection: waiting("rej_1", "open", source.RejectedRow{TableName: "items", RowID: "r1", Creates: true}, source.RejectedRow{TableName: "items", RowID: "r2"})})
	held := waiting("rej_2", "held", source.RejectedRow{TableName: "items", RowID: "r1"})
	held.Owner, held.Group = ownerOf(2), "rej_1"
	h.mustFinish(t, source.Finish{Rejection: held})
	for way, rows := range ways {
		if !h.history(t, claim(9, 1), rows...).Rejected || !h.history(t, nil, rows...).Rejected {
			t.Errorf("%s: nobody tells that a rejection waits", way)
		}
	}
	look := func(ids ...string) []source.RejectedRow {
		tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		if _, _, err := tx.Read(t.Context(), h.refs(1), claim(1, 1)); err != nil {
			t.Fatal(err)
		}
		names := []source.RowName{{TableName: "others", RowID: "r1"}}
		for _, id := range ids {
			names = append(names, source.RowName{TableName: "items", RowID: id})
		}
		found, err := tx.Rejected(t.Context(), names)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(found, func(a, b source.RejectedRow) int { return bytes.Compare([]byte(a.Rejection), []byte(b.Rejection)) })
		return found
	}
	found := look("r1", "r3")
	if len(found) != 2 || found[0].Rejection != "rej_1" || !found[0].Creates || found[0].Owner != ownerOf(1) || found[0].Group != "rej_1" ||
		found[1].Rejection != "rej_2" || found[1].Creates || found[1].Owner != ownerOf(2) || found[1].Group != "rej_1" {
		t.Fatalf("%+v", found)
	}
	h.mustFinish(t, source.Finish{Notes: []source.Note{{TableName: "items", RowID: "r1", Written: []string{"a.b", `od"d,{}`}}, {TableName: "items", RowID: "none", Deleted: true}}})
	h.mustFinish(t, source.Finish{Notes: []source.Note{{TableName: "items", RowID: "r1", Written: []string{"a.b", "c"}, Deleted: true}}})
	for _, r := range look("r1") {
		slices.Sort(r.Written)
		if !slices.Equal(r.Written, []string{"a.b", "c", `od"d,{}`}) || !r.Deleted {
			t.Errorf("notes: %+v", r)
		}
	}
	if r := look("r2"); len(r) != 1 || len(r[0].Written) != 0 || r[0].Deleted {
		t.Errorf("another row has notes: %+v", r)
	}
}

func erase(t *testing.T, h *Harness) {
	theirs := waiting("rej_3", "open")
	theirs.UserID = "u2"
	h.mustFinish(t, source.Finish{Rejection: waiting("rej_1", "open", source.RejectedRow{TableName: "items", RowID: "r1"}), Receipts: []source.Receipt{receipt(1, 0, recent(), 1)}})
	h.mustFinish(t, source.Finish{Rejection: waiting("rej_2", "discarded")})
	h.mustFinish(t, source.Finish{Rejection: theirs})
	for _, want := range []int{2, 0} {
		if n, err := h.Source.Erase(t.Context(), "u1"); n != want || err != nil {
			t.Errorf("%d %v, want %d", n, err, want)
		}
	}
	if n := h.count(t); n != 1 {
		t.Errorf("%d rejections", n)
	}
	if known := h.history(t, claim(1, 0)); len(known.Receipts) != 1 || known.Rejected {
		t.Errorf("%+v", known)
	}
}
