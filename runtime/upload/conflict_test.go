package upload_test

import (
	"strings"
	"testing"

	"turnkey/runtime/bundle"
)

// The tables of these scenarios, for both databases.
const policyTables = `
  stock:
    id: string
    on_conflict: merge
    allow: {create: "true", update: old.name != "sealed" && new.amount <= 50, delete: "true"}
    fields:
      name: {type: string, immutable: true}
      amount: {type: int64, merge: counter}
      best: {type: int64, merge: max}
      tags: {type: array, merge: set}
      events: {type: array, merge: append}
      body: {type: string, merge: text}
      info: {type: object, merge: json}
      price: {type: decimal, merge: counter}
      owner: {type: string, merge: first_write}
      title: {type: string, merge: {timestamp: title_at}}
      title_at: {type: date}
      status: {type: string, merge: server, transitions: {open: [done], done: [shipped]}}
  locked:
    id: string
    on_conflict: {version: rev}
    allow: {create: "true", update: "true", delete: "true"}
    fields: {name: {type: string}, rev: {type: int64}}
  timed:
    id: string
    on_conflict: {timestamp: at}
    allow: {create: "true", update: "true", delete: "true"}
    fields: {name: {type: string}, at: {type: date}}
  strict:
    id: string
    on_conflict: reject
    allow: {create: "true", update: old.name != "sealed", delete: "true"}
    fields: {name: {type: string}, due: {type: date}}
`

func onBothWithPolicies(t *testing.T, scenario func(t *testing.T, w *world)) {
	onBoth(t, policyTables, func(t *testing.T, w *world) {
		if w.kind == bundle.PostgreSQL {
			w.sql(`CREATE TABLE stock (id text PRIMARY KEY, name text, amount bigint, best bigint, tags jsonb, events jsonb, body text, info jsonb,
					price numeric, owner text, title text, title_at timestamptz, status text);
				CREATE TABLE locked (id text PRIMARY KEY, name text, rev bigint);
				CREATE TABLE timed (id text PRIMARY KEY, name text, at timestamptz);
				CREATE TABLE strict (id text PRIMARY KEY, name text, due timestamptz)`)
		}
		scenario(t, w)
	})
}

func patch(table, data, previous string) string {
	if previous == "" {
		return crud(`{"op":"PATCH","table":"` + table + `","id":"{1}","data":{` + data + `}}`)
	}
	return crud(`{"op":"PATCH","table":"` + table + `","id":"{1}","data":{` + data + `},"previous_values":{` + previous + `}}`)
}

func put(table, data string) string {
	return crud(`{"op":"PUT","table":"` + table + `","id":"{1}","data":{` + data + `}}`)
}

