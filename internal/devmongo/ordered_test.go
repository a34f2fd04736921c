package devmongo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// world draws random documents, filters and transactions. Values are few, so that they meet.
type world struct {
	*rand.Rand
	t  *testing.T
	st *Store
	w  wire
}

func decimal(s string) any {
	d, err := bson.ParseDecimal128(s)
	if err != nil {
		panic(err)
	}
	return d
}

func bin(subtype byte, data string) any { return bson.Binary{Subtype: subtype, Data: []byte(data)} }

// scalars are in the order of BSON, equal ones beside each other in one list.
var scalars = [][]any{
	{bson.MinKey{}},
	{nil, bson.Null{}},
	{math.NaN(), decimal("NaN")}, {math.Inf(-1), decimal("-Infinity")}, {decimal("-1E400")},
	{int64(math.MinInt64)}, {int32(-1), -1.0}, {0.0, math.Copysign(0, -1), int32(0), decimal("0")},
	{int32(1), int64(1), 1.0, decimal("1.0")}, {1.5, decimal("1.5")}, {int64(1) << 53, math.Pow(2, 53)}, {int64(1)<<53 + 1},
	{int64(math.MaxInt64)}, {math.Pow(2, 63), decimal("9223372036854775808")}, {decimal("1E400")}, {math.Inf(1), decimal("Infinity")},
	{""}, {"a"}, {"a\x00"}, {"ab"}, {"b"},
	{D{}}, {D{{Key: "b", Value: int32(1)}}, D{{Key: "b", Value: 1.0}}}, {D{{Key: "a", Value: "x"}}},
	{bin(0, "")}, {bin(0, "b")}, {bin(4, "a")}, {bin(128, "a")}, {bin(0, "aa")}, {bin(0, "ab")},
	{bson.ObjectID{}}, {bson.ObjectID{11: 1}}, {bson.ObjectID{1}},
	{false}, {true},
	{bson.DateTime(-1)}, {bson.DateTime(0)}, {bson.DateTime(1000)},
	{bson.Timestamp{T: 1}}, {bson.Timestamp{T: 1, I: 1}},
	{bson.MaxKey{}},
}

func (r world) scalar() any {
	l := scalars[r.IntN(len(scalars))]
	if r.IntN(2) == 0 {
		l = scalars[6+r.IntN(5)] // numbers often
	}
	return l[r.IntN(len(l))]
}

func (r world) value(arrays bool) any {
	if !arrays || r.IntN(5) > 0 {
		return r.scalar()
	}
	a := A{}
	for range r.IntN(3) {
		a = append(a, r.scalar())
	}
	return a
}

func (r world) document(arrays bool) (d D) {
	for _, f := range []string{"a", "b", "c"} {
		if r.IntN(4) > 0 {
			d = append(d, E{Key: f, Value: r.value(arrays)})
		}
	}
	if r.IntN(3) == 0 {
		sub := any(D{{Key: "e", Value: r.value(arrays)}})
		if arrays && r.IntN(2) == 0 {
			sub = A{sub, D{{Key: "e", Value: r.scalar()}}, int32(1)}
		}
		d = append(d, E{Key: "d", Value: sub})
	}
	return d
}

func (r world) condition(arrays bool) any {
	list := func() (a A) {
		a = A{}
		for range r.IntN(5) {
			a = append(a, r.value(arrays))
		}
		return a
	}
	ops := D{}
	for range 1 + r.IntN(2) {
		switch op := []string{"$eq", "$gt", "$gte", "$lt", "$lte", "$in", "$ne", "$exists", "$nin", "plain"}[r.IntN(10)]; op {
		case "plain":
			return r.value(arrays)
		case "$in", "$nin":
			ops = append(ops, E{Key: op, Value: list()})
		case "$exists":
			ops = append(ops, E{Key: op, Value: r.IntN(2) == 0})
		default:
			ops = append(ops, E{Key: op, Value: r.value(arrays)})
		}
	}
	return ops
}

func (r world) filter(arrays bool, depth int) (f D) {
	for range r.IntN(4) {
		f = append(f, E{Key: []string{"_id", "a", "b", "c", "d.e", "d"}[r.IntN(6)], Value: r.condition(arrays)})
	}
	if depth < 2 && r.IntN(3) == 0 {
		f = append(f, E{Key: []string{"$or", "$and", "$nor"}[r.IntN(3)], Value: A{r.filter(arrays, depth+1), r.filter(arrays, depth+1)}})
	}
	return f
}

func (r world) sort() (so D) {
	for _, f := range []string{"a", "b", "c", "_id"} {
		if r.IntN(3) == 0 {
			so = append(so, E{Key: f, Value: int32(1 - 2*r.IntN(2))})
		}
	}
	r.Shuffle(len(so), func(i, j int) { so[i], so[j] = so[j], so[i] })
	return so
}

