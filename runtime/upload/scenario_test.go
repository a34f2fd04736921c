package upload_test

import (
	"net/http"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
)

const todo1 = `{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":"Milk","done":0,"due":"2026-03-01 10:20:30.456Z","count":3,"big":9223372036854775807,"cost":"19.90","city":"Oslo"}}`
const todo1Row = `big=9223372036854775807L cost=19.90 count=3 done=false due=2026-03-01T10:20:30.456Z owner_id=u1 place={city=Oslo} title=Milk`

func TestEveryWireFormGivesTheSameRow(t *testing.T) {
	const data = `{"owner_id":"u1","title":"Milk","done":0,"due":"2026-03-01 10:20:30.456Z","count":3,"big":9223372036854775807,"cost":"19.90","city":"Oslo"}`
	for name, form := range map[string]struct{ method, body string }{
		"reference contract": {"POST", `{"transactions":[{"transaction_id":1,"crud":[{"op":"PUT","table":"todos","id":"{1}","transaction_id":1,"op_data":` + data + `}]}]}`},
		"toJSON":             {"POST", `{"transactions":[{"crud":[{"op_id":1,"op":"PUT","type":"todos","id":"{1}","tx_id":1,"data":` + data + `}]}]}`},
		"opData":             {"POST", `{"batch":[{"op":"PUT","table":"todos","id":"{1}","opData":` + data + `}]}`},
		"batch":              {"POST", `{"batch":[{"op":"PUT","table":"todos","id":"{1}","data":` + data + `}]}`},
		"batch with ids":     {"POST", `{"batch":[{"op":"PUT","type":"todos","id":"{1}","tx_id":4,"data":` + data + `}]}`},
		"by method":          {"PUT", `{"table":"todos","data":{"id":"{1}",` + data[1:] + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				if code, answer := w.send(w.engine, form.method, form.body); code != http.StatusOK || strings.Join(outcomes(t, answer), "") != "success" {
					t.Fatalf("%d %s", code, answer)
				}
				if got := w.row("todos", 1); got != todo1Row {
					t.Errorf("got  %s\nwant %s", got, todo1Row)
				}
			})
		})
	}
}

func TestOperations(t *testing.T) {
	for name, c := range map[string]struct {
		upload []string // each one transaction
		row    string   // todos/1 afterwards
	}{
		"PUT merges": {
			[]string{crud(todo1), crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":"Bread"}}`)},
			strings.Replace(todo1Row, "Milk", "Bread", 1),
		},
		"PATCH changes what it names": {
			[]string{crud(todo1), crud(`{"op":"PATCH","table":"todos","id":"{1}","data":{"done":1,"count":null}}`)},
			strings.Replace(strings.Replace(todo1Row, "done=false", "done=true", 1), "count=3 ", "", 1),
		},
		"PATCH of a missing row succeeds":  {[]string{crud(`{"op":"PATCH","table":"todos","id":"{1}","data":{"owner_id":"somebody"}}`)}, ""},
		"DELETE of a missing row succeeds": {[]string{crud(`{"op":"DELETE","table":"todos","id":"{1}"}`)}, ""},
		"DELETE":                           {[]string{crud(todo1), crud(`{"op":"DELETE","table":"todos","id":"{1}"}`)}, ""},
		"PUT, PATCH in one transaction": {
			[]string{crud(todo1, `{"op":"PATCH","table":"todos","id":"{1}","data":{"title":"Bread"}}`)},
			strings.Replace(todo1Row, "Milk", "Bread", 1),
		},
		"PUT, DELETE in one transaction": {[]string{crud(todo1, `{"op":"DELETE","table":"todos","id":"{1}"}`)}, ""},
		"DELETE, PUT in one transaction forgets the old fields": {
			[]string{crud(todo1), crud(`{"op":"DELETE","table":"todos","id":"{1}"}`, `{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1"}}`)},
			`owner_id=u1`,
		},
		"an empty transaction succeeds": {[]string{crud()}, ""},
		"ignored columns are passed over": {
			[]string{crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","note":{"x":[1]},"id":"{1}"}}`)}, `owner_id=u1`,
		},
		"a nested leaf is added beside its neighbours": {
			[]string{crud(todo1), crud(`{"op":"PATCH","table":"todos","id":"{1}","data":{"city":"Bergen"}}`)},
			strings.Replace(todo1Row, "Oslo", "Bergen", 1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				want := make([]string, len(c.upload))
				for i := range want {
					want[i] = "success"
				}
				w.want(transactions(c.upload...), want...)
				if got := w.row("todos", 1); got != c.row {
					t.Errorf("got  %s\nwant %s", got, c.row)
				}
			})
		})
	}
}

