package upload_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/upload"
)

// contended is a source whose first transactions meet a conflict.
type contended struct {
	source.Source
	conflicts int
}

func (c *contended) Begin(ctx context.Context, s source.Session) (source.Tx, error) {
	if c.conflicts > 0 {
		c.conflicts--
		return nil, &source.Failure{Class: source.Conflict, Code: "write_conflict", Message: "Again."}
	}
	return c.Source.Begin(ctx, s)
}

// observed is an engine over a source, and what is told of its transactions.
func (w *world) observed(src source.Source) (e *upload.Engine, told func() []telemetry.Entry) {
	w.t.Helper()
	var list []telemetry.Entry
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	e, err := upload.New(&bundle.Bundle{Instance: bundle.Instance{ID: "ins_test"}, Deployment: 3, Config: *w.config}, src, upload.Deps{
		Now:   func() time.Time { now = now.Add(time.Millisecond); return now },
		NewID: func() string { return fmt.Sprintf("rej_%08d", w.ids.Add(1)) },
		Pause: func(ctx context.Context, _ int) error { return ctx.Err() },
		Log:   slog.New(slog.DiscardHandler), Observe: func(e telemetry.Entry) { list = append(list, e) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return e, func() []telemetry.Entry { out := list; list = nil; return out }
}

// TestEveryTransactionIsToldOnce: with who, what and what became of it, and without any of its values.
func TestEveryTransactionIsToldOnce(t *testing.T) {
	w := postgresWorld(t, "")
	e, told := w.observed(&contended{w.src, 2})
	const secret = "canary-4711"
	body := `{"client":{"id":"device-1","sdk":"powersync-js 1.2","app_version":"3.1","queue_count":7},"transactions":[` + strings.Join([]string{
		crud(`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"`+secret+`"}}`, `{"op":"PATCH","table":"lists","id":"{1}","data":{"name":"b"}}`,
			`{"op":"PATCH","table":"todos","id":"{9}","data":{"title":"x"},"previous_values":{"title":"w"}}`),
		crud(`{"op":"PUT","table":"todos","id":"{2}","data":{"owner_id":"` + secret + `"}}`),
		crud(`{"op":"DELETE","table":"lists","id":"{1}"}`),
	}, ",") + `]}`
	if code, answer := w.send(e, http.MethodPost, body); code != 200 {
		t.Fatalf("%d %s", code, answer)
	}
	list := told()
	if len(list) != 3 {
		t.Fatalf("told of %d transactions: %+v", len(list), list)
	}
	for i, e := range list {
		if e.Instance != "ins_test" || e.Deployment != 3 || e.Kind != telemetry.Transaction || e.RequestID != "req_1" || e.UserID != "u1" || e.ClientID != "device-1" ||
			e.SDK != "powersync-js 1.2" || e.AppVersion != "3.1" || e.At.IsZero() {
			t.Errorf("transaction %d is %+v", i, e)
		}
		if strings.Contains(fmt.Sprintf("%+v", e), secret) {
			t.Errorf("transaction %d tells a value: %+v", i, e)
		}
	}
	first, second, third := list[0], list[1], list[2]
	if first.Outcome != telemetry.Success || first.Retries != 2 || first.Operations[0].NoPrevious != 1 || first.DurationUS <= 0 || first.Level != telemetry.Info ||
		operated(first) != "lists 1 1 0; todos 0 1 0" {
		t.Errorf("the first is %+v", first)
	}
	if second.Outcome != telemetry.Fatal || second.Code != "UNAUTHORIZED" || second.Rejection != "rej_00000001" || second.Level != telemetry.Warn || second.Message == "" {
		t.Errorf("the second is %+v", second)
	}
	if r := first.Report; r == nil || r.Queue != 7 || second.Report != nil || first.Waits || second.Waits || !third.Waits {
		t.Errorf("of the device %+v, %+v", r, second.Report)
	}
	if d := first.Trace; d == nil || len(d.Operations) != 3 || !d.Operations[2].Previous || d.Operations[0].Fields != 1 || third.Trace != nil {
		t.Errorf("the first is traced as %+v", d)
	}
	if d := second.Trace; d == nil || d.Index != 1 || !d.Operations[0].Blamed {
		t.Errorf("the second is traced as %+v", d)
	}
	if text, err := json.Marshal(list); err != nil || strings.Contains(string(text), secret) {
		t.Errorf("what is sent tells a value: %s, %v", text, err)
	}
	if third.Outcome != telemetry.NotAttempted || operated(third) != "lists 0 0 1" {
		t.Errorf("the third is %+v", third)
	}
}

// operated spells how many operations of which kind an entry has, by table.
func operated(e telemetry.Entry) string {
	var out []string
	for _, o := range e.Operations {
		out = append(out, fmt.Sprintf("%s %d %d %d", o.Table, o.Put, o.Patch, o.Delete))
	}
	return strings.Join(out, "; ")
}

// switched is a source that can be cut off.
type switched struct {
	source.Source
	down bool
}

func (s *switched) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	if s.down {
		return nil, &source.Failure{Class: source.Down, Code: "source_down", Message: "The database does not answer."}
	}
	return s.Source.Begin(ctx, as)
}

// TestTroubleIsTold: each transaction that has to come again with its code, and once that it began and ended.
func TestTroubleIsTold(t *testing.T) {
	w := postgresWorld(t, "")
	src := &switched{w.src, true}
	e, told := w.observed(src)
	send := func() {
		w.send(e, http.MethodPost, transactions(crud(`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"x"}}`)))
	}
	send()
	send()
	src.down = false
	send()
	send()
	var got []string
	for _, e := range told() {
		got = append(got, fmt.Sprintf("%s %s %s %d", e.Kind, e.Outcome, e.Code, e.Level))
	}
	want := []string{
		"transaction retryable_error source_down 3", "instance noted source_down 3", "transaction retryable_error source_down 3",
		"transaction success  1", "instance noted  1", "transaction success  1",
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("told %q\nwant %q", got, want)
	}
}

// TestManyTablesAreFew: a client that names a thousand tables makes one short entry.
func TestManyTablesAreFew(t *testing.T) {
	w := postgresWorld(t, "")
	e, told := w.observed(w.src)
	var entries []string
	for n := range 1000 {
		entries = append(entries, fmt.Sprintf(`{"op":"PUT","table":"t%d","id":"{1}","data":{}}`, n))
	}
	w.send(e, http.MethodPost, transactions(crud(entries...)))
	list := told()
	if len(list) != 1 || len(list[0].Operations) != 16 || list[0].Operations[15] != (telemetry.TableOperations{Table: telemetry.Other, Put: 985}) {
		t.Errorf("told %+v", list)
	}
}
