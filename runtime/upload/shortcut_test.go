package upload_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"turnkey/runtime/source"
	"turnkey/runtime/upload"
	"turnkey/runtime/value"
)

// plainSource has no shortcuts.
type plainSource struct{ source.Source }

// countedSource counts what its shortcut has done.
type countedSource struct {
	source.Source
	done map[source.ChangeKind]int
}

func (c countedSource) Write(ctx context.Context, as source.Session, changes []source.Change, receipts []source.Receipt, numbered bool) (bool, error) {
	done, err := c.Source.(source.Direct).Write(ctx, as, changes, receipts, numbered)
	if done {
		c.done[changes[0].Kind]++
	}
	return done, err
}

// TestShortcutsChangeNothing: the same uploads, in the same order, to an instance that writes without reading
// where it can, and that remembers where receipts stand, and to one that reads everything in the
// transaction itself, give the same answers and leave the same rows.
func TestShortcutsChangeNothing(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			fast, plain := postgresWorld(t, ""), postgresWorld(t, "")
			counted := countedSource{fast.src, map[source.ChangeKind]int{}}
			r := rand.New(rand.NewPCG(seed, 1))
			p := program{Rand: r, next: map[string]int{}}
			// Two runtimes that take turns: what one remembers, the other makes wrong.
			engines := []*upload.Engine{fast.newEngine(counted), fast.newEngine(counted)}
			for step := range 300 {
				if r.IntN(10) == 0 { // a deployment: nothing is remembered
					engines[r.IntN(2)] = fast.newEngine(counted)
				}
				body := p.upload()
				_, got := fast.send(engines[r.IntN(2)], http.MethodPost, body)
				_, want := plain.send(plain.newEngine(plainSource{plain.src}), http.MethodPost, body)
				if got != want {
					t.Fatalf("step %d: %s\nanswers with    %s\nanswers without %s", step, body, got, want)
				}
				if got, want := fast.all(5), plain.all(5); got != want {
					t.Fatalf("step %d: %s\nrows with    %s\nrows without %s", step, body, got, want)
				}
				if strings.Contains(got, "rejection_id") { // while one waits, nothing is written without reading
					for _, w := range []*world{fast, plain} {
						w.sql("DELETE FROM turnkey.turnkey_rejections")
					}
				}
			}
			if counted.done[source.Insert] < 5 || counted.done[source.Update] < 8 {
				t.Errorf("the shortcut was hardly used: %v", counted.done)
			}
		})
	}
}

// stored is a row by its text id.
func (w *world) stored(table, id string) string {
	w.t.Helper()
	t := w.config.Tables[table]
	tx, err := w.src.Begin(w.t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		w.t.Fatal(err)
	}
	defer tx.Rollback(w.t.Context())
	rows, _, err := tx.Read(w.t.Context(), []source.Ref{{Table: &source.Table{Name: table, Collection: t.Collection, Key: t.Key, ID: t.ID}, ID: id}}, nil)
	if err != nil || rows[0].Doc == nil {
		w.t.Fatal(rows, err)
	}
	return dump(rows[0].Doc, t.Key)
}

