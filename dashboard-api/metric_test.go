package dashboardapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/controlplane"
	controlpool "turnkey/controlplane/pool"
	"turnkey/internal/redact"
	"turnkey/runtime/telemetry"
)

// line is one runtime's way to this control plane, as in production: recorder, shipper, HTTP, pool.
type line struct {
	*telemetry.Recorder
	shipper *telemetry.Shipper
	sink    *brokenSink
}

// brokenSink fails before or after a batch is stored, when it is told to.
type brokenSink struct {
	telemetry.Sink
	before, after bool
}

func (b *brokenSink) Ship(ctx context.Context, batch telemetry.Batch) error {
	if b.before {
		return errors.New("the control plane is down")
	}
	err := b.Sink.Ship(ctx, batch)
	if err == nil && b.after {
		return errors.New("the reply is lost")
	}
	return err
}

func (s *shop) newLine(source string) *line {
	s.Helper()
	token := redact.New(strings.Repeat("p", 32))
	h, err := controlpool.New(s.plane.Runtimes, s.plane.Telemetry, token, s.api.cfg.Log)
	if err != nil {
		s.Fatal(err)
	}
	server := httptest.NewServer(h)
	s.Cleanup(server.Close)
	client := telemetry.NewClient(server.URL, token)
	s.Cleanup(client.Close)
	r := telemetry.NewRecorder(telemetry.Bounds{}, s.clock.now)
	sink := &brokenSink{Sink: client}
	return &line{r, telemetry.NewShipper(r, sink, source, telemetry.Pace{}, s.clock.now, slog.New(slog.DiscardHandler)), sink}
}

func (s *shop) metrics(instance, query string) reply {
	s.Helper()
	return s.must(call{method: get, path: "/instances/" + instance + "/metrics?" + query, as: s.ann})
}

