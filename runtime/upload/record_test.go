package upload_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

// The tables of the scenarios about recorded conflicts and deletions, for both databases.
const conflictTables = `
  merged:
    id: string
    on_conflict: merge
    deletes: lose
    allow: {create: "true", update: old.secret != "x", delete: "true"}
    fields:
      name: {type: string}
      n: {type: int64, merge: counter}
      owner: {type: string, merge: first_write}
      body: {type: string, merge: text}
      best: {type: int64, merge: max}
      secret: {path: secret, type: string}
      serial: {type: string, immutable: true}
  kept:
    id: string
    on_conflict: record
    allow: {create: "true", update: old.secret != "x" && (!has(new.name) || new.name != "forbidden"), delete: "true"}
    fields:
      name: {type: string}
      n: {type: int64}
      at: {type: date}
      secret: {type: string}
      serial: {type: string, immutable: true}
  buried:
    id: string
    deletes: tombstone
    allow: {create: "true", update: "true", delete: "true"}
    fields: {name: {type: string}}
  versioned:
    id: string
    on_conflict: {version: rev}
    allow: {create: "true", update: "true", delete: "true"}
    fields: {name: {type: string}, rev: {type: int64}}
  timed:
    id: string
    on_conflict: {timestamp: at}
    allow: {create: "true", update: "true", delete: "true"}
    fields: {name: {type: string}, at: {type: date}}
  won:
    id: string
    allow: {create: "true", update: "true", delete: "true"}
    fields: {name: {type: string}}
`

func onBothWithConflicts(t *testing.T, scenario func(t *testing.T, w *world)) {
	onBoth(t, conflictTables, func(t *testing.T, w *world) {
		w.conflictSchema()
		scenario(t, w)
	})
}

// eachCase runs cases in one world for each database, on rows of their own: a database takes longer to make than
// they take.
func eachCase[C any](t *testing.T, cases map[string]C, run func(w *world, name string, c C)) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				w.t, w.offset = t, w.offset+10
				run(w, name, c)
			})
		}
	})
}

func (w *world) conflictSchema() {
	if w.kind == bundle.PostgreSQL {
		w.sql(`CREATE TABLE merged (id text PRIMARY KEY, name text, n bigint, owner text, body text, best bigint, secret text, serial text);
			CREATE TABLE kept (id text PRIMARY KEY, name text, n bigint, at timestamptz, secret text, serial text);
			CREATE TABLE buried (id text PRIMARY KEY, name text);
			CREATE TABLE versioned (id text PRIMARY KEY, name text, rev bigint);
			CREATE TABLE timed (id text PRIMARY KEY, name text, at timestamptz);
			CREATE TABLE won (id text PRIMARY KEY, name text)`)
	}
}

// entryOf is one entry of row 1; previous may be empty.
func entryOf(op, table, data, previous string) string {
	e := `{"op":"` + op + `","table":"` + table + `","id":"{1}"`
	if op != "DELETE" {
		e += `,"data":{` + data + `}`
	}
	if previous != "" {
		e += `,"previous_values":{` + previous + `}`
	}
	return e + "}"
}

// device is a client that numbers its operations.
type device struct {
	w    *world
	name string
	op   int
}

func (w *world) device(name string) *device { return &device{w: w, name: name} }

// body numbers the entries and makes each list of them a transaction.
func (d *device) body(list ...[]string) string {
	var out []string
	for _, entries := range list {
		numbered := make([]string, len(entries))
		for i, e := range entries {
			d.op++
			numbered[i] = fmt.Sprintf(`{"op_id":%d,`, d.op) + e[1:]
		}
		out = append(out, fmt.Sprintf(`{"transaction_id":%d,"crud":[%s]}`, d.op, strings.Join(numbered, ",")))
	}
	return `{"client":{"id":"` + d.name + `"},"transactions":[` + strings.Join(out, ",") + `]}`
}

// does uploads one transaction of each entry and wants one outcome for each.
func (d *device) does(want string, entries ...string) {
	d.w.t.Helper()
	var list [][]string
	var all []string
	for _, e := range entries {
		list, all = append(list, []string{e}), append(all, want)
	}
	d.w.want(d.body(list...), all...)
}

