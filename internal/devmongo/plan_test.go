package devmongo

import (
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestPlansReadLittle: what the commands of the product look at does not grow with what is stored.
func TestPlansReadLittle(t *testing.T) {
	w, st := open1(t, Options{})
	for name, keys := range map[string]string{"t": `{"table":1,"row":1,"_id":1}`, "s": `{"status":1,"_id":1}`, "at": `{"at":1,"_id":1}`, "down": `{"user":1,"n":-1}`} {
		w.answers(name, w.call(D{{Key: "createIndexes", Value: "c"}, {Key: "indexes", Value: A{D{{Key: "name", Value: name}, {Key: "key", Value: js(t, keys)}}}}}), 0, false)
	}
	docs := A{}
	for n := range 5000 {
		docs = append(docs, D{{Key: "_id", Value: int32(n)}, {Key: "table", Value: "a"}, {Key: "row", Value: fmt.Sprint(n)}, {Key: "status", Value: fmt.Sprint("s", n%2)},
			{Key: "at", Value: bson.DateTime(n)}, {Key: "user", Value: fmt.Sprint("u", n%10)}, {Key: "n", Value: int32(n)}})
	}
	w.answers("insert", w.call(D{{Key: "insert", Value: "c"}, {Key: "documents", Value: docs}}), 0, false)
	c := st.coll("d", "c", false)
	for _, x := range []struct {
		filter, sort string
		limit, reads int
		first        int32
	}{
		{`{"_id":4000}`, `{}`, 0, 1, 4000},
		{`{"_id":{"$gte":4000,"$lt":4010}}`, `{}`, 0, 10, 4000},
		{`{"$or":[{"_id":{"$gte":10,"$lte":12}},{"$and":[{"_id":{"$gt":4000}},{"_id":{"$lt":4003}}]}]}`, `{}`, 0, 5, 10},
		{`{"_id":{"$in":[7,4000,9999]},"status":"s0"}`, `{}`, 0, 1, 4000},
		{`{"table":"a","row":{"$in":["7","4000"]}}`, `{}`, 0, 2, 7},
		{`{"$or":[{"table":"a","row":{"$in":["7"]}},{"table":"b","row":{"$in":["7","8"]}}]}`, `{}`, 0, 1, 7},
		{`{}`, `{"_id":-1}`, 3, 3, 4999},
		{`{"status":"s1","_id":{"$lt":4000}}`, `{"_id":-1}`, 3, 3, 3999},
		{`{"at":{"$lt":{"$date":{"$numberLong":"4000"}},"$gte":{"$date":{"$numberLong":"100"}}},"$or":[{"at":{"$gt":{"$date":{"$numberLong":"100"}}}},{"_id":{"$gt":100}}]}`, `{"at":1,"_id":1}`, 3, 4, 101},
		{`{"user":"u3","n":{"$lte":2000}}`, `{"n":-1}`, 2, 2, 1993},
		{`{"user":"u3"}`, `{"n":1}`, 2, 2, 3},
		{`{"user":"u3","n":{"$gt":4980}}`, `{}`, 0, 2, 4983},
		{`{"table":"a"}`, `{"user":1}`, 0, 5000, 0},
	} {
		filter, so := js(t, x.filter), js(t, x.sort)
		p := c.plan(filter, so)
		if p == nil {
			t.Errorf("%s by %s: no plan", x.filter, x.sort)
			continue
		}
		reads, hits := 0, 0
		_ = st.candidates(nil, p, func(_ *entry, d D) (bool, error) {
			reads++
			if ok, _ := match(d, filter); ok {
				hits++
			}
			return x.limit == 0 || hits < x.limit, nil
		})
		if reads != x.reads {
			t.Errorf("%s by %s reads %d documents, want %d", x.filter, x.sort, reads, x.reads)
		}
		stages := A{D{{Key: "$match", Value: filter}}}
		find := D{{Key: "find", Value: "c"}, {Key: "filter", Value: filter}, {Key: "sort", Value: so}, {Key: "limit", Value: int64(x.limit)}}
		if len(so) == 0 { // for one right answer
			so = js(t, `{"n":1}`)
			find = set(find, "sort", so)
		}
		stages = append(stages, D{{Key: "$sort", Value: so}})
		if x.limit > 0 {
			stages = append(stages, D{{Key: "$limit", Value: int64(x.limit)}})
		}
		for _, cmd := range []D{find, {{Key: "aggregate", Value: "c"}, {Key: "pipeline", Value: stages}, {Key: "cursor", Value: D{}}}} {
			l := arr(doc(w.call(cmd), "cursor"), "firstBatch")
			if len(l) == 0 || val(l[0].(D), "_id") != x.first {
				t.Errorf("%s by %v: %v, want %d first", x.filter, so, l, x.first)
			}
		}
	}
	modified := w.call(D{{Key: "findAndModify", Value: "c"}, {Key: "query", Value: js(t, `{"status":"s1"}`)}, {Key: "sort", Value: js(t, `{"_id":-1}`)}, {Key: "remove", Value: true}})
	if val(doc(modified, "value"), "_id") != int32(4999) {
		t.Errorf("removed %v, want the last one", modified)
	}
}
