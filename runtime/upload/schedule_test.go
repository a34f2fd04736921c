package upload_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict/conflicttest"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// The schedules of package conflicttest, played through the whole pipeline on each database: what is stored in the
// end is what the policy's reference model says. A failure names its seed, and -seed repeats it.
var (
	schedules = flag.Int("schedules", 300, "random schedules for each policy and database")
	onlySeed  = flag.Uint64("seed", 0, "play this schedule only; 0: all")
)

// played is how many schedules a test plays: the race detector makes each of them slow.
func played() uint64 {
	if testing.Short() {
		return uint64(min(*schedules, 20))
	}
	return uint64(*schedules)
}

// worldful is how many schedules are played in one world. They have nothing to do with each other, and in a world that grows
// without end each takes longer.
const worldful = 50

// inWorlds plays a test's seeds on both databases.
func inWorlds(t *testing.T, extra string, scenario func(t *testing.T, w *world, seeds []uint64)) {
	for first := uint64(1); first <= played(); first += worldful {
		var seeds []uint64
		for seed := first; seed < first+worldful && seed <= played(); seed++ {
			if *onlySeed == 0 || seed == *onlySeed {
				seeds = append(seeds, seed)
			}
		}
		if len(seeds) > 0 {
			t.Run(fmt.Sprint("from ", seeds[0]), func(t *testing.T) {
				onBoth(t, extra, func(t *testing.T, w *world) { scenario(t, w, seeds) })
			})
		}
	}
}

func scheduleTable(i int) string { return fmt.Sprintf("s%d", i) }

// scheduleTables configures a table for each subject, and gives what PostgreSQL makes of it.
func scheduleTables() (yaml, sql string) {
	var y, q strings.Builder
	for i := range conflicttest.Subjects {
		s := &conflicttest.Subjects[i]
		policy, fields, columns := "merge", "", ""
		if s.Row == nil {
			fields, columns = fmt.Sprintf("{f: {type: %s%s}}", typeOf(s), mergeOf(s.Field)), "f "+columnOf(typeOf(s))
		} else {
			policy = string(s.Row.OnConflict.Policy)
			if field := s.Row.OnConflict.Field; field != "" {
				policy = fmt.Sprintf("{%s: %s}", policy, field)
			} else if policy == "" {
				policy = "last_write"
			}
			var list, sqls []string
			for name, f := range conflicttest.RowFields {
				typ, merge := "string", ""
				switch name {
				case "v":
					typ = "int64"
				case "at", "a_at", "b_at":
					typ = "date"
				}
				if s.Row.OnConflict.Policy == bundle.RowMerge {
					merge = mergeOf(f.Merge)
				}
				list, sqls = append(list, fmt.Sprintf("%s: {type: %s%s}", name, typ, merge)), append(sqls, name+" "+columnOf(typ))
			}
			fields, columns = "{"+strings.Join(list, ", ")+"}", strings.Join(sqls, ", ")
		}
		fmt.Fprintf(&y, "  %s: {id: string, on_conflict: %s, allow: {create: \"true\", update: \"true\", delete: \"true\"}, fields: %s}\n", scheduleTable(i), policy, fields)
		fmt.Fprintf(&q, "CREATE TABLE %s (id text PRIMARY KEY, %s);", scheduleTable(i), columns)
	}
	return y.String(), q.String()
}

func typeOf(s *conflicttest.Subject) string {
	switch {
	case s.Typed != "":
		return string(s.Typed)
	case s.Field.Policy == bundle.MergeSet || s.Field.Policy == bundle.MergeAppend:
		return "array"
	case s.Field.Policy == bundle.MergeJSON:
		return "object"
	}
	if _, ok := s.Initial.(int64); ok {
		return "int64"
	}
	return "string"
}

func columnOf(typ string) string {
	return map[string]string{"string": "text", "int64": "bigint", "int32": "integer", "double": "double precision", "decimal": "numeric", "array": "jsonb", "object": "jsonb", "date": "timestamptz"}[typ]
}

func mergeOf(m bundle.Merge) string {
	if m.Policy == "" {
		return ""
	}
	if m.Field != "" {
		return fmt.Sprintf(", merge: {%s: %s}", m.Policy, m.Field)
	}
	return ", merge: " + string(m.Policy)
}

// pipeline plays the part of the server with the whole pipeline and a database.
type pipeline struct {
	*conflicttest.Subject
	w       *world
	table   string
	row     string
	devices [conflicttest.Devices]device
	refused int
}

// columns writes a value as a device's columns.
func (p *pipeline) columns(v value.Value, than value.Value) string {
	if p.Row == nil {
		return `"f":` + clientText(v)
	}
	var out []string
	for _, m := range v.(*value.Object).Members {
		if than != nil { // only what the device changed
			if was, _ := than.(*value.Object).Get(m.Name); was == m.Value {
				continue
			}
		}
		out = append(out, fmt.Sprintf("%q:%s", m.Name, clientText(m.Value)))
	}
	return strings.Join(out, ",")
}

func clientText(v value.Value) string { return string(value.AppendJSON(nil, value.ClientForm(v))) }