// conflicts spells the recorded conflicts, oldest first: "merged: n=merged(counter) decided".
func (w *world) conflicts() []source.ConflictRecord {
	w.t.Helper()
	list, err := w.src.Conflicts(w.t.Context(), source.ConflictFilter{RowID: w.id(1), OldestFirst: true, Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range list {
		full, err := w.src.Conflict(w.t.Context(), list[i].ID)
		if err != nil || full == nil {
			w.t.Fatal(err)
		}
		list[i] = *full
	}
	return list
}

func spelled(list []source.ConflictRecord) string {
	var out []string
	for _, c := range list {
		var fields []string
		for _, f := range c.Fields {
			fields = append(fields, f.Name+"="+f.Outcome)
		}
		slices.Sort(fields)
		out = append(out, fmt.Sprintf("%s %s %s %s (%s) %s", c.TableName, c.Op, c.Policy, c.Outcome, strings.Join(fields, " "), c.Status))
	}
	return strings.Join(out, "; ")
}

func (w *world) wantConflicts(want string) []source.ConflictRecord {
	w.t.Helper()
	list := w.conflicts()
	if got := spelled(list); got != want {
		w.t.Errorf("recorded %q\nwant     %q", got, want)
	}
	return list
}

func (w *world) wantRow(table, want string) {
	w.t.Helper()
	if got := w.row(table, 1); got != want {
		w.t.Errorf("%s is %q, want %q", table, got, want)
	}
}

// TestWhatIsRecorded: two devices saw the same row. Recorded is where something else was stored than the second one
// wrote, and nothing where it had its way.
func TestWhatIsRecorded(t *testing.T) {
	eachCase(t, map[string]struct{ table, put, first, second, previous, row, outcome, recorded string }{
		"a counter": {"merged", `"n":10`, `"n":7`, `"n":6`, `"n":10`, "n=3L", "", "merged PATCH merge merged (n=merged) decided"},
		"first write": {"merged", `"owner":"-"`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, "owner=a", "",
			"merged PATCH merge server (owner=server) decided"},
		"text": {"merged", `"body":"one two"`, `"body":"one two three"`, `"body":"zero two"`, `"body":"one two"`, "body=zero two three", "",
			"merged PATCH merge merged (body=merged) decided"},
		"max":               {"merged", `"best":1`, `"best":3`, `"best":2`, `"best":1`, "best=3L", "", "merged PATCH merge server (best=server) decided"},
		"max, the device's": {"merged", `"best":1`, `"best":2`, `"best":3`, `"best":1`, "best=3L", "", ""},
		"the device wins a field, and loses another": {"merged", `"name":"-","owner":"-"`, `"name":"a","owner":"a"`, `"name":"b","owner":"b"`, `"name":"-","owner":"-"`, "name=b owner=a", "",
			"merged PATCH merge merged (name=client owner=server) decided"},
		"last write":     {"won", `"name":"-"`, `"name":"a"`, `"name":"b"`, `"name":"-"`, "name=b", "", ""},
		"other fields":   {"merged", `"name":"-","owner":"-"`, `"name":"a"`, `"owner":"b"`, `"owner":"-"`, "name=a owner=b", "", ""},
		"older by clock": {"timed", `"name":"-"`, `"name":"a","at":"2026-01-03T00:00:00Z"`, `"name":"b","at":"2026-01-02T00:00:00Z"`, `"name":"-","at":null`, "at=2026-01-03T00:00:00.000Z name=a", "", "timed PATCH timestamp server (at=server name=server) decided"},
		"an old version": {"versioned", `"name":"-","rev":1`, `"name":"a","rev":2`, `"name":"b","rev":2`, `"name":"-","rev":1`, "name=a rev=2L", "CONFLICT", ""},
		"left open": {"kept", `"name":"-","n":1`, `"name":"a","n":2`, `"name":"b","n":3`, `"name":"-","n":1`, "n=2L name=a", "CONFLICT_RECORDED",
			"kept PATCH record recorded (n=recorded name=recorded) open"},
		"left open, only spelled":  {"kept", `"at":"2026-01-01T00:00:00.000Z"`, `"name":"a"`, `"at":"2026-01-02T00:00:00Z"`, `"at":"2026-01-01 00:00:00Z"`, "at=2026-01-02T00:00:00.000Z name=a", "", ""},
		"a stranger learns naught": {"kept", `"name":"-"`, `"secret":"x"`, `"secret":"y"`, `"secret":null`, "name=- secret=x", "UNAUTHORIZED", ""},
		"a forbidden wish":         {"kept", `"name":"-"`, `"name":"a"`, `"name":"forbidden"`, `"name":"-"`, "name=a", "UNAUTHORIZED", ""},
	}, func(w *world, name string, c struct{ table, put, first, second, previous, row, outcome, recorded string }) {
		w.device("one").does("success", entryOf("PUT", c.table, c.put, ""))
		first := c.previous
		if name == "a stranger learns naught" {
			first = ""
		}
		w.device("two").does("success", entryOf("PATCH", c.table, c.first, first))
		want := "success"
		if c.outcome != "" {
			want = "fatal_error " + c.outcome + " 0"
		}
		w.device("three").does(want, entryOf("PATCH", c.table, c.second, c.previous))
		w.wantRow(c.table, c.row)
		w.wantConflicts(c.recorded)
	})
}

// TestARecordHasEverything: base, server, client and the decision with who, what and when; and users' devices
// see no more than they may.
func TestARecordHasEverything(t *testing.T) {
	for _, show := range []bool{false, true} {
		t.Run(fmt.Sprint(show), func(t *testing.T) {
			onBothWithConflicts(t, func(t *testing.T, w *world) {
				w.config.Conflicts.ShowServer = show
				w.engine = w.newEngine(w.src)
				w.device("one").does("success", entryOf("PUT", "merged", `"n":10,"name":"-"`, ""))
				w.device("two").does("success", entryOf("PATCH", "merged", `"n":7`, `"n":10`))
				w.device("three").does("success", entryOf("PATCH", "merged", `"n":6,"name":"x"`, `"n":10,"name":"-"`))
				c := w.wantConflicts("merged PATCH merge merged (n=merged) decided")[0]
				if c.UserID != "u1" || c.ClientID != "three" || c.RequestID != "req_1" || c.Deployment != 3 || c.RowID != w.id(1) || c.Operation != 0 || c.Rejection != "" ||
					string(c.Claims) != `{"sub":"u1"}` || c.CreatedAt.IsZero() || c.Fields[0].Policy != "counter" || !strings.HasPrefix(c.ID, "cnf_") {
					t.Errorf("%+v", c)
				}
				if got := string(c.Values); got != `{"base":{"n":10,"name":"-"},"server":{"n":7,"name":"-"},"client":{"n":6,"name":"x"},"decided":{"n":3,"name":"x"}}` {
					t.Errorf("values %s", got)
				}
				server := ""
				if show {
					server = `{"n":7}`
				}
				if string(c.ClientData) != `{"n":6}` || string(c.ServerData) != server {
					t.Errorf("devices see %s and %q", c.ClientData, c.ServerData)
				}
			})
		})
	}
}

// TestAnExcerptFits: devices get a part of what is too large for them; the record keeps it all.
func TestAnExcerptFits(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		large := strings.Repeat("l", 5<<20)
		w.device("one").does("success", entryOf("PUT", "kept", `"name":"-","n":1`, ""))
		w.device("two").does("success", entryOf("PATCH", "kept", `"name":"a","n":2`, `"name":"-","n":1`))
		w.device("three").does("fatal_error CONFLICT_RECORDED 0", entryOf("PATCH", "kept", `"name":"`+large+`","n":3`, `"name":"-","n":1`))
		c := w.wantConflicts("kept PATCH record recorded (n=recorded name=recorded) open")[0]
		if string(c.ClientData) != `{"n":3}` || !strings.Contains(string(c.Values), large) {
			t.Errorf("%d bytes for devices, %d kept", len(c.ClientData), len(c.Values))
		}
	})
}

