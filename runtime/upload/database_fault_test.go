package upload_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// talker is a worker that asks what a test wants: it need not be the engine that speaks.
type talker func(ctx context.Context, host upload.HookHost)

func (f talker) Session(context.Context, string, *hook.Program) (upload.HookSession, error) {
	return f, nil
}

func (f talker) Do(ctx context.Context, run *hook.Run, host upload.HookHost) (*hook.Ran, error) {
	f(ctx, host)
	out := &hook.Ran{}
	for range run.Calls {
		out.Outcomes = append(out.Outcomes, hook.Outcome{Result: hook.Kept})
	}
	return out, nil
}

func (talker) Close() {}

// talk makes an engine whose beforeWrite of todos is that worker's.
func (w *world) talk(src source.Source, f talker) *upload.Engine {
	return w.newEngineWith(src, 3, func(b *bundle.Bundle, d *upload.Deps) {
		b.Program = &hook.Program{Hash: "talker", Hooks: []hook.Exports{{File: "hooks/todos.ts", Name: "todos", Functions: []hook.Function{hook.BeforeWrite}}}}
		d.Hooks, d.Seed = f, func() string { return "seed" }
	})
}

const aTodo = `{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1"}}`

func count(table string) *hook.HostCall {
	return &hook.HostCall{DB: &hook.DBRequest{Method: hook.Count, Table: table, Filter: jsontext.Value(`{}`)}}
}

// The host counts calls itself: whoever has taken a worker over may ask for more than the engine allows.
func TestTheHostCountsCalls(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		var answers []string
		e := w.talk(w.src, func(ctx context.Context, host upload.HookHost) {
			answers = nil
			for range 60 {
				r, err := host(ctx, count("lists"))
				switch {
				case err != nil:
					answers = append(answers, err.Error())
				case r.Error != nil:
					answers = append(answers, r.Error.Code)
				default:
					answers = append(answers, string(r.Value))
				}
			}
		})
		if _, answer := w.send(e, http.MethodPost, transactions(crud(aTodo))); !strings.Contains(answer, `"success"`) {
			t.Fatal(answer)
		}
		if got := strings.Join(answers, " "); got != strings.TrimSpace(strings.Repeat("0 ", 50)+strings.Repeat("too_many_calls ", 10)) {
			t.Errorf("answered %s", got)
		}
	})
}

// failing is a source whose queries fail in a way, a few times.
type failing struct {
	source.Source
	class source.Class
	times atomic.Int64
}

func (f *failing) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	tx, err := f.Source.Begin(ctx, as)
	return &failingTx{tx, f}, err
}

type failingTx struct {
	source.Tx
	of *failing
}

func (t *failingTx) Count(ctx context.Context, q *source.Query) (int64, error) {
	if t.of.times.Add(-1) >= 0 {
		t.Rollback(ctx)
		return 0, &source.Failure{Class: t.of.class, Code: "TOLD", Message: "The database says no.", Change: -1}
	}
	return t.Tx.Count(ctx, q)
}

// What the database says ends the transaction, whatever the code makes of it.
func TestTroubleOfTheDatabaseIsNotTheCodes(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		for class, want := range map[source.Class]string{source.Conflict: "success", source.Down: "retryable_error TOLD", source.Misconfigured: "retryable_error TOLD", source.Refused: "fatal_error TOLD 0"} {
			src := &failing{Source: w.src, class: class}
			src.times.Store(1)
			e := w.talk(src, func(ctx context.Context, host upload.HookHost) {
				if r, err := host(ctx, count("lists")); err == nil && r.Abort {
					_, _ = host(ctx, count("lists")) // code that is not there any more
				}
			})
			_, answer := w.send(e, http.MethodPost, transactions(crud(aTodo)))
			if got := strings.Join(outcomes(t, answer), " "); got != want {
				t.Errorf("class %d: %s, want %s", class, got, want)
			}
		}
	})
}