func TestBadTransactionsAreRefusedWholeAndKept(t *testing.T) {
	good := `{"op":"PUT","table":"lists","id":"{5}","data":{"name":"Good"}}`
	for name, c := range map[string]struct{ entry, code string }{
		"unknown table":        {`{"op":"PUT","table":"secrets","id":"{2}","data":{}}`, "SCHEMA_MISMATCH"},
		"unknown column":       {`{"op":"PUT","table":"lists","id":"{2}","data":{"nme":"x"}}`, "SCHEMA_MISMATCH"},
		"an operator":          {`{"op":"PUT","table":"lists","id":"{2}","data":{"$set":{"name":"x"}}}`, "SCHEMA_MISMATCH"},
		"a dotted name":        {`{"op":"PUT","table":"lists","id":"{2}","data":{"name.x":"x"}}`, "SCHEMA_MISMATCH"},
		"a bad id":             {`{"op":"PUT","table":"lists","id":"nonsense","data":{}}`, "INVALID_DATA"},
		"another id inside":    {`{"op":"PUT","table":"lists","id":"{2}","data":{"id":"{3}"}}`, "INVALID_DATA"},
		"a wrong type":         {`{"op":"PUT","table":"todos","id":"{2}","data":{"owner_id":"u1","count":"many"}}`, "INVALID_DATA"},
		"out of range":         {`{"op":"PUT","table":"todos","id":"{2}","data":{"owner_id":"u1","count":2147483648}}`, "INVALID_DATA"},
		"a rule":               {`{"op":"PUT","table":"todos","id":"{2}","data":{"owner_id":"u2"}}`, "UNAUTHORIZED"},
		"a unique constraint":  {`{"op":"PUT","table":"lists","id":"{2}","data":{"code":"taken"}}`, "UNIQUE_VIOLATION"},
		"an unknown operation": {`{"op":"MERGE","table":"lists","id":"{2}","data":{}}`, "INVALID_DATA"},
		"a duplicate member":   {`{"op":"PUT","table":"lists","id":"{2}","data":{"name":"a","name":"b"}}`, "INVALID_DATA"},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				w.want(transactions(crud(`{"op":"PUT","table":"lists","id":"{9}","data":{"code":"taken"}}`)), "success")
				bad := crud(good, c.entry, `{"op":"PUT","table":"lists","id":"{6}","data":{"name":"After"}}`)
				w.want(transactions(bad, crud(`{"op":"PUT","table":"lists","id":"{7}","data":{"name":"Later"}}`)),
					"fatal_error "+c.code+" 1", "not_attempted")
				for _, n := range []int{2, 5, 6, 7} {
					if row := w.row("lists", n); row != "" {
						t.Errorf("row %d was stored: %s", n, row)
					}
				}
				payload, code := w.rejection("rej_00000001")
				if payload != w.expand(bad) || code != c.code {
					t.Errorf("kept %s %s", code, payload)
				}
			})
		})
	}
}

func TestSkipGoesOnPastARefusedTransaction(t *testing.T) {
	onBoth(t, "on_failure: skip\n", func(t *testing.T, w *world) {
		w.want(transactions(crud(`{"op":"PUT","table":"nope","id":"{1}","data":{}}`), crud(`{"op":"PUT","table":"lists","id":"{2}","data":{"name":"Later"}}`)),
			"fatal_error SCHEMA_MISMATCH 0", "success")
		if got := w.row("lists", 2); got != "name=Later" {
			t.Errorf("got %q", got)
		}
	})
}

func TestLegacyFormsSkipAndAnswer200(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		code, answer := w.upload(`{"batch":[{"op":"PUT","table":"nope","id":"{1}","tx_id":1,"data":{}},{"op":"PUT","table":"lists","id":"{2}","tx_id":2,"data":{"name":"Later"}}]}`)
		if code != http.StatusOK || !strings.Contains(answer, `"message":"Batch completed"`) {
			t.Errorf("%d %s", code, answer)
		}
		if got := w.row("lists", 2); got != "name=Later" {
			t.Errorf("got %q", got)
		}
	})
}