// TestOutcomesAreCounted: by table, and of a refused transaction only what refused it.
func TestOutcomesAreCounted(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		e, told := w.observed(w.src)
		w.engine = e
		w.device("one").does("success", entryOf("PUT", "merged", `"n":10,"owner":"-","name":"-","body":"-"`, ""), entryOf("PUT", "kept", `"name":"-"`, ""), entryOf("PUT", "won", `"name":"-"`, ""))
		w.device("two").does("success", entryOf("PATCH", "merged", `"n":7,"owner":"a","name":"a"`, `"n":10,"owner":"-","name":"-"`),
			entryOf("PATCH", "kept", `"name":"a"`, `"name":"-"`), entryOf("PATCH", "won", `"name":"a"`, `"name":"-"`))
		d := w.device("three")
		d.does("success", entryOf("PATCH", "merged", `"n":6,"owner":"b","name":"b"`, `"n":10,"owner":"-","name":"-"`), entryOf("PATCH", "won", `"name":"b"`, `"name":"-"`))
		w.want(d.body([]string{entryOf("PATCH", "won", `"name":"c"`, `"name":"-"`), entryOf("PATCH", "kept", `"name":"b"`, `"name":"-"`)}), "fatal_error CONFLICT_RECORDED 1")
		w.device("four").does("success", entryOf("DELETE", "merged", "", `"n":10`))
		d.does("success", entryOf("PATCH", "won", `"name":"d"`, ""))
		got := map[string]telemetry.Conflicts{}
		without := map[string]int{}
		for _, entry := range told() {
			for _, o := range entry.Operations {
				sum := got[o.Table]
				sum.Add(o.Conflicts)
				got[o.Table] = sum
				without[o.Table] += o.NoPrevious
			}
		}
		if got["merged"] != (telemetry.Conflicts{Client: 1, Server: 2, Merged: 1}) || got["won"] != (telemetry.Conflicts{Client: 1}) || got["kept"] != (telemetry.Conflicts{Recorded: 1}) {
			t.Errorf("counted %+v", got)
		}
		if without["won"] != 1 || without["merged"] != 0 {
			t.Errorf("without previous values: %v", without)
		}
	})
}