func (p *pipeline) send(d *device, op, data, previous string) bool {
	p.w.t.Helper()
	entry := fmt.Sprintf(`{"op":%q,"table":%q,"id":%q,"data":{%s}`, op, p.table, p.row, data)
	if previous != "" {
		entry += `,"previous_values":{` + previous + "}"
	}
	code, answer := p.w.send(p.w.engine, http.MethodPost, d.body([]string{entry + "}"}))
	switch got := strings.Join(outcomes(p.w.t, answer), "; "); {
	case code == http.StatusOK && got == "success":
		return true
	case p.Row != nil && (got == "fatal_error CONFLICT 0" || got == "fatal_error CONFLICT_RECORDED 0"):
		p.refused++
		return false
	}
	p.w.t.Fatalf("%s: %d %s", entry, code, answer)
	return false
}

func (p *pipeline) Deliver(w conflicttest.Write) (took bool) {
	previous := p.columns(w.Before, nil)
	taken := p.send(&p.devices[w.Device], "PATCH", p.columns(w.Next, w.Before), previous)
	if p.Field.Policy == bundle.MergeFirstWrite || p.Field.Policy == bundle.MergeServer { // their model asks who was there
		return value.Equal(p.Stored(), w.Next)
	}
	return taken
}

func (p *pipeline) Stored() value.Value {
	p.w.t.Helper()
	tx, err := p.w.src.Begin(p.w.t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		p.w.t.Fatal(err)
	}
	defer tx.Rollback(p.w.t.Context())
	t := p.w.config.Tables[p.table]
	rows, _, err := tx.Read(p.w.t.Context(), []source.Ref{{Table: &source.Table{Name: p.table, Collection: t.Collection, Key: t.Key, ID: t.ID}, ID: p.row}}, nil)
	if err != nil || rows[0].Doc == nil {
		p.w.t.Fatalf("%v, %+v", err, rows)
	}
	if p.Row == nil {
		v, _ := rows[0].Doc.Get("f")
		return native(v)
	}
	out := &value.Object{}
	for _, m := range p.Initial.(*value.Object).Members {
		v, _ := rows[0].Doc.Get(m.Name)
		out.Set(m.Name, native(v))
	}
	return out
}

// native opens JSON columns.
func native(v value.Value) value.Value {
	if text, ok := v.(value.JSON); ok {
		if opened, err := value.Native(text); err == nil {
			return opened
		}
	}
	return v
}

func TestSchedulesThroughThePipeline(t *testing.T) {
	yaml, sql := scheduleTables()
	inWorlds(t, yaml, func(t *testing.T, w *world, seeds []uint64) {
		if w.kind == bundle.PostgreSQL {
			w.sql(sql)
		}
		w.config.Limits.TransactionsPerMinute = 0
		w.engine = w.newEngine(w.src)
		for i := range conflicttest.Subjects {
			s := &conflicttest.Subjects[i]
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel() // on one engine: its groups have writes under every policy
				w := w.of(t)
				refused := 0
				for _, seed := range seeds {
					refused += w.schedule(s, scheduleTable(i), seed)
				}
				if s.Row != nil && s.Row.OnConflict.Policy == bundle.RowRecord {
					w.everyRefusalIsACase(scheduleTable(i), refused)
				}
			})
		}
	})
}

// of is the same world for a test of its own.
func (w *world) of(t *testing.T) *world {
	return &world{t: t, kind: w.kind, src: w.src, config: w.config, engine: w.engine, mongo: w.mongo, pg: w.pg}
}

// schedule plays one and gives how many writes were refused.
func (w *world) schedule(s *conflicttest.Subject, table string, seed uint64) int {
	w.t.Helper()
	p := &pipeline{Subject: s, w: w, table: table, row: fmt.Sprintf("row-%d", seed)}
	for d := range p.devices {
		p.devices[d] = device{w: w, name: fmt.Sprintf("%s-%d-%d", table, seed, d)}
	}
	p.send(&device{w: w, name: table + "-first"}, "PUT", p.columns(s.Initial, nil), "")
	got, want := s.Run(rand.New(rand.NewPCG(seed, 1)), p)
	if !s.Same(got, want) {
		w.t.Fatalf("seed %d: stored %s, the model says %s", seed, value.AppendJSON(nil, got), value.AppendJSON(nil, want))
	}
	return p.refused
}

// everyRefusalIsACase: as many open conflicts as refused writes, each with its rejection.
func (w *world) everyRefusalIsACase(table string, refused int) {
	w.t.Helper()
	cases := map[string]bool{}
	for f := (source.ConflictFilter{TableName: table, Limit: 1000}); ; {
		list, err := w.src.Conflicts(w.t.Context(), f)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, c := range list {
			if c.Status != source.ConflictOpen || c.Rejection == "" || cases[c.Rejection] {
				w.t.Errorf("%+v", c)
			}
			cases[c.Rejection] = true
			f.After = c.ID
		}
		if len(list) < f.Limit {
			break
		}
	}
	if len(cases) != refused || refused == 0 {
		w.t.Errorf("%d cases for %d refused writes", len(cases), refused)
	}
}