// lsidOf a client names its session.
func lsidOf(client int) D {
	return D{{Key: "id", Value: bson.Binary{Subtype: 4, Data: fmt.Appendf(nil, "session %8d", client)}}}
}

// TestIndexesFindWhatAScanFinds, in every open snapshot and outside of them, while documents come,
// change and go in transactions that commit and abort. In the end nothing is left in the indexes.
func TestIndexesFindWhatAScanFinds(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w, st := open1(t, Options{})
			r := world{rand.New(rand.NewPCG(seed, 1)), t, st, w}
			for step := range 300 {
				r.step(r.IntN(6), seed%2 == 1)
				if step%50 == 40 {
					r.index(step / 50)
				}
			}
			r.end()
		})
	}
}

// TestIndexesUnderConcurrentClients is the same with clients that do not wait for each other.
func TestIndexesUnderConcurrentClients(t *testing.T) {
	w, st := open1(t, Options{})
	var clients sync.WaitGroup
	for client := range 6 {
		r := world{rand.New(rand.NewPCG(uint64(client), 2)), t, st, w}
		clients.Go(func() {
			for step := range 100 {
				r.step(client, false)
				if client == 0 && step%20 == 10 {
					r.index(step / 20)
				}
			}
		})
	}
	clients.Wait()
	world{t: t, st: st, w: w}.end()
}

func (r world) index(n int) {
	specs := []D{
		{{Key: "a", Value: int32(1)}}, {{Key: "a", Value: int32(1)}, {Key: "b", Value: int32(-1)}, {Key: "c", Value: int32(1)}},
		{{Key: "c", Value: int32(-1)}, {Key: "_id", Value: int32(1)}}, {{Key: "d.e", Value: int32(1)}}, {{Key: "b", Value: int32(1)}},
	}
	if n < len(specs) {
		r.w.answers("index", r.w.call(D{{Key: "createIndexes", Value: "c"}, {Key: "indexes", Value: A{D{{Key: "name", Value: fmt.Sprint(n)}, {Key: "key", Value: specs[n]}}}}}), 0, false)
	}
}

// step is one command of a client, and a few comparisons. Clients 4 and up use no transactions.
func (r world) step(client int, arrays bool) {
	r.st.mu.Lock()
	c := r.st.coll("d", "c", true)
	num, is := int64(0), idle
	if se := r.st.sessions[key(val(lsidOf(client), "id"))]; se != nil {
		num = se.num
		if se.txn != nil {
			is = open
		}
	}
	r.st.mu.Unlock()
	var cmd D
	switch r.IntN(10) {
	case 0, 1, 2, 3:
		cmd = D{{Key: "insert", Value: "c"}, {Key: "documents", Value: A{append(D{{Key: "_id", Value: r.scalar()}}, r.document(arrays)...)}}}
	case 4, 5, 6:
		cmd = D{{Key: "update", Value: "c"}, {Key: "updates", Value: A{D{{Key: "q", Value: r.filter(arrays, 0)}, {Key: "u", Value: r.document(arrays)}}}}}
	case 7:
		cmd = D{{Key: "delete", Value: "c"}, {Key: "deletes", Value: A{D{{Key: "q", Value: r.filter(arrays, 0)}, {Key: "limit", Value: int32(1)}}}}}
	default:
		if is != open {
			return
		}
		cmd = slices.Clone([]D{commits, aborts}[r.IntN(2)])
	}
	cmd = append(slices.Clip(cmd), E{Key: "maxTimeMS", Value: int64(1)})
	if client < 4 {
		cmd = append(cmd, E{Key: "lsid", Value: lsidOf(client)}, E{Key: "autocommit", Value: false})
		if is != open {
			num++
			cmd = append(cmd, E{Key: "startTransaction", Value: true})
		}
		cmd = append(cmd, E{Key: "txnNumber", Value: num})
	}
	r.w.call(cmd)
	for range 5 {
		r.compare(c, r.filter(arrays, 0), r.sort(), int64(r.IntN(3)), int64(r.IntN(4)))
	}
}

// end takes everything away.
func (r world) end() {
	r.w.call(D{{Key: "killAllSessions", Value: A{}}})
	r.w.call(D{{Key: "delete", Value: "c"}, {Key: "deletes", Value: A{D{{Key: "q", Value: D{}}, {Key: "limit", Value: int32(0)}}}}})
	r.st.mu.Lock()
	defer r.st.mu.Unlock()
	c := r.st.coll("d", "c", false)
	c.trees(func(o *ordered) {
		if n := o.tree.Len(); n != 0 || len(c.docs) != 0 || c.order.Len() != 0 || len(r.st.graves) != 0 {
			r.t.Errorf("index %v: %d items, %d documents, %d graves are left", o.fields, n, len(c.docs), len(r.st.graves))
		}
	})
}