// TestARepeatIsNotRecordedAgain: the receipt knows the write and its conflict.
func TestARepeatIsNotRecordedAgain(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.device("one").does("success", entryOf("PUT", "merged", `"n":10`, ""), entryOf("PUT", "kept", `"n":10`, ""))
		w.device("two").does("success", entryOf("PATCH", "merged", `"n":7`, `"n":10`), entryOf("PATCH", "kept", `"n":7`, `"n":10`))
		body := w.device("three").body([]string{entryOf("PATCH", "merged", `"n":6`, `"n":10`)}, []string{entryOf("PATCH", "kept", `"n":6`, `"n":10`)})
		for range 3 {
			w.want(body, "success", "fatal_error CONFLICT_RECORDED 0")
		}
		w.wantRow("merged", "n=3L")
		w.wantConflicts("merged PATCH merge merged (n=merged) decided; kept PATCH record recorded (n=recorded) open")
	})
}

// TestAnUnknownCommitRecordsOnce: conflict, data and receipt are one; the next try finds them.
func TestAnUnknownCommitRecordsOnce(t *testing.T) {
	for table, c := range map[string]struct{ said, recorded string }{
		"merged": {"success", "merged PATCH merge merged (n=merged) decided"}, "kept": {"fatal_error CONFLICT_RECORDED 0", "kept PATCH record recorded (n=recorded) open"},
	} {
		t.Run(table, func(t *testing.T) {
			onBothWithConflicts(t, func(t *testing.T, w *world) {
				w.device("one").does("success", entryOf("PUT", table, `"n":10`, ""))
				w.device("two").does("success", entryOf("PATCH", table, `"n":7`, `"n":10`))
				lossy := &forgetful{Source: w.src}
				w.engine = w.newEngine(lossy)
				w.device("three").does(c.said, entryOf("PATCH", table, `"n":6`, `"n":10`))
				if lossy.lost != 1 {
					t.Errorf("%d commits were lost", lossy.lost)
				}
				w.wantConflicts(c.recorded)
				if n := len(w.rejections(source.RejectionFilter{})); (n == 1) != (table == "kept") {
					t.Errorf("%d rejections", n)
				}
			})
		})
	}
}

// TestLegacyFormsAreRecorded, too, and pass.
func TestLegacyFormsAreRecorded(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.device("one").does("success", entryOf("PUT", "kept", `"n":10`, ""))
		w.device("two").does("success", entryOf("PATCH", "kept", `"n":7`, `"n":10`))
		code, answer := w.send(w.engine, http.MethodPost, `{"batch":[`+entryOf("PATCH", "kept", `"n":6`, `"n":10`)+`]}`)
		if code != http.StatusOK {
			t.Errorf("%d %s", code, answer)
		}
		w.wantConflicts("kept PATCH record recorded (n=recorded) open")
	})
}

// TestADefaultIsAConfiguration: what a bundle of an earlier compiler does not say has its default.
func TestADefaultIsAConfiguration(t *testing.T) {
	cfg, found := config.Parse([]byte(fmt.Sprintf(prelude, "mongodb", "x")+"tables: {}\n"), config.Options{Kind: bundle.Development})
	if len(found.Errors) > 0 || cfg.Conflicts.TTL.Hours() != 90*24 || cfg.Tombstones.TTL.Hours() != 400*24 || cfg.Conflicts.ShowServer {
		t.Errorf("%+v %+v %+v", found.Errors, cfg.Conflicts, cfg.Tombstones)
	}
}