// A deletion that cascades takes rows of the transaction along: what follows meets them as they are.
func TestHooksWritesWithEffectsOnOtherRows(t *testing.T) {
	w := postgresWorld(t, "")
	w.sql(`ALTER TABLE todos DROP CONSTRAINT todos_list_id_fkey, ADD FOREIGN KEY (list_id) REFERENCES lists ON DELETE CASCADE`)
	w.want(transactions(crud(list(1, `"name":"a"`))), "success")
	w.want(transactions(crud(strings.ReplaceAll(aTodo, "{1}", "{2}"))), "success")
	w.sql(`UPDATE todos SET list_id = $1`, w.id(1))
	e := w.talk(w.src, func(ctx context.Context, host upload.HookHost) {
		_, _ = host(ctx, &hook.HostCall{DB: &hook.DBRequest{Method: hook.DeleteOne, Table: "lists", Filter: jsontext.Value(`{}`)}})
	})
	_, answer := w.send(e, http.MethodPost, transactions(crud(aTodo, `{"op":"PUT","table":"todos","id":"{2}","data":{"owner_id":"u1","title":"again"}}`)))
	if got := outcomes(t, answer); got[0] != "success" {
		t.Fatal(answer)
	}
	if got := w.row("todos", 2); got != "owner_id=u1 title=again" {
		t.Errorf("a row that was put after it had gone: %q", got)
	}
}

// FuzzHookRequests: whatever a worker asks, the host answers, and only with what could be the code's fault.
func FuzzHookRequests(f *testing.F) {
	for _, text := range []string{
		`{"method":"find","table":"lists","filter":{"name":"a"}}`, `{"method":"find","table":"Lists","filter":{"a.b":{"$in":[1,null,"x",{"y":[]}]}},"sort":[{"field":"_id"}],"limit":3,"skip":1,"fields":["id"]}`,
		`{"method":"count","table":"todos","filter":{"$where":"1"}}`, `{"method":"findOne","table":"todos","filter":{"due":{"$gt":"2026-01-01T00:00:00Z"},"items":{"$eq":[{"due":null}]}}}`,
		`{"method":"insertOne","table":"todos","document":{"_id":"65f000000000000000000001","cost":1e400,"place":{"city":1}}}`, `{"method":"insertOne","table":"lists","document":{"a":{"$set":{}}}}`,
		`{"method":"updateOne","table":"lists","filter":{},"set":{"name":{"$ne":1},"_id":"x"}}`, `{"method":"updateOne","table":"lists","filter":{"name":{"$lt":null}},"set":{"a..b":1}}`,
		`{"method":"deleteOne","table":"","filter":null}`, `{"method":"drop","table":"lists"}`, `{"method":"find","table":"lists","limit":-1,"skip":99999999}`, `{"method":"updateOne","table":"todos","filter":{"title":"\u0000"},"set":{"title":"\u0000"}}`,
	} {
		f.Add(text)
	}
	var w *world
	f.Fuzz(func(t *testing.T, text string) {
		var q hook.DBRequest
		if json.Unmarshal([]byte(text), &q) != nil {
			return
		}
		if w == nil || w.t != t {
			w = mongoWorld(t, "")
		}
		w.want(transactions(crud(list(1, `"name":"a"`))), "success")
		var told hook.HostResult
		e := w.talk(w.src, func(ctx context.Context, host upload.HookHost) {
			told, _ = host(ctx, &hook.HostCall{DB: &q})
		})
		_, answer := w.send(e, http.MethodPost, transactions(crud(aTodo)))
		switch {
		case told.Abort:
			if strings.Contains(answer, "UNCLASSIFIED") || !strings.Contains(answer, "error_code") {
				t.Errorf("%s: %s", text, answer)
			}
		case told.Error != nil:
			if told.Error.Code == "" || told.Error.Message == "" {
				t.Errorf("%s: %+v", text, told.Error)
			}
		case !told.Value.IsValid():
			t.Errorf("%s: answered %s", text, told.Value)
		}
		if got := outcomes(t, answer); !told.Abort && got[0] != "success" {
			t.Errorf("%s: %s", text, fmt.Sprint(got))
		}
	})
}
