package devmongo

import "testing"

// TestNothingIsKept: what no snapshot sees any more takes no memory.
func TestNothingIsKept(t *testing.T) {
	w, st := open1(t, Options{})
	remove := func(id any) D {
		return D{{Key: "delete", Value: "c"}, {Key: "deletes", Value: A{D{{Key: "q", Value: D{{Key: "_id", Value: id}}}, {Key: "limit", Value: 1}}}}}
	}
	w.call(inserts("a"))
	w.answers("delete", w.call(remove("a")), 0, false)
	if n := len(st.coll("d", "c", false).docs); n != 0 {
		t.Errorf("after a plain delete: %d entries", n)
	}
	w.answers("a reader", w.call(begins(1, D{{Key: "find", Value: "c"}})), 0, false)
	for range 5 {
		w.call(increments("hot"))
	}
	w.call(inserts("b"))
	w.call(remove("b"))
	other := D{{Key: "id", Value: "other"}}
	w.answers("insert over a deleted one", w.call(set(begins(1, inserts("b")), "lsid", other)), 0, false)
	w.answers("the reader ends", w.call(inTxn(1, commits)), 0, false)
	w.answers("abort", w.call(set(inTxn(1, aborts), "lsid", other)), 0, false)
	w.call(increments("hot"))
	c := st.coll("d", "c", false)
	versions := 0
	for v := c.docs[key("hot")].cur; v != nil; v = v.prev {
		versions++
	}
	if len(c.docs) != 1 || versions != 1 || len(st.graves) != 0 {
		t.Errorf("%d entries, %d versions, %d graves", len(c.docs), versions, len(st.graves))
	}
}