// TestIndexesAfterARestart hold what the journal brings back.
func TestIndexesAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	w, st := open1(t, Options{Path: path})
	for _, id := range []string{"a", "b", "c"} {
		w.call(increments(id))
	}
	w.answers("index", w.call(D{{Key: "createIndexes", Value: "c"}, {Key: "indexes", Value: A{D{{Key: "name", Value: "n"}, {Key: "key", Value: D{{Key: "n", Value: int32(1)}}}}}}}), 0, false)
	w.call(increments("b"))
	w.call(D{{Key: "delete", Value: "c"}, {Key: "deletes", Value: A{D{{Key: "q", Value: D{{Key: "_id", Value: "c"}}}, {Key: "limit", Value: int32(1)}}}}})
	w.s.Close()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	_, st = open1(t, Options{Path: path})
	c := st.coll("d", "c", false)
	c.trees(func(o *ordered) {
		var got []string
		o.tree.Scan(func(it *item) bool { got = append(got, it.e.id.(string)); return true })
		if !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("index %v has %v", o.fields, got)
		}
	})
}

// compare a query with a scan, for everyone and for each open transaction.
func (r world) compare(c *coll, filter, so D, skip, limit int64) {
	r.st.mu.Lock()
	defer r.st.mu.Unlock()
	readers := []*txn{nil}
	for t := range r.st.open {
		readers = append(readers, t)
	}
	for _, t := range readers {
		var want []D
		if err := r.st.search(c, t, filter, nil, func(_ *entry, d D) bool { want = append(want, d); return true }); err != nil {
			r.t.Error(err)
			return
		}
		got, err := r.w.s.query(c, t, filter, so, 0, 0)
		if err != nil {
			r.t.Error(err)
			return
		}
		if !slices.Equal(idsOf(got, true), idsOf(want, true)) {
			r.t.Errorf("%v: %v, a scan finds %v", filter, got, want)
			return
		}
		by := so
		if _, ok := get(so, "_id"); !ok {
			by = append(slices.Clip(so), E{Key: "_id", Value: int32(1)}) // for one right answer
		}
		sortDocs(want, by)
		want = want[min(skip, int64(len(want))):]
		if limit > 0 {
			want = want[:min(limit, int64(len(want)))]
		}
		if got, err = r.w.s.query(c, t, filter, by, skip, limit); err != nil || !slices.Equal(idsOf(got, false), idsOf(want, false)) {
			r.t.Errorf("%v by %v from %d to %d: %v (%v), want %v", filter, by, skip, limit, got, err, want)
		}
	}
}

func idsOf(l []D, sorted bool) (ids []string) {
	for _, d := range l {
		ids = append(ids, key(val(d, "_id")))
	}
	if sorted {
		slices.Sort(ids)
	}
	return ids
}

// TestOrderOfValues: the comparison is the order of BSON, and key is the same exactly for equal values.
func TestOrderOfValues(t *testing.T) {
	for i, l := range scalars {
		for j, m := range scalars {
			for _, a := range l {
				for _, b := range m {
					want := 0
					if i != j {
						want = sign(i < j)
					}
					got := cmp(a, b)
					if got != 0 {
						got = sign(got < 0)
					}
					if got != want || (key(a) == key(b)) != (want == 0) {
						t.Errorf("%T %v and %T %v order %d, want %d; keys %q and %q", a, a, b, b, got, want, key(a), key(b))
					}
				}
			}
		}
	}
}

// TestDeletedAndInsertedAgain in one transaction, the document is there when nobody reads it any more.
func TestDeletedAndInsertedAgain(t *testing.T) {
	w, st := open1(t, Options{})
	w.call(inserts("a"))
	reader := D{{Key: "id", Value: "reader"}}
	w.answers("a reader", w.call(set(begins(1, D{{Key: "find", Value: "c"}}), "lsid", reader)), 0, false)
	w.answers("delete", w.call(begins(1, D{{Key: "delete", Value: "c"}, {Key: "deletes", Value: A{D{{Key: "q", Value: D{{Key: "_id", Value: "a"}}}, {Key: "limit", Value: int32(1)}}}}})), 0, false)
	w.answers("insert", w.call(inTxn(1, inserts("a"))), 0, false)
	w.answers("commit", w.call(inTxn(1, commits)), 0, false)
	w.answers("the reader ends", w.call(set(inTxn(1, commits), "lsid", reader)), 0, false)
	w.call(inserts("b"))
	if w.count("a") != 1 || len(st.graves) != 0 {
		t.Errorf("the document is gone, or %d graves are left", len(st.graves))
	}
}
