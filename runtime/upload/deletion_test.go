package upload_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// Random schedules of creations, updates and deletions by devices that are offline, for each way to treat
// deletions, through the whole pipeline on each database.

const deletionTables = `
  win: {id: string, allow: {create: "true", update: "true", delete: "true"}, fields: {name: {type: string}}}
  tombstone: {id: string, deletes: tombstone, allow: {create: "true", update: "true", delete: "true"}, fields: {name: {type: string}}}
  lose: {id: string, deletes: lose, allow: {create: "true", update: "true", delete: "true"}, fields: {name: {type: string}}}
`

// rowModel is the reference: what one row is, and who deleted it.
type rowModel struct {
	way       string
	name      string // "": there is no row
	deletedBy int    // -1: nobody
	dropped   int
	// waits are devices whose creation was refused: while the row is missing their writes follow it.
	waits map[int]bool
}

// delivered plays a write of a device that saw a name, and gives what the device hears.
func (m *rowModel) delivered(device int, op, name, saw string) string {
	missing := m.name == ""
	if missing && op != "PUT" && m.waits[device] {
		return "DEPENDS_ON_REJECTED"
	}
	switch {
	case op == "PUT" && missing && m.way == "tombstone" && m.deletedBy >= 0 && m.deletedBy != device:
		m.waits[device] = true
		return "ROW_DELETED"
	case op == "PUT":
		if missing {
			delete(m.waits, device) // made good
		}
		m.name = name
	case missing:
	case op == "PATCH":
		m.name = name
	case m.way == "lose" && saw != "" && saw != m.name:
		m.dropped++
	default:
		m.name, m.deletedBy = "", device
	}
	return ""
}

// offline is a device's view of the row, and what it has not sent yet.
type offline struct {
	device
	saw   string
	queue []func() (op, name, saw string)
}

func TestSchedulesOfDeletions(t *testing.T) {
	inWorlds(t, deletionTables, func(t *testing.T, w *world, seeds []uint64) {
		if w.kind == bundle.PostgreSQL {
			w.sql("CREATE TABLE win (id text PRIMARY KEY, name text); CREATE TABLE tombstone (id text PRIMARY KEY, name text); CREATE TABLE lose (id text PRIMARY KEY, name text)")
		}
		w.config.Limits.TransactionsPerMinute = 0
		w.engine = w.newEngine(w.src)
		for _, way := range []string{"win", "tombstone", "lose"} {
			t.Run(way, func(t *testing.T) {
				t.Parallel()
				w := w.of(t)
				special := 0
				for _, seed := range seeds {
					special += w.deletions(way, seed)
				}
				if *onlySeed == 0 && (special > 0) != (way != "win") {
					t.Errorf("%d writes met what is special about %s", special, way)
				}
			})
		}
	})
}

// deletions plays a schedule and gives how many writes were dropped or refused.
func (w *world) deletions(way string, seed uint64) (special int) {
	w.t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	m := &rowModel{way: way, deletedBy: -1, waits: map[int]bool{}}
	row := fmt.Sprintf("row-%d", seed)
	devices := make([]offline, 3)
	for d := range devices {
		devices[d].device = device{w: w, name: fmt.Sprintf("%s-%d-%d", way, seed, d)}
	}
	deliver := func(i int) {
		d := &devices[i]
		op, name, saw := d.queue[0]()
		d.queue = d.queue[1:]
		want := m.delivered(i, op, name, saw)
		entry := fmt.Sprintf(`{"op":%q,"table":%q,"id":%q`, op, way, row)
		if op != "DELETE" {
			entry += fmt.Sprintf(`,"data":{"name":%q}`, name)
		}
		if saw != "" {
			entry += fmt.Sprintf(`,"previous_values":{"name":%q}`, saw)
		}
		if want == "" {
			want = "success"
		} else {
			special++
			want = "fatal_error " + want + " 0"
		}
		code, answer := w.send(w.engine, http.MethodPost, d.body([]string{entry + "}"}))
		if got := strings.Join(outcomes(w.t, answer), "; "); code != http.StatusOK || got != want {
			w.t.Fatalf("seed %d: device %d hears %q of %s, want %q", seed, i, got, entry, want)
		}
	}
	for n := range 12 {
		i := r.IntN(len(devices))
		d := &devices[i]
		switch step := r.IntN(6); {
		case step < 3:
			op, saw, name := "PUT", d.saw, fmt.Sprintf("%d", n)
			if d.saw != "" {
				op = []string{"PATCH", "DELETE"}[r.IntN(2)]
			}
			if d.saw = name; op == "DELETE" {
				d.saw = ""
			}
			d.queue = append(d.queue, func() (string, string, string) { return op, name, saw })
		case len(d.queue) > 0:
			deliver(i)
		default:
			d.saw = m.name // a checkpoint applies only to an empty queue
		}
	}
	for i := range devices {
		for len(devices[i].queue) > 0 {
			deliver(i)
		}
	}
	if got := w.nameOf(way, row); got != m.name {
		w.t.Fatalf("seed %d: the row is %q, the model says %q", seed, got, m.name)
	}
	if list, err := w.src.Conflicts(w.t.Context(), source.ConflictFilter{TableName: way, RowID: row, Limit: 100}); err != nil || len(list) != m.dropped {
		w.t.Fatalf("seed %d: %d deletions were dropped, the model says %d (%v)", seed, len(list), m.dropped, err)
	}
	return special + m.dropped
}

// nameOf reads a row's name; "": there is no row.
func (w *world) nameOf(table, row string) string {
	w.t.Helper()
	tx, err := w.src.Begin(w.t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		w.t.Fatal(err)
	}
	defer tx.Rollback(w.t.Context())
	t := w.config.Tables[table]
	rows, _, err := tx.Read(w.t.Context(), []source.Ref{{Table: &source.Table{Name: table, Collection: t.Collection, Key: t.Key, ID: t.ID}, ID: row}}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if rows[0].Doc == nil {
		return ""
	}
	name, _ := rows[0].Doc.Get("name")
	return fmt.Sprint(name)
}
