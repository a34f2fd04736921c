package devmongo

import (
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// js reads a document as people write it.
func js(t *testing.T, s string) D {
	t.Helper()
	var d D
	if err := bson.UnmarshalExtJSON([]byte(s), false, &d); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return d
}

func text(t *testing.T, d any) string {
	t.Helper()
	b, err := bson.MarshalExtJSON(d, false, false)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestUpdates: document, update statement, what the document is then, or which code.
func TestUpdates(t *testing.T) {
	for _, c := range []struct{ doc, update, more, want string }{
		{`{"n":1}`, `{"$inc":{"n":2,"m":1}}`, ``, `{"n":3,"m":1}`},
		{`{"n":1}`, `{"$inc":{"n":"x"}}`, ``, `code 14`},
		{`{"n":5}`, `{"$max":{"n":3,"m":3}}`, ``, `{"n":5,"m":3}`},
		{`{"n":5}`, `{"$min":{"n":3}}`, ``, `{"n":3}`},
		{`{"n":5}`, `{"$mul":{"n":3,"m":2}}`, ``, `{"n":15,"m":0}`},
		{`{"n":5}`, `{"$setOnInsert":{"m":3},"$set":{"n":1}}`, ``, `{"n":1}`},
		{`{"a":[1]}`, `{"$push":{"a":2}}`, ``, `{"a":[1,2]}`},
		{`{}`, `{"$push":{"a":{"$each":[1,2]}}}`, ``, `{"a":[1,2]}`},
		{`{"a":[1]}`, `{"$push":{"a":{"$each":[4,3],"$position":0,"$slice":2}}}`, ``, `{"a":[4,3]}`},
		{`{"a":[2]}`, `{"$push":{"a":{"$each":[3,1],"$sort":-1}}}`, ``, `{"a":[3,2,1]}`},
		{`{"a":[{"k":2}]}`, `{"$push":{"a":{"$each":[{"k":1}],"$sort":{"k":1}}}}`, ``, `{"a":[{"k":1},{"k":2}]}`},
		{`{"a":[1,2,3]}`, `{"$push":{"a":{"$each":[4],"$slice":-2}}}`, ``, `{"a":[3,4]}`},
		{`{"a":1}`, `{"$push":{"a":2}}`, ``, `code 2`},
		{`{"a":[1]}`, `{"$addToSet":{"a":{"$each":[1,2,2]}}}`, ``, `{"a":[1,2]}`},
		{`{"a":[1]}`, `{"$addToSet":{"a":1}}`, ``, `{"a":[1]}`},
		{`{"a":[1,2,3]}`, `{"$pull":{"a":{"$gte":2}}}`, ``, `{"a":[1]}`},
		{`{"a":[{"k":1,"x":1},{"k":2}]}`, `{"$pull":{"a":{"k":1}}}`, ``, `{"a":[{"k":2}]}`},
		{`{"a":[1,2,1]}`, `{"$pull":{"a":1}}`, ``, `{"a":[2]}`},
		{`{"a":[1,2,3]}`, `{"$pullAll":{"a":[1,3]}}`, ``, `{"a":[2]}`},
		{`{"a":[1,2,3]}`, `{"$pop":{"a":-1}}`, ``, `{"a":[2,3]}`},
		{`{"a":[1,2]}`, `{"$inc":{"a.$[]":1}}`, ``, `{"a":[2,3]}`},
		{`{"a":[1,5,9]}`, `{"$set":{"a.$[x]":0}}`, `"arrayFilters":[{"x":{"$gt":4}}]`, `{"a":[1,0,0]}`},
		{`{"a":[{"k":1,"b":[1,2]},{"k":2,"b":[1,2]}]}`, `{"$inc":{"a.$[x].b.$[]":1}}`, `"arrayFilters":[{"x.k":2}]`, `{"a":[{"k":1,"b":[1,2]},{"k":2,"b":[2,3]}]}`},
		{`{"a":[{"k":1},{"k":2}]}`, `{"$unset":{"a.$[x].k":1}}`, `"arrayFilters":[{"$or":[{"x.k":2},{"x.k":3}]}]`, `{"a":[{"k":1},{}]}`},
		{`{"a":[1]}`, `{"$set":{"a.$[x]":0}}`, ``, `code 2`},
		{`{"a":[1]}`, `{"$set":{"n":0}}`, `"arrayFilters":[{"x":1}]`, `code 9`},
		{`{"a":1}`, `{"$set":{"a.$[]":0}}`, ``, `code 2`},
		{`{"a":[1]}`, `{"$set":{"a.$":0}}`, ``, `code 238`},
		{`{"a":1}`, `{"$set":{"b":1,"b.c":2}}`, ``, `code 40`},
		{`{"a":1}`, `{"$set":{"_id":7}}`, ``, `code 66`},
		{`{"a":1}`, `{"$rename":{"a":"b"}}`, ``, `{"b":1}`},
		{`{"a":1}`, `{"$frobnicate":{"a":"b"}}`, ``, `code 9`},
		{`{"a":1}`, `{"$set":{"a":2}}`, `"collation":{"locale":"de"}`, `code 238`},
		{`{"a":1,"b":2}`, `[{"$set":{"c":{"$add":["$a","$b"]}}},{"$unset":"a"}]`, ``, `{"b":2,"c":3}`},
	} {
		t.Run(c.doc+c.update, func(t *testing.T) {
			w, _ := open1(t, Options{})
			w.answers("insert", w.call(D{{Key: "insert", Value: "c"}, {Key: "documents", Value: A{append(D{{Key: "_id", Value: int32(1)}}, js(t, c.doc)...)}}}), 0, false)
			statement := `{"q":{"_id":1},"u":` + c.update + `}`
			if c.more != "" {
				statement = strings.TrimSuffix(statement, "}") + "," + c.more + "}"
			}
			reply := w.call(begins(1, D{{Key: "update", Value: "c"}, {Key: "updates", Value: A{js(t, statement)}}}))
			got := ""
			if code, failed := codeOf(reply); failed {
				got = fmt.Sprint("code ", code)
			} else {
				found := w.call(inTxn(1, D{{Key: "find", Value: "c"}}))
				got = text(t, unset(arr(doc(found, "cursor"), "firstBatch")[0].(D), "_id"))
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// codeOf is the code of a failed command or of its first write error.
func codeOf(reply D) (int64, bool) {
	if errs := arr(reply, "writeErrors"); len(errs) > 0 {
		return num(errs[0].(D), "code"), true
	}
	return num(reply, "code"), num(reply, "ok") != 1
}

// TestCommands: commands on ten documents {_id: i, g: i mod 3, at: 10 - i, even numbers also e: i}.
func TestCommands(t *testing.T) {
	const find, aggregate = "cursor.firstBatch", "cursor.firstBatch"
	for _, c := range []struct{ command, field, want string }{
		{`{"find":"c","filter":{"at":{"$lte":3}},"sort":{"at":1},"limit":2,"projection":{"_id":1}}`, find, `[{"_id":9},{"_id":8}]`},
		{`{"find":"c","sort":{"g":-1,"_id":1},"skip":1,"limit":2,"projection":{"g":1}}`, find, `[{"_id":5,"g":2},{"_id":8,"g":2}]`},
		{`{"find":"c","filter":{"_id":{"$in":[3,1]}},"sort":{"_id":1},"limit":1,"projection":{"_id":1}}`, find, `[{"_id":1}]`},
		{`{"count":"c","query":{"g":1}}`, "n", `3`},
		{`{"distinct":"c","key":"g"}`, "values", `[0,1,2]`},
		{`{"aggregate":"c","pipeline":[{"$group":{"_id":"$g","n":{"$sum":1},"last":{"$max":"$at"}}},{"$sort":{"_id":1}}],"cursor":{}}`, aggregate, `[{"_id":0,"n":4,"last":10},{"_id":1,"n":3,"last":9},{"_id":2,"n":3,"last":8}]`},
		{`{"aggregate":"c","pipeline":[{"$match":{"g":0}},{"$count":"n"}],"cursor":{}}`, aggregate, `[{"n":4}]`},
		{`{"delete":"c","deletes":[{"q":{"at":{"$gte":4,"$lt":7}},"limit":0}]}`, "n", `3`},
		{`{"update":"c","updates":[{"q":{"g":0},"u":{"$set":{"z":1}},"multi":true}]}`, "nModified", `4`},
		{`{"findAndModify":"c","query":{"g":1},"sort":{"at":1},"update":{"$inc":{"g":10}},"new":true,"fields":{"g":1}}`, "value", `{"_id":7,"g":11}`},
		{`{"findAndModify":"c","query":{"_id":77},"update":{"$setOnInsert":{"s":1}},"upsert":true,"new":true}`, "value", `{"_id":77,"s":1}`},
		{`{"update":"c","updates":[{"q":{"_id":99,"k":"x"},"u":{"$inc":{"n":1},"$setOnInsert":{"s":1}},"upsert":true}]}`, "upserted", `[{"index":0,"_id":99}]`},
		{`{"createIndexes":"c","indexes":[{"key":{"g":1,"at":-1},"name":"two","unique":true}]}`, "numIndexesAfter", `2`},
		{`{"createIndexes":"c","indexes":[{"key":{"g":1},"name":"g","unique":true}]}`, "code", `11000`},
		{`{"createIndexes":"c","indexes":[{"key":{"g":1},"name":"g","unique":true,"partialFilterExpression":{"e":{"$gte":8}}}]}`, "numIndexesAfter", `2`},
		{`{"createIndexes":"c","indexes":[{"key":{"g":"text"},"name":"g"}]}`, "code", `238`},
		{`{"aggregate":"c","pipeline":[{"$facet":{}}],"cursor":{}}`, "code", `238`},
		{`{"aggregate":"c","pipeline":[{"$nonsense":{}}],"cursor":{}}`, "code", `40324`},
		{`{"aggregate":"c","pipeline":[{"$project":{"x":{"$toUpper":"$g"}}}],"cursor":{}}`, "code", `238`},
		{`{"find":"c","filter":{"$where":"true"}}`, "code", `238`},
		{`{"find":"c","filter":{"g":{"$nonsense":1}}}`, "code", `2`},
		{`{"find":"c","collation":{"locale":"de"}}`, "code", `238`},
		{`{"explain":{"find":"c"}}`, "code", `238`},
		{`{"bulkWrite":1}`, "code", `238`},
		{`{"nonsense":1}`, "code", `59`},
		{`{"setParameter":1,"transactionLifetimeLimitSeconds":5}`, "was", `60`},
		{`{"setParameter":1,"logLevel":5}`, "code", `238`},
		{`{"create":"v","validator":{"$jsonSchema":{"properties":{"a":{"oneOf":[]}}}}}`, "code", `238`},
	} {
		t.Run(c.command, func(t *testing.T) {
			w, _ := open1(t, Options{})
			docs := A{}
			for i := range int32(10) {
				d := D{{Key: "_id", Value: i}, {Key: "g", Value: i % 3}, {Key: "at", Value: 10 - i}}
				if i%2 == 0 {
					d = append(d, E{Key: "e", Value: i})
				}
				docs = append(docs, d)
			}
			w.answers("insert", w.call(D{{Key: "insert", Value: "c"}, {Key: "documents", Value: docs}}), 0, false)
			reply := w.call(js(t, c.command))
			got, _ := at(reply, c.field)
			if l, ok := got.(A); ok && len(l) == 0 {
				got = nil
			}
			if s := strings.TrimSuffix(strings.TrimPrefix(text(t, D{{Key: "v", Value: got}}), `{"v":`), "}"); s != c.want {
				t.Errorf("%s is %s, want %s, in %s", c.field, s, c.want, text(t, reply))
			}
			if c.want == "238" && !strings.Contains(str(reply, "errmsg"), "TURNKEY_MONGODB_URI") {
				t.Errorf("it does not say what to do: %s", text(t, reply))
			}
		})
	}
}

// TestPartialUniqueIndex: only the documents of the filter must differ, also within transactions.
func TestPartialUniqueIndex(t *testing.T) {
	w, _ := open1(t, Options{})
	w.answers("index", w.call(js(t, `{"createIndexes":"c","indexes":[{"key":{"a":1,"b":1},"name":"ab","unique":true,"partialFilterExpression":{"open":true}}]}`)), 0, false)
	insert := func(id int, open bool) D {
		return D{{Key: "insert", Value: "c"}, {Key: "documents", Value: A{D{{Key: "_id", Value: id}, {Key: "a", Value: 1}, {Key: "b", Value: 2}, {Key: "open", Value: open}}}}}
	}
	for _, step := range []struct {
		cmd  D
		code int64
	}{
		{insert(1, true), 0}, {insert(2, false), 0}, {insert(3, false), 0}, {insert(4, true), 11000},
		{js(t, `{"update":"c","updates":[{"q":{"_id":2},"u":{"$set":{"open":true}}}]}`), 11000},
		{js(t, `{"update":"c","updates":[{"q":{"_id":1},"u":{"$set":{"open":false}}}]}`), 0},
		{js(t, `{"update":"c","updates":[{"q":{"_id":2},"u":{"$set":{"open":true}}}]}`), 0},
		{begins(1, insert(5, true)), 11000},
		{begins(2, js(t, `{"delete":"c","deletes":[{"q":{"_id":2},"limit":1}]}`)), 0},
		{inTxn(2, insert(6, true)), 0},
		{inTxn(2, js(t, `{"findAndModify":"c","query":{"_id":6},"update":{"$set":{"b":3}}}`)), 0},
		{inTxn(2, js(t, `{"update":"c","updates":[{"q":{"_id":7},"u":{"$set":{"a":1,"b":2,"open":true}},"upsert":true}]}`)), 0},
		{inTxn(2, commits), 0},
		{insert(8, true), 11000},
	} {
		if code, _ := codeOf(w.call(step.cmd)); code != step.code {
			t.Errorf("%s: code %d, want %d", text(t, step.cmd), code, step.code)
		}
	}
}
