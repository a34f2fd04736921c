package upload_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/upload"
)

// rehearsed is a rehearsal of the world's configuration, as change leaves a copy of it.
func (w *world) rehearsed(change func(*bundle.Config)) *upload.Rehearsal {
	w.t.Helper()
	return w.rehearsedOver(w.src, change, nil)
}

func (w *world) rehearsedOver(src source.Source, change func(*bundle.Config), more func(*bundle.Bundle, *upload.Deps)) *upload.Rehearsal {
	w.t.Helper()
	text, err := json.Marshal(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	var draft bundle.Config
	if err := json.Unmarshal(text, &draft); err != nil {
		w.t.Fatal(err)
	}
	if change != nil {
		change(&draft)
	}
	b := &bundle.Bundle{Instance: bundle.Instance{ID: "ins_test"}, Config: draft}
	deps := upload.Deps{
		Now:   time.Now,
		NewID: func() string { return fmt.Sprintf("rej_%08d", w.ids.Add(1)) },
		Pause: func(ctx context.Context, _ int) error { return ctx.Err() },
		Observe: func(e telemetry.Entry) {
			w.t.Errorf("somebody is told of a rehearsal: %+v", e)
		},
		Brake: upload.NewBrake("ins_test", func(upload.Tripped) { w.t.Error("a rehearsal trips the brake") }),
	}
	if more != nil {
		more(b, &deps)
	}
	r, err := upload.NewRehearsal(b, src, deps)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) run(r *upload.Rehearsal, o rehearsal.Order) rehearsal.Verdict {
	w.t.Helper()
	o.Transaction = json.RawMessage(w.expand(string(o.Transaction)))
	if o.User.ID == "" && !o.Recorded() {
		o.User = rehearsal.User{ID: "u1", Claims: map[string]any{"sub": "u1"}}
	}
	v, err := r.Run(w.t.Context(), o)
	if err != nil {
		w.t.Fatalf("%s: %v", o.Transaction, err)
	}
	return v
}

// spoken is a verdict in a few words: "applied; update won name: {...} -> {...}".
func spoken(v rehearsal.Verdict) string {
	out := string(v.Outcome)
	if v.Code != "" {
		out += " " + v.Code
	}
	if v.Operation != nil {
		out += fmt.Sprintf(" %d", *v.Operation)
	}
	for _, c := range v.Conflicts {
		out += fmt.Sprintf("; %s %s %s", c.Policy, c.Outcome, c.Decided)
	}
	for _, c := range v.Changes {
		out += fmt.Sprintf("; %s %s %s", c.Op, c.Table, strings.Join(c.Fields, ","))
	}
	return out
}

// everything is all that a database holds, our own records included, but for the heartbeats of runtimes.
func (w *world) everything() string {
	w.t.Helper()
	if w.kind == bundle.MongoDB {
		return w.everythingInMongo()
	}
	conn, err := pgx.Connect(w.t.Context(), w.pg)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(w.t.Context())
	lines := func(query string) []string {
		rows, err := conn.Query(w.t.Context(), query)
		if err != nil {
			w.t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			w.t.Fatal(err)
		}
		return list
	}
	var out []string
	for _, name := range lines(`SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename NOT IN ('runtimes') ORDER BY 1`) {
		out = append(out, name)
		out = append(out, lines("SELECT row_to_json(t)::text FROM "+name+" t ORDER BY 1")...)
	}
	return strings.Join(out, "\n")
}

func (w *world) everythingInMongo() string {
	names, err := w.mongo.ListCollectionNames(w.t.Context(), bson.D{})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(names)
	var out []string
	for _, name := range names {
		if name == "turnkey_runtimes" {
			continue
		}
		found, err := w.mongo.Collection(name).Find(w.t.Context(), bson.D{})
		if err != nil {
			w.t.Fatal(err)
		}
		var docs []bson.Raw
		if err := found.All(w.t.Context(), &docs); err != nil {
			w.t.Fatal(err)
		}
		var lines []string
		for _, d := range docs {
			lines = append(lines, d.String())
		}
		if slices.Sort(lines); len(lines) > 0 { // an empty collection is no data, and the development server keeps it
			out = append(append(out, name), lines...)
		}
	}
	return strings.Join(out, "\n")
}

// unchanged fails if do leaves anything in the database.
func (w *world) unchanged(do func()) {
	w.t.Helper()
	before := w.everything()
	do()
	if after := w.everything(); after != before {
		w.t.Errorf("something stays of a rehearsal:\n%s\n--- before:\n%s", after, before)
	}
}

func inline(entries ...string) rehearsal.Order {
	return rehearsal.Order{Transaction: json.RawMessage(crud(entries...))}
}

// TestWhatWouldBecomeOfAWrite: a rehearsal says what an upload would have done, and does none of it.
func TestWhatWouldBecomeOfAWrite(t *testing.T) {
	eachCase(t, map[string]struct {
		order   rehearsal.Order
		want    string
		checked bool
	}{
		"a new row": {inline(entryOf("PUT", "todos", `"owner_id":"u1","title":"new"`, "")), "applied; insert todos {key},owner_id,title", true},
		"a change":  {inline(entryOf("PATCH", "merged", `"name":"b"`, "")), "applied; update merged name", true},
		"no change": {inline(entryOf("PATCH", "merged", `"name":"a"`, "")), "applied", false},
		"a merge":   {inline(entryOf("PATCH", "merged", `"n":6`, `"n":9`)), "applied; merge merged map[n:7]; update merged n", true},
		"the device's way": {inline(entryOf("PATCH", "merged", `"name":"b"`, `"name":"-"`)),
			"applied; merge client map[name:\"b\"]; update merged name", true},
		"a deletion":            {inline(entryOf("DELETE", "merged", "", "")), "applied; delete merged best,body,id,n,name,owner,secret,serial", true},
		"a deletion that loses": {inline(entryOf("DELETE", "merged", "", `"n":9`)), "applied; deletes: lose server map[n:10]", false},
		"left open":             {inline(entryOf("PATCH", "kept", `"name":"b"`, `"name":"-"`)), "refused CONFLICT_RECORDED 0; record recorded map[name:\"a\"]", false},
		"refused by a rule":     {inline(entryOf("PUT", "todos", `"owner_id":"u2"`, "")), "refused UNAUTHORIZED 0", false},
		"the second is to blame": {inline(entryOf("PATCH", "merged", `"name":"b"`, ""), entryOf("PATCH", "merged", `"bad":1`, "")),
			"refused SCHEMA_MISMATCH 1", false},
		"no such table":  {inline(entryOf("PUT", "none", `"a":1`, "")), "refused SCHEMA_MISMATCH 0", false},
		"not to be read": {inline(`{"op":"MERGE","table":"merged","id":"1"}`), "refused INVALID_DATA 0", false},
		"deleted and created again": {inline(entryOf("DELETE", "merged", "", ""), entryOf("PUT", "merged", `"name":"c"`, "")),
			"applied; update merged {rest}name", true},
		"a tombstone": {inline(entryOf("DELETE", "buried", "", "")), "applied; delete buried id,name", true},
		"a version":   {inline(entryOf("PATCH", "versioned", `"name":"b"`, `"name":"a","rev":0`)), "refused CONFLICT 0; version rejected map[name:\"a\"]", false},
	}, func(w *world, name string, c struct {
		order   rehearsal.Order
		want    string
		checked bool
	}) {
		d := w.device("one")
		d.does("success", entryOf("PUT", "merged", `"name":"a","n":10,"owner":"o","body":"b","best":1,"secret":"s","serial":"1"`, ""), entryOf("PUT", "kept", `"name":"a"`, ""),
			entryOf("PUT", "buried", `"name":"a"`, ""), entryOf("PUT", "versioned", `"name":"a","rev":2`, ""))
		key, rest := "id", "best,body,n,"
		if w.kind == bundle.MongoDB {
			key = "_id"
		}
		want := strings.NewReplacer("{key},owner_id,title", strings.Join(sorted(key, "owner_id", "title"), ","), "{rest}", rest).Replace(c.want)
		r := w.rehearsed(nil)
		w.unchanged(func() {
			v := w.run(r, c.order)
			got := spoken(v)
			if name == "deleted and created again" {
				want, got = "", "" // the net effect is compared below
				if v.Outcome != rehearsal.Applied || len(v.Changes) != 1 || !strings.Contains(string(v.Changes[0].New), `"c"`) || strings.Contains(string(v.Changes[0].New), `"s"`) {
					w.t.Errorf("%+v", v)
				}
			}
			if got = strings.ReplaceAll(got, "_id,best,body", "best,body,id"); strings.ReplaceAll(got, "_id,name", "id,name") != want {
				w.t.Errorf("got  %q\nwant %q (%s)", got, want, v.Message)
			}
			if v.Checked != c.checked || v.DurationUS <= 0 {
				w.t.Errorf("%+v", v)
			}
		})
	})
}

func sorted(list ...string) []string { slices.Sort(list); return list }

// TestARehearsalAsksTheDatabase: constraints of the database are part of the verdict, of all operations together and
// of each by itself, and the changes that they looked at are gone again.
func TestARehearsalAsksTheDatabase(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		w.want(transactions(crud(`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"one","code":"c1"}}`, `{"op":"PUT","table":"lists","id":"{2}","data":{"name":"two","code":"c2"}}`)), "success")
		r := w.rehearsed(nil)
		for body, want := range map[string]string{
			crud(`{"op":"PUT","table":"lists","id":"{3}","data":{"code":"c3"}}`, `{"op":"PUT","table":"lists","id":"{4}","data":{"code":"c1"}}`): "refused UNIQUE_VIOLATION 1",
			// Only one after the other is this possible, which the database finds out at the second try.
			crud(`{"op":"PATCH","table":"lists","id":"{1}","data":{"code":"c9"}}`, `{"op":"PATCH","table":"lists","id":"{2}","data":{"code":"c1"}}`): "applied; update lists code; update lists code",
			crud(`{"op":"DELETE","table":"lists","id":"{1}"}`, `{"op":"PUT","table":"lists","id":"{3}","data":{"code":"c1"}}`):                       "applied; delete lists",
		} {
			w.unchanged(func() {
				v := w.run(r, rehearsal.Order{Transaction: json.RawMessage(body)})
				if got := spoken(v); !strings.HasPrefix(got, want) {
					t.Errorf("%s\ngot  %q\nwant %q (%s %s)", body, got, want, v.Message, v.Detail)
				}
			})
		}
	})
}

