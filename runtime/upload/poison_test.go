package upload_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
	"turnkey/runtime/value"
)

// gaveUp is a source that gives up whenever a row is written, or on everything.
type gaveUp struct {
	source.Source
	row     string
	down    bool
	untried bool
}

func (g *gaveUp) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	tx, err := g.Source.Begin(ctx, as)
	return &gaveUpTx{tx, g}, err
}

type gaveUpTx struct {
	source.Tx
	of *gaveUp
}

func (t *gaveUpTx) Apply(ctx context.Context, changes []source.Change, finish *source.Finish) error {
	if t.of.down || slices.ContainsFunc(changes, func(c source.Change) bool { return value.FormatID(c.ID) == t.of.row }) {
		t.Rollback(ctx)
		return &source.Failure{Class: source.Down, Code: "source_down", Message: "The database ended a statement.", Hint: "Look at statement_timeout.", Change: -1, Untried: t.of.untried}
	}
	return t.Tx.Apply(ctx, changes, finish)
}

// poisoned is a world whose database gives up on lists/1, and whose clock is the test's.
func (w *world) poisoned(src source.Source) (*upload.Engine, *time.Time) {
	now := time.Now()
	return w.newEngineWith(src, 3, func(_ *bundle.Bundle, d *upload.Deps) { d.Now = func() time.Time { return now } }), &now
}

// A write that the database never gets done leaves the queue as a rejection, but only when others' writes into its tables
// show that it is this write and not the database.
func TestAPoisonOperationLeavesTheQueue(t *testing.T) {
	const onLists, onBothTables = "lists", "lists and todos"
	poison := map[string]string{
		onLists:      crud(name("PUT", 1, 1, "poison")),
		onBothTables: crud(name("PUT", 1, 1, "poison"), `{"op_id":2,"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1"}}`),
	}
	writesList := crud(`{"op":"PUT","table":"lists","id":"{2}","data":{"name":"x"}}`)
	for label, c := range map[string]struct {
		poison  string
		between string // what somebody else writes between two tries
		pause   time.Duration
		prepare func(*gaveUp)
		want    string // of the last of five tries
	}{
		"others write there":           {onLists, writesList, time.Minute, nil, "fatal_error SOURCE_KEEPS_FAILING 0; success"},
		"nobody else writes":           {onLists, "", time.Hour, nil, "retryable_error source_down; not_attempted"},
		"others write elsewhere":       {onLists, crud(aTodo), time.Hour, nil, "retryable_error source_down; not_attempted"},
		"others write into one of two": {onBothTables, writesList, time.Hour, nil, "retryable_error source_down; not_attempted"},
		"others write into both":       {onBothTables, crud(strings.TrimSuffix(strings.TrimPrefix(writesList, `{"crud":[`), `]}`), strings.ReplaceAll(aTodo, "{1}", "{4}")), time.Minute, nil, "fatal_error SOURCE_KEEPS_FAILING; success"},
		"others fail, too":             {onLists, writesList, time.Hour, func(g *gaveUp) { g.down = true }, "retryable_error source_down; not_attempted"},
		"five times at once":           {onLists, writesList, time.Second, nil, "retryable_error source_down; not_attempted"},
		"the database was not asked":   {onLists, writesList, time.Hour, func(g *gaveUp) { g.untried = true }, "retryable_error source_down; not_attempted"},
	} {
		t.Run(label, func(t *testing.T) {
			onBoth(t, "on_failure: skip\n", func(t *testing.T, w *world) {
				src := &gaveUp{Source: w.src, row: w.id(1)}
				if c.prepare != nil {
					c.prepare(src)
				}
				e, now := w.poisoned(src)
				body := from("c1", poison[c.poison], crud(name("PUT", 9, 3, "behind it")))
				var last string
				for range 5 {
					if last != "" {
						*now = now.Add(c.pause)
						if c.between != "" {
							w.send(e, http.MethodPost, transactions(c.between))
						}
					}
					_, answer := w.send(e, http.MethodPost, body)
					last = strings.Join(outcomes(t, answer), "; ")
				}
				if last != c.want {
					t.Fatalf("the fifth try: %s, want %s", last, c.want)
				}
				kept := w.rejections(source.RejectionFilter{})
				if given := strings.HasPrefix(last, "fatal"); given != (len(kept) == 1) || given && (kept[0].ErrorCode != upload.CodeKeepsFailing || !strings.Contains(kept[0].Hint, "statement_timeout")) {
					t.Errorf("kept: %+v", kept)
				}
			})
		})
	}
}

// What succeeds after all is no suspect any more.
func TestASuccessClearsTheSuspicion(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		src := &gaveUp{Source: w.src, row: w.id(1)}
		e, now := w.poisoned(src)
		body := from("c1", crud(name("PUT", 1, 1, "a")))
		try := func() string {
			*now = now.Add(time.Minute)
			_, answer := w.send(e, http.MethodPost, body)
			w.send(e, http.MethodPost, transactions(crud(`{"op":"PUT","table":"lists","id":"{2}","data":{"name":"x"}}`)))
			return strings.Join(outcomes(t, answer), "; ")
		}
		for range 4 {
			if got := try(); got != "retryable_error source_down" {
				t.Fatal(got)
			}
		}
		src.row = ""
		if got := try(); got != "success" {
			t.Fatal(got)
		}
		src.row = w.id(1)
		body = from("c1", crud(name("PUT", 1, 1, "b"))) // the device counts again
		if got := try(); got != "retryable_error source_down" {
			t.Errorf("the first failure of a write: %s", got)
		}
	})
}

// The real thing: a trigger that outruns statement_timeout for one row. Once it is mended, the rejection is replayed.
func TestATriggerThatOutrunsTheTimeout(t *testing.T) {
	w := postgresWorld(t, "")
	w.sql(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$;
		CREATE TRIGGER slow BEFORE INSERT ON lists FOR EACH ROW WHEN (NEW.name = 'poison') EXECUTE FUNCTION slow()`)
	w.sql(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''100ms''', current_database()); END $$`)
	src, err := openPostgres(t.Context(), w.pg) // a new connection has the limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	if err := src.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	e, now := w.poisoned(src)
	var last string
	for n := range 5 {
		_, answer := w.send(e, http.MethodPost, from("c1", crud(name("PUT", 1, 1, "poison"))))
		last = strings.Join(outcomes(t, answer), "; ")
		*now = now.Add(time.Minute)
		if _, answer := w.send(e, http.MethodPost, from("c2", crud(name("PUT", n+1, 2, "x")))); !strings.Contains(answer, `"success"`) {
			t.Fatal(answer)
		}
	}
	if last != "fatal_error SOURCE_KEEPS_FAILING 0" {
		t.Fatal(last)
	}
	kept := w.rejections(source.RejectionFilter{})
	if len(kept) != 1 || !strings.Contains(kept[0].Detail, "57014") {
		t.Fatalf("kept: %+v", kept)
	}
	w.sql("DROP TRIGGER slow ON lists")
	if done, err := e.Replay(t.Context(), upload.Replay{ID: kept[0].ID}); err != nil || len(done) != 1 {
		t.Fatalf("replayed: %+v %v", done, err)
	}
	if got := w.row("lists", 1); got != "name=poison" {
		t.Errorf("after the replay: %q", got)
	}
}