func TestTheAppDecides(t *testing.T) {
	onBoth(t, "on_failure: skip\n", func(t *testing.T, w *world) {
		w.want(transactions(
			crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","status":"open","serial":"A1"}}`),
			crud(`{"op":"PATCH","table":"todos","id":"{1}","data":{"status":"done"}}`)), "success", "success")
		w.want(transactions(crud(`{"op":"PATCH","table":"todos","id":"{1}","data":{"status":"open"}}`), crud()),
			"fatal_error TRANSITION_NOT_ALLOWED 0 client", "not_attempted")
		if payload, _ := w.rejection("rej_00000001"); payload != "" {
			t.Errorf("a rejection was kept although the app still has the write: %s", payload)
		}
		w.want(transactions(crud(`{"op":"PATCH","table":"todos","id":"{1}","data":{"serial":"B2"}}`)), "fatal_error IMMUTABLE_FIELD 0")
		w.want(transactions(crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"serial":"A1","title":"same serial"}}`)), "success")
		if got, want := w.row("todos", 1), "owner_id=u1 serial=A1 status=done title=same serial"; got != want {
			t.Errorf("got %s", got)
		}
	})
}

func TestRulesSeeTheStoredRow(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		w.want(transactions(crud(todo1)), "success")
		for name, entry := range map[string]string{
			"giving a row away": `{"op":"PATCH","table":"todos","id":"{1}","data":{"owner_id":"u2"}}`,
			"by PUT":            `{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u2"}}`,
		} {
			t.Run(name, func(t *testing.T) { w.want(transactions(crud(entry)), "fatal_error UNAUTHORIZED 0") })
		}
		w.want(transactions(crud(`{"op":"PATCH","table":"todos","id":"{1}","data":{"owner_id":"u1","title":"Mine"}}`)), "success")
		if got := w.row("todos", 1); got != strings.Replace(todo1Row, "Milk", "Mine", 1) {
			t.Errorf("got %s", got)
		}
	})
}

func TestUUIDInAnObjectIDTable(t *testing.T) {
	w := mongoWorld(t, "")
	_, answer := w.upload(transactions(crud(`{"op":"PUT","table":"lists","id":"0190a6b0-0000-7000-8000-000000000001","data":{}}`)))
	if !strings.Contains(answer, "objectId()") || !strings.Contains(answer, "INVALID_DATA") {
		t.Errorf("the hint must name objectId(): %s", answer)
	}
}

func TestOneRowBehindTwoSpellingsOfItsID(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		id := strings.Replace(w.id(1), "0", "a", 3)
		up := strings.ToUpper(id)
		if w.kind == bundle.PostgreSQL {
			id = "aaaa0000-0000-7000-8000-00000000000a"
			up = strings.ToUpper(id)
		}
		w.want(transactions(crud(`{"op":"PUT","table":"lists","id":"`+id+`","data":{"name":"a"}}`, `{"op":"PATCH","table":"lists","id":"`+up+`","data":{"name":"b"}}`)), "success")
		w.want(transactions(crud(`{"op":"PUT","table":"lists","id":"`+up+`","data":{"code":"c"}}`)), "success")
	})
}

func TestWhatIsNotAnUploadIs400(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		for _, body := range []string{``, `[]`, `{}`, `{"transactions":[]}`, `{"transactions":[{}]}`} {
			if code, answer := w.upload(body); code != http.StatusBadRequest || !strings.Contains(answer, "not_an_upload") {
				t.Errorf("%q: %d %s", body, code, answer)
			}
		}
	})
}

// A transaction of one row takes the source's cheapest way, which must not take the row's own deletion for another's write.
func TestOneRowDeletedAndMadeAnew(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		w.want(transactions(crud(`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"old","code":"c"}}`)), "success")
		w.want(transactions(crud(`{"op":"DELETE","table":"lists","id":"{1}"}`, `{"op":"PUT","table":"lists","id":"{1}","data":{"name":"new"}}`, `{"op":"PATCH","table":"lists","id":"{1}","data":{"code":"d"}}`)), "success")
		if got := w.row("lists", 1); got != "code=d name=new" {
			t.Errorf("the row is %s", got)
		}
	})
}