// TestARowThatIsMadeUp stands in for the one that is stored, or for none; the database is not asked about it.
func TestARowThatIsMadeUp(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		_, _ = w.sendAs(w.engine, "u2", transactions(crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u2","title":"stored"}}`)))
		r := w.rehearsed(nil)
		patch := crud(`{"op":"PATCH","table":"todos","id":"{1}","data":{"title":"t","due":"2026-01-02T00:00:00Z","city":"Ulm"}}`)
		for old, want := range map[string]string{
			`{"owner_id":"u1","title":"x","due":"2026-01-01T00:00:00Z","count":3,"place":{"city":"Bonn","kind":true},"items":[{"ref":"a","done":false}]}`: "applied; update todos due,place,title",
			`{"owner_id":"u2"}`: "refused UNAUTHORIZED 0",
			`{"owner_id":"u1","title":"t","due":"2026-01-02T00:00:00.000Z","place":{"city":"Ulm"}}`: "applied",
			`null`: "applied", // deletes win
		} {
			w.unchanged(func() {
				v := w.run(r, rehearsal.Order{Transaction: json.RawMessage(patch), Old: json.RawMessage(old)})
				if got := spoken(v); got != want || v.Checked {
					t.Errorf("%s\ngot  %q\nwant %q (%s)", old, got, want, v.Message)
				}
				if len(v.Changes) == 1 && !strings.Contains(string(v.Changes[0].New), "Ulm") {
					t.Errorf("%s", v.Changes[0].New)
				}
			})
		}
		for _, old := range []string{`[]`, `"x"`, `{"count":"many"}`, `{`} {
			if _, err := r.Run(t.Context(), rehearsal.Order{Transaction: json.RawMessage(w.expand(patch)), Old: json.RawMessage(old)}); !fault.Is(err, "old_invalid") {
				t.Errorf("%s: %v", old, err)
			}
		}
		for _, body := range []string{``, `[]`, `7`, `{"crud":[]}`} {
			_, err := r.Run(t.Context(), rehearsal.Order{Transaction: json.RawMessage(body)})
			if err == nil || fault.Of(err).Kind != fault.Invalid {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
}

// TestTroubleIsHeldBack: a table that does not exist is the operator's to set right, as in an upload.
func TestTroubleIsHeldBack(t *testing.T) {
	w := postgresWorld(t, "")
	r := w.rehearsed(func(c *bundle.Config) {
		lists := c.Tables["lists"]
		lists.Collection = "public.nowhere"
		c.Tables["lists"] = lists
	})
	v := w.run(r, inline(entryOf("PUT", "lists", `"name":"x"`, "")))
	if v.Outcome != rehearsal.HeldBack || v.Code == "" || v.Message == "" {
		t.Errorf("%+v", v)
	}
}

// TestARecordedCaseAgain: a conflict over what was stored when it was met, a rejection over what is stored now.
func TestARecordedCaseAgain(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		met := w.inConflict("merged", `"n":10,"name":"-"`, `"n":7`, `"n":6,"name":"x"`, `"n":10`, "success")
		w.device("four").does("success", entryOf("PATCH", "merged", `"n":100`, `"n":3`))
		w.device("five").does("fatal_error UNAUTHORIZED 0", entryOf("PUT", "todos", `"owner_id":"u2"`, ""))
		refused := w.rejections(source.RejectionFilter{Limit: 10})[0]
		w.unchanged(func() {
			same := w.rehearsed(nil)
			if got := spoken(w.run(same, rehearsal.Order{Conflict: met.ID})); got != "applied; merge merged map[n:3 name:\"x\"]; update merged n,name" {
				t.Errorf("a conflict: %q", got)
			}
			if got := spoken(w.run(same, rehearsal.Order{Rejection: refused.ID})); got != "refused UNAUTHORIZED 0" {
				t.Errorf("a rejection: %q", got)
			}
			draft := w.rehearsed(func(c *bundle.Config) {
				merged, todos := c.Tables["merged"], c.Tables["todos"]
				n := merged.Fields["n"]
				n.Merge = bundle.Merge{Policy: bundle.MergeMax}
				merged.Fields["n"] = n
				todos.Allow.Create = "true"
				c.Tables["todos"] = todos
			})
			if got := spoken(w.run(draft, rehearsal.Order{Conflict: met.ID})); got != "applied; merge server map[n:7 name:\"x\"]; update merged name" {
				t.Errorf("a conflict under the draft: %q", got)
			}
			if v := w.run(draft, rehearsal.Order{Rejection: refused.ID}); v.Outcome != rehearsal.Applied || len(v.Changes) != 1 {
				t.Errorf("a rejection under the draft: %+v", v)
			}
			for _, o := range []rehearsal.Order{{Conflict: "cnf_none"}, {Rejection: "rej_none"}} {
				if _, err := draft.Run(t.Context(), o); !fault.Is(err, "not_found") {
					t.Errorf("%+v: %v", o, err)
				}
			}
		})
	})
}