// all are the first rows of each table.
func (w *world) all(rows int) string {
	w.t.Helper()
	tx, err := w.src.Begin(w.t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		w.t.Fatal(err)
	}
	defer tx.Rollback(w.t.Context())
	var refs []source.Ref
	for _, name := range []string{"lists", "todos"} {
		t := w.config.Tables[name]
		st := &source.Table{Name: name, Collection: t.Collection, Key: t.Key, ID: t.ID}
		for n := range rows {
			id, err := value.ParseID(t.ID, w.id(n))
			if err != nil {
				w.t.Fatal(err)
			}
			refs = append(refs, source.Ref{Table: st, ID: id})
		}
	}
	found, _, err := tx.Read(w.t.Context(), refs, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	out := ""
	for i, r := range found {
		if r.Doc != nil {
			out += fmt.Sprintf("%s %d: %s\n", refs[i].Table.Name, i%rows, dump(r.Doc, "id"))
		}
	}
	return out
}

// program makes uploads of three devices on five rows of two tables.
type program struct {
	*rand.Rand
	next map[string]int // operation ids by device
	sent []string
}

func (p *program) one(of ...string) string { return of[p.IntN(len(of))] }

func (p *program) upload() string {
	if len(p.sent) > 0 && p.IntN(8) == 0 {
		return p.sent[p.IntN(len(p.sent))] // the answer was lost
	}
	device := p.one("c1", "c2", "")
	var list []string
	for range 1 + p.IntN(2) {
		var ops []string
		for range p.one("1", "1", "1", "1", "1", "2", "3")[0] - '0' {
			ops = append(ops, p.operation(device))
		}
		if device == "" {
			p.next["transaction"]++
			list = append(list, fmt.Sprintf(`{"transaction_id":%d,"crud":[%s]}`, p.next["transaction"], strings.Join(ops, ",")))
			continue
		}
		list = append(list, crud(ops...))
	}
	body := transactions(list...)
	if device != "" {
		body = from(device, list...)
	}
	p.sent = append(p.sent, body)
	return body
}

func (p *program) operation(device string) string {
	p.next[device] += 1 + p.IntN(2)*p.IntN(40)
	id := fmt.Sprintf(`"op_id":%d,`, p.next[device])
	if device == "" {
		id = ""
	}
	op, table := p.one("PUT", "PUT", "PATCH", "PATCH", "PATCH", "PATCH", "PATCH", "PATCH", "DELETE"), p.one("lists", "todos", "todos")
	data := func() string {
		if table == "lists" {
			return p.one(`"name":"a"`, `"name":"b"`, `"code":"x"`, `"code":"y","name":null`, `"nonsense":1`)
		}
		if p.IntN(2) == 0 {
			return fmt.Sprintf(`"title":"number %d"`, p.IntN(1000))
		}
		return p.one(`"title":"a"`, `"title":"b"`, `"title":"a","done":1`, `"done":0`, `"title":null`, `"count":5`, `"count":500`, `"due":"2026-05-01T08:30:00.000Z"`,
			`"owner_id":"u1","title":"c"`, `"owner_id":"u2"`, `"status":"open"`, `"status":"done"`, `"serial":"s1"`, `"serial":"s2"`, `"cost":"1.50"`, `"city":"Bern"`, `"big":"9007199254740993"`)
	}
	entry := fmt.Sprintf(`{%s"op":%q,"table":%q,"id":"{%d}"`, id, op, table, p.IntN(5))
	switch {
	case op == "DELETE":
		return entry + "}"
	case op == "PUT" && table == "todos":
		return entry + `,"data":{"owner_id":"u1",` + p.one(`"title":"new"`, `"done":1`, `"count":7`) + `}}`
	case op == "PUT":
		return entry + `,"data":{` + data() + `}}`
	}
	if p.IntN(2) == 0 {
		entry += `,"previous_values":{` + data() + `}`
	}
	return entry + `,"data":{` + data() + `}}`
}

// TestARuleIsHeldByType: a rule that compares a number with a text denies, though they are spelled alike.
func TestARuleIsHeldByType(t *testing.T) {
	w := postgresWorld(t, `
  numbers: {id: string, table: public.numbers, key: id, allow: {update: "old.owner == user.id"}, fields: {owner: {type: int64}, name: {type: string}}}
`)
	w.sql(`CREATE TABLE numbers (id text PRIMARY KEY, owner bigint, name text); INSERT INTO numbers VALUES ('n', 1, '')`)
	for i := range 3 {
		body := from("c1", crud(fmt.Sprintf(`{"op_id":%d,"op":"PATCH","table":"numbers","id":"n","data":{"name":"x"}}`, i+1)))
		if _, answer := w.sendAs(w.engine, "1", body); outcomes(t, answer)[0] != "fatal_error UNAUTHORIZED 0" {
			t.Error(answer)
		}
		w.sql("DELETE FROM turnkey.turnkey_rejections")
	}
}