// TestTwoDevices: both saw the row of the PUT; the first patch arrives before the second.
func TestTwoDevices(t *testing.T) {
	for name, c := range map[string]struct{ table, put, first, second, previous, row, outcome string }{
		"counter":                  {"stock", `"amount":10`, `"amount":7`, `"amount":6`, `"amount":10`, `amount=3L`, ""},
		"counters that agree":      {"stock", `"amount":10`, `"amount":9`, `"amount":9`, `"amount":10`, `amount=8L`, ""},
		"a decimal counter":        {"stock", `"amount":1,"price":"10.50"`, `"price":"10.25"`, `"price":"11.00"`, `"price":"10.5"`, `amount=1L price=10.75`, ""},
		"max":                      {"stock", `"amount":1,"best":10`, `"best":30`, `"best":20`, `"best":10`, `amount=1L best=30L`, ""},
		"set":                      {"stock", `"amount":1,"tags":"[\"a\",\"b\"]"`, `"tags":"[\"a\",\"b\",\"c\"]"`, `"tags":"[\"b\",\"d\"]"`, `"tags":"[\"a\",\"b\"]"`, `amount=1L tags=[b c d]`, ""},
		"append":                   {"stock", `"amount":1,"events":"[\"a\"]"`, `"events":"[\"a\",\"x\"]"`, `"events":"[\"a\",\"x\"]"`, `"events":"[\"a\"]"`, `amount=1L events=[a x x]`, ""},
		"text":                     {"stock", `"amount":1,"body":"one two"`, `"body":"one two three"`, `"body":"zero two"`, `"body":"one two"`, `amount=1L body=zero two three`, ""},
		"json":                     {"stock", `"amount":1,"info":"{\"a\":\"1\",\"b\":\"1\"}"`, `"info":"{\"a\":\"2\",\"b\":\"1\"}"`, `"info":"{\"a\":\"1\",\"b\":\"3\"}"`, `"info":"{\"a\":\"1\",\"b\":\"1\"}"`, `amount=1L info={a=2 b=3}`, ""},
		"first write":              {"stock", `"amount":1,"owner":"-"`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, `amount=1L owner=a`, ""},
		"field time: older":        {"stock", `"amount":1,"title":"-"`, `"title":"a","title_at":"2026-01-03T00:00:00Z"`, `"title":"b","title_at":"2026-01-02T00:00:00Z"`, `"title":"-","title_at":null`, `amount=1L title=a title_at=2026-01-03T00:00:00.000Z`, ""},
		"field time: younger":      {"stock", `"amount":1,"title":"-"`, `"title":"a","title_at":"2026-01-02T00:00:00Z"`, `"title":"b","title_at":"2026-01-03 00:00:00Z"`, `"title":"-","title_at":null`, `amount=1L title=b title_at=2026-01-03T00:00:00.000Z`, ""},
		"the server's, no refusal": {"stock", `"amount":1,"status":"open"`, `"status":"done"`, `"status":"shipped"`, `"status":"open"`, `amount=1L status=done`, ""},
		"no base, last write":      {"stock", `"amount":10`, `"amount":7`, `"amount":6`, ``, `amount=6L`, ""},
		"the rule has a last word": {"stock", `"amount":10`, `"amount":45`, `"amount":20`, `"amount":10`, `amount=45L`, "UNAUTHORIZED"},
		"a guard, too":             {"stock", `"amount":1,"name":"n"`, `"amount":1`, `"name":"m"`, `"name":"x"`, `amount=1L name=n`, "IMMUTABLE_FIELD"},
		"overflow":                 {"stock", `"amount":0`, `"amount":-9223372036854775807`, `"amount":-2`, `"amount":0`, `amount=-9223372036854775807L`, "COUNTER_OVERFLOW"},
		"version: stale":           {"locked", `"name":"-","rev":1`, `"name":"a","rev":2`, `"name":"b","rev":2`, `"name":"-","rev":1`, `name=a rev=2L`, "CONFLICT"},
		"version: stale, no base":  {"locked", `"name":"-","rev":1`, `"name":"a","rev":2`, `"name":"b","rev":2`, ``, `name=a rev=2L`, "CONFLICT"},
		"version: only in base":    {"locked", `"name":"-","rev":1`, `"name":"a","rev":2`, `"name":"b"`, `"name":"a","rev":2`, `name=b rev=3L`, ""},
		"version: again":           {"locked", `"name":"-","rev":1`, `"name":"a","rev":2`, `"name":"a","rev":2`, `"name":"-","rev":1`, `name=a rev=2L`, ""},
		"time: older":              {"timed", `"name":"-"`, `"name":"a","at":"2026-01-03T00:00:00Z"`, `"name":"b","at":"2026-01-02T00:00:00Z"`, ``, `at=2026-01-03T00:00:00.000Z name=a`, ""},
		"reject":                   {"strict", `"name":"-"`, `"name":"a"`, `"name":"b"`, `"name":"-"`, `name=a`, "CONFLICT"},
		"reject: other fields":     {"strict", `"name":"-"`, `"name":"a"`, `"due":"2026-01-02T00:00:00Z"`, `"name":"-","due":null`, `due=2026-01-02T00:00:00.000Z name=a`, ""},
		"reject: only spelled":     {"strict", `"due":"2026-01-01T00:00:00.000Z"`, `"name":"a"`, `"due":"2026-01-02T00:00:00Z"`, `"due":"2026-01-01 00:00:00Z"`, `due=2026-01-02T00:00:00.000Z name=a`, ""},
		"a stranger learns naught": {"strict", `"name":"-"`, `"name":"sealed"`, `"name":"b"`, `"name":"-"`, `name=sealed`, "UNAUTHORIZED"},
	} {
		t.Run(name, func(t *testing.T) {
			onBothWithPolicies(t, func(t *testing.T, w *world) {
				previous := c.previous
				if strings.HasPrefix(name, "version: only") { // the first device's own base
					previous = `"name":"-","rev":1`
				}
				w.want(transactions(put(c.table, c.put)), "success")
				w.want(transactions(patch(c.table, c.first, previous)), "success")
				want := "success"
				if c.outcome != "" {
					want = "fatal_error " + c.outcome + " 0"
				}
				w.want(transactions(patch(c.table, c.second, c.previous)), want)
				if got := w.row(c.table, 1); got != c.row {
					t.Errorf("got  %s\nwant %s", got, c.row)
				}
			})
		})
	}
}

// TestOneTransactionMerges: operations of one transaction build on each other.
func TestOneTransactionMerges(t *testing.T) {
	onBothWithPolicies(t, func(t *testing.T, w *world) {
		w.want(transactions(put("stock", `"amount":10`)), "success")
		w.want(transactions(patch("stock", `"amount":20`, `"amount":10`)), "success")
		const entry = `{"op":"PATCH","table":"stock","id":"{1}","data":{"amount":NEXT},"previous_values":{"amount":WAS}}`
		step := func(was, next string) string {
			return strings.NewReplacer("WAS", was, "NEXT", next).Replace(entry)
		}
		w.want(transactions(crud(step("10", "11"), step("11", "12"), step("12", "15"))), "success")
		if got := w.row("stock", 1); got != "amount=25L" {
			t.Errorf("got %s", got)
		}
	})
}

// TestUnknownPolicies: a bundle that asks for what this runtime does not carry out is not served.
func TestUnknownPolicies(t *testing.T) {
	w := mongoWorld(t, "")
	for name, change := range map[string]func(*bundle.Table){
		"a hook":                func(t *bundle.Table) { t.OnConflict.Policy = bundle.RowHook },
		"another way to delete": func(t *bundle.Table) { t.Deletes = "newer" },
		"a newer one": func(t *bundle.Table) {
			t.OnConflict.Policy = bundle.RowMerge
			t.Fields = map[string]bundle.Field{"f": {Path: "f", Merge: bundle.Merge{Policy: "newer"}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := *w.config
			table := cfg.Tables["lists"]
			change(&table)
			cfg.Tables = map[string]bundle.Table{"lists": table}
			if err := w.tryEngine(&cfg); err == nil || !strings.Contains(err.Error(), "bundle_policy") {
				t.Errorf("served: %v", err)
			}
		})
	}
}