// TestMetrics: what two runtimes record is what the API sums up, by steps and in total, though batches
// fail and are repeated on the way.
func TestMetrics(t *testing.T) {
	s, id := newServed(t)
	began := s.clock.now()
	a, b := s.newLine("a"), s.newLine("b")
	for n, at := range []*line{a, b, a} {
		at.sink.before, at.sink.after = n == 0, n == 1
		for range 10 {
			e := done(id, "u")
			e.At, e.Operations[0].NoPrevious, e.Operations[0].Conflicts.Merged = s.clock.now(), 1, 2
			at.Record(e)
		}
		at.Record(done(id, "u", refused("UNAUTHORIZED"), func(e *telemetry.Entry) { e.At = s.clock.now() }))
		at.Record(telemetry.Entry{Instance: id, Kind: telemetry.Token, Outcome: telemetry.Issued})
		at.Record(telemetry.Entry{Instance: id, Kind: telemetry.Token, Outcome: telemetry.Refused, Code: "token_expired"})
		for outcome, lane := range map[telemetry.Outcome]string{telemetry.Success: "crm", telemetry.Retryable: "crm", telemetry.Fatal: "mail"} {
			at.Record(telemetry.Entry{Instance: id, Kind: telemetry.Delivery, Outcome: outcome, Lane: lane})
		}
		at.Record(telemetry.Entry{Instance: "ins_nobodys", Kind: telemetry.Token, Outcome: telemetry.Issued})
		at.shipper.Flush(t.Context())
		s.clock.advance(time.Minute)
	}
	for _, at := range []*line{a, b} {
		at.sink.before, at.sink.after = false, false
		at.shipper.Flush(t.Context())
		s.clock.advance(time.Minute)
		at.shipper.Flush(t.Context())
	}
	in := func(d time.Duration) string { return url.QueryEscape(began.Add(d).Format(time.RFC3339)) }
	r := s.metrics(id, "since="+in(0)+"&until="+in(10*time.Minute))
	points := r.json["points"].([]any)
	if len(points) != 3 {
		t.Fatalf("%d points: %s", len(points), r.Body)
	}
	for n, p := range points {
		point := p.(map[string]any)
		if point["at"] != began.Add(time.Duration(n)*time.Minute).Format(time.RFC3339) || fmt.Sprint(point["transactions"]) != "map[fatal_error:1 success:10]" {
			t.Errorf("point %d is %v", n, point)
		}
	}
	total := r.json["total"].(map[string]any)
	latency := total["latency"].(map[string]any)
	for name, want := range map[string]string{
		"transactions":       "map[fatal_error:3 success:30]",
		"operations":         "[map[count:3 outcome:fatal_error table:lists] map[count:90 outcome:success table:todos]]",
		"errors":             "[map[code:UNAUTHORIZED count:3 outcome:fatal_error]]",
		"tokens":             "map[issued:3 refused:3]",
		"token_errors":       "[map[code:token_expired count:3 outcome:refused]]",
		"no_previous_values": "30", "retries": "33", "dropped_log_entries": "0", "conflicts": "map[merged:60]",
		"deliveries": "[map[count:3 outbox:crm outcome:retryable_error] map[count:3 outbox:crm outcome:success] map[count:3 outbox:mail outcome:fatal_error]]",
	} {
		if got := fmt.Sprint(total[name]); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	table := total["tables"].([]any)[0].(map[string]any)
	if fmt.Sprint(table["table"], table["conflicts"], table["no_previous_values"], len(total["tables"].([]any))) != "todosmap[merged:60] 30 1" {
		t.Errorf("tables: %v", total["tables"])
	}
	if p50 := latency["p50_us"].(float64); latency["count"] != 33.0 || latency["mean_us"] != 1500.0 || p50 < 1131 || p50 > 1601 {
		t.Errorf("latency: %v", latency)
	}
	if hours := s.metrics(id, "step=3600&since="+in(0)+"&until="+in(time.Minute)).json["points"].([]any); len(hours) != 1 {
		t.Errorf("%d hours", len(hours))
	}
	log := s.must(call{method: get, path: "/instances/" + id + "/logs?limit=100", as: s.ann})
	if n := len(users(log)); n != 45 {
		t.Errorf("%d lines are stored, want 45: successful deliveries are counted only", n)
	}
	for _, query := range []string{"step=90", "step=1", "since=" + in(time.Hour) + "&until=" + in(0), "since=2001-01-01T00:00:00Z"} {
		if r := s.do(call{method: get, path: "/instances/" + id + "/metrics?" + query, as: s.ann}); r.Code != 422 {
			t.Errorf("%q answers %d", query, r.Code)
		}
	}
}

// TestManyRuntimesShip: batches of many senders at once, each sent twice, are stored once each.
func TestManyRuntimesShip(t *testing.T) {
	s, id := newServed(t)
	const senders, batches = 8, 10
	var wg sync.WaitGroup
	for n := range senders {
		wg.Go(func() {
			for seq := range batches {
				b := telemetry.Batch{Source: fmt.Sprint("rt-", n), Seq: int64(seq + 1), Entries: []telemetry.Entry{done(id, "u")},
					Counts: []telemetry.Count{{Instance: id, Minute: s.clock.now().Unix() / 60 * 60, Series: telemetry.Series{Name: telemetry.Transactions, Outcome: "success"}, N: 1}}}
				for range 2 {
					if err := s.plane.Telemetry.Ship(t.Context(), b); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	r := s.metrics(id, "")
	if got := fmt.Sprint(r.json["total"].(map[string]any)["transactions"]); got != fmt.Sprintf("map[success:%d]", senders*batches) {
		t.Errorf("counted %s", got)
	}
	var rows int
	if err := s.audit.QueryRow(t.Context(), `SELECT count(*) FROM log_entries`).Scan(&rows); err != nil || rows != senders*batches {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// keep edits how long logs are kept.
func (s *shop) keep(path string, body map[string]any, want int) {
	s.Helper()
	tag := s.must(call{method: get, path: path, as: s.ann}).Header().Get("ETag")
	r := s.do(call{method: patch, path: path, as: s.ann, body: body, header: map[string]string{"If-Match": tag}})
	if r.Code != want || want == 200 && r.json["log_days"] != float64(body["log_days"].(int)) {
		s.Errorf("PATCH %s %v: %d %s", path, body, r.Code, r.Body)
	}
}

// TestWhoKeepsLogsHowLong: the organization's setting holds for instances without one of their own.
func TestWhoKeepsLogsHowLong(t *testing.T) {
	s, id := newServed(t)
	org := "/orgs/" + s.ann.Grants[0].Organization
	days := func(want int) {
		t.Helper()
		err := s.store.InTx(t.Context(), func(tx controlplane.Tx) error {
			if n, err := tx.GetLogDays(t.Context(), id); n != want || err != nil {
				t.Errorf("kept for %d days, want %d; %v", n, want, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	days(controlplane.DefaultLogDays)
	s.keep(org, map[string]any{"name": "ann's", "log_days": 14}, 200)
	days(14)
	s.keep("/instances/"+id, map[string]any{"log_days": 7}, 200)
	days(7)
	s.keep("/instances/"+id, map[string]any{"log_days": 0}, 200)
	days(14)
	for _, n := range []int{-1, 91} {
		s.keep("/instances/"+id, map[string]any{"log_days": n}, 422)
	}
	s.keep(org, map[string]any{"name": "ann's", "log_days": 0}, 422)
}

// TestRetention: days are dropped as partitions when nobody may keep them, single entries when their
// instance keeps them for less, and what is kept no longer is not shown before that either.
func TestRetention(t *testing.T) {
	s, id := newServed(t)
	bob := s.newTenant("bob's")
	other := bob.ids["instance"]
	s.keep("/instances/"+id, map[string]any{"log_days": 7}, 200)
	count := func(table string) (n int) {
		if err := s.audit.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	partitions := func() (n int) {
		if err := s.audit.QueryRow(t.Context(), `SELECT count(*) FROM pg_inherits WHERE inhparent = 'log_entries'::regclass`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	sweep := func() {
		if _, _, err := s.plane.Telemetry.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.ship(done(id, "a"), done(other, "b"))
	before := count("log_entries")
	s.clock.advance(8 * 24 * time.Hour)
	// Past the API, because ann's session has ended by then.
	if got, _, err := s.plane.Logs.List(t.Context(), id, controlplane.LogFilter{}, 0, 10); len(got) != 0 || err != nil {
		t.Errorf("%v is shown after 8 days, %v", got, err)
	}
	sweep()
	if n := count("log_entries"); n != before-1 {
		t.Errorf("%d entries after 8 days, want %d", n, before-1)
	}
	s.ship(done(other, "c"))
	s.clock.advance(24 * 24 * time.Hour)
	sweep()
	if n := count("log_entries"); n != 1 {
		t.Errorf("%d entries after 32 days, want the one of the eighth", n)
	}
	if n := partitions(); n > 8 {
		t.Errorf("%d partitions are left", n)
	}
	s.clock.advance(40 * 24 * time.Hour)
	sweep()
	sweep()
	if n := count("log_entries"); n != 0 {
		t.Errorf("%d entries after 72 days", n)
	}
	if n := partitions(); n != 4 { // today and three days ahead
		t.Errorf("%d partitions, want 4", n)
	}
	if n := count("metric_counts"); n != 0 {
		t.Errorf("%d counters", n)
	}
}

// TestSeries: a chart gets each line with a value for every step: counters with zeros, times with gaps, hooks
// with their mean; filters narrow them.
func TestSeries(t *testing.T) {
	s, id := newServed(t)
	began := s.clock.now().Truncate(time.Minute)
	at := s.newLine("a")
	for range 3 {
		e := done(id, "u", func(e *telemetry.Entry) {
			e.At, e.DurationUS, e.DatabaseUS = s.clock.now(), 2000, 1500
			e.Operations = append(e.Operations, telemetry.TableOperations{Table: "lists", Put: 1})
			call := telemetry.HookCalls{Hook: "todos.beforeWrite", Result: "kept", Calls: 2, DurationUS: 100}
			call.Spread.Add(10)
			call.Spread.Add(90)
			e.Hooks = []telemetry.HookCalls{call, {Hook: "lists.afterWrite", Result: "kept", Calls: 1, DurationUS: 70}}
		})
		at.Record(e)
		at.shipper.Flush(t.Context())
		s.clock.advance(2 * time.Minute)
	}
	at.shipper.Flush(t.Context())
	lines := func(query string) (out []string) {
		r := s.must(call{method: get, path: "/instances/" + id + "/metrics/series?since=" + url.QueryEscape(began.Format(time.RFC3339)) + "&until=" + url.QueryEscape(began.Add(6*time.Minute).Format(time.RFC3339)) + "&" + query, as: s.ann})
		for _, l := range r.json["series"].([]any) {
			line := l.(map[string]any)
			text := fmt.Sprint(line["name"], " ", line["label"], " ", line["outcome"], ":")
			for _, v := range line["values"].([]any) {
				text += fmt.Sprint(" ", v)
			}
			out = append(out, text)
		}
		return out
	}
	for query, want := range map[string][]string{
		"name=transactions":                                     {"transactions <nil> success: 1 0 1 0 1 0"},
		"name=transactions&step=3600":                           nil, // one or two hours, by the time of day
		"name=hook_us&hook=todos.beforeWrite":                   {"hook_us todos.beforeWrite <nil>: 50 <nil> 50 <nil> 50 <nil>"},
		"name=hook_calls&name=operations&hook=none&table=todos": {"operations todos success: 3 0 3 0 3 0"},
		"name=operations&table=nothing":                         {},
		"name=hook_calls&hook=lists.afterWrite&name=tokens":     {"hook_calls lists.afterWrite kept: 1 0 1 0 1 0"},
		"name=database_us":                                      {"database_us <nil> <nil>: 1500 <nil> 1500 <nil> 1500 <nil>"},
	} {
		if got := lines(query); want != nil && fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	// Quantiles of each table and hook, for each step; a choice leaves the others out.
	for query, of := range map[string]string{
		"name=table_latency":             "table_latency lists p50;table_latency lists p90;table_latency lists p99;table_latency todos p50;table_latency todos p90;table_latency todos p99",
		"name=table_latency&table=todos": "table_latency todos p50;table_latency todos p90;table_latency todos p99",
		"name=hook_latency":              "hook_latency todos.beforeWrite p50;hook_latency todos.beforeWrite p90;hook_latency todos.beforeWrite p99",
		"name=hook_latency&hook=other":   "",
	} {
		var names []string
		for _, l := range lines(query) {
			name, values, _ := strings.Cut(l, ":")
			names = append(names, name)
			if v := strings.Fields(values); len(v) != 6 || v[0] == "<nil>" || v[1] != "<nil>" || strings.HasPrefix(name, "table") && (v[0] < "1600" || v[0] > "2264") {
				t.Errorf("%s: %s", query, l)
			}
		}
		if got := strings.Join(names, ";"); got != of {
			t.Errorf("%s: %q, want %q", query, got, of)
		}
	}
	total := s.metrics(id, "since="+url.QueryEscape(began.Format(time.RFC3339))).json["total"].(map[string]any)
	table, hook := total["tables"].([]any)[1].(map[string]any), total["hooks"].([]any)[1].(map[string]any)
	if q := table["latency"].(map[string]any); table["table"] != "todos" || q["count"] != 3.0 || q["p99_us"].(float64) <= q["p50_us"].(float64) {
		t.Errorf("of the table: %v", table)
	}
	if q := hook["latency"].(map[string]any); hook["hook"] != "todos.beforeWrite" || q["count"] != 6.0 || q["p50_us"].(float64) > 100 {
		t.Errorf("of the hook: %v", hook)
	}
	if l := total["latency"].(map[string]any); l["database_mean_us"] != 1500.0 {
		t.Errorf("in the database: %v", l)
	}
	if got := lines("name=latency"); len(got) != 4 || !strings.HasPrefix(got[0], "latency mean <nil>: 2000 <nil> 2000") {
		t.Errorf("latency: %q", got)
	}
	for _, query := range []string{"name=nonsense", "name=transactions&step=90", "name=transactions&step=60&since=2001-01-01T00:00:00Z"} {
		if r := s.do(call{method: get, path: "/instances/" + id + "/metrics/series?" + query, as: s.ann}); r.Code != 422 {
			t.Errorf("%q answers %d", query, r.Code)
		}
	}
}
