//go:build e2e

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	brakeWriters = 20
	ownRows      = 3 // of each writer
	sharedRows   = 6 // that anybody changes, deletes and makes anew
	hotRows      = 3 // that anybody changes, and counts on
)

// writers are devices that write until they are told to stop. Each has a queue of one, as PowerSync's:
// what is retryable comes again, what is fatal is dropped.
type writers struct {
	t            *testing.T
	urls         []string // of the runtimes; each device has one
	source       string
	token        string
	fleet        *fleet        // the devices have the real SDK; nil: they are goroutines here
	shared       atomic.Bool   // see storm
	foreign      bool          // every write is of somebody else's row
	refusedFirst chan struct{} // closed at the first refusal,
	refusedAt    time.Time     // which was then
	once         sync.Once
	cancel       context.CancelFunc
	wg           sync.WaitGroup

	mu    sync.Mutex
	edits []*edit
	wrong []string
	tries map[string]int // by outcome
	opID  [brakeWriters]int
}

func newWriters(t *testing.T, source string, urls ...string) *writers {
	t.Helper()
	token, err := mint(t.Context(), urls[0])
	if err != nil {
		t.Fatal(err)
	}
	return &writers{t: t, urls: urls, source: source, token: token, cancel: func() {}, tries: map[string]int{}}
}

// sail gives the writing to devices with the real SDK.
func (w *writers) sail(f *fleet) *writers {
	w.fleet = f
	f.aim(w)
	return w
}

// storm says whether shared rows are deleted, too.
func (w *writers) storm(on bool) {
	w.shared.Store(on)
	if w.fleet != nil {
		w.fleet.tell(map[string]any{"storm": on})
	}
}

// start lets all of them write; refusedFirst closes with the first refusal.
func (w *writers) start() {
	w.mu.Lock()
	w.refusedFirst, w.once = make(chan struct{}), sync.Once{}
	w.edits, w.wrong, w.tries = nil, nil, map[string]int{}
	w.mu.Unlock()
	if w.fleet != nil {
		w.fleet.tell(map[string]any{"start": true})
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	for n := range brakeWriters {
		w.wg.Go(func() {
			pace := time.NewTicker(25 * time.Millisecond)
			defer pace.Stop()
			for ctx.Err() == nil {
				<-pace.C
				w.bring(n, w.next(n))
			}
		})
	}
	w.t.Cleanup(w.stop)
}

// stop ends them; every queue is empty afterwards.
func (w *writers) stop() {
	if w.fleet != nil {
		w.fleet.stop()
		return
	}
	w.cancel()
	w.wg.Wait()
}

// next thinks of something to write.
func (w *writers) next(n int) *edit {
	e := &edit{op: "PATCH"}
	if rand.IntN(3) > 0 {
		e.name = fmt.Sprintf("w%d-%d", n, rand.IntN(1_000_000))
	}
	if rand.IntN(2) > 0 || e.name == "" {
		e.archived = fmt.Sprint(rand.IntN(2) == 0)
	}
	switch rand.IntN(3) {
	case 0:
		e.row, e.add = rowID(w.source, 0xb1, rand.IntN(hotRows)), rand.IntN(3)
		return e
	case 1:
		e.row = rowID(w.source, 0xb2, rand.IntN(sharedRows))
		if !w.shared.Load() {
			return e
		}
	default:
		e.row = rowID(w.source, 0xc0+n, rand.IntN(ownRows))
	}
	switch rand.IntN(5) {
	case 0:
		return &edit{op: "DELETE", row: e.row}
	case 1, 2: // a device that makes a row says all of it
		e.op, e.name, e.archived = "PUT", fmt.Sprintf("w%d-%d", n, rand.IntN(1_000_000)), fmt.Sprint(rand.IntN(2) == 0)
	}
	return e
}

// bring uploads one edit until the server has decided.
func (w *writers) bring(n int, e *edit) {
	data := e.data()
	if w.foreign {
		e.op, data = "PUT", map[string]any{"owner_id": "somebody", "name": "x", "archived": false}
	}
	w.mu.Lock()
	w.opID[n]++
	op := map[string]any{"op_id": w.opID[n], "op": e.op, "table": "lists", "id": e.row, "op_data": data}
	w.mu.Unlock()
	if e.add != 0 {
		op["previous_values"] = map[string]any{"position": 0}
	}
	body, _ := json.Marshal(map[string]any{"client": map[string]any{"id": fmt.Sprintf("writer-%d-of-%d", n, len(w.urls))},
		"transactions": []any{map[string]any{"crud": []any{op}}}}) // maps of plain values
	for {
		var answer struct {
			Results []struct {
				Status string
				Code   string `json:"error_code"`
				Retry  int    `json:"retry_after_ms"`
				Failed struct {
					Code string `json:"error_code"`
				} `json:"failed_operation"`
			}
		}
		e.sent = time.Now()
		err := fetch(context.Background(), http.MethodPost, w.urls[n%len(w.urls)]+"/api/data", w.token, string(body), &answer)
		e.answered = time.Now()
		if err != nil || len(answer.Results) != 1 {
			w.fail(fmt.Sprintf("%s %s: %v %+v", e.op, e.row, err, answer))
			return
		}
		switch r := answer.Results[0]; r.Status {
		case "success":
			w.decided(e, "success")
			return
		case "fatal_error":
			w.decided(e, r.Failed.Code)
			return
		case "retryable_error":
			w.retried(r.Code)
			if r.Retry <= 0 {
				w.fail("retryable without retry_after_ms: " + r.Code)
				return
			}
			<-time.After(time.Duration(r.Retry) * time.Millisecond)
		default:
			w.fail("answered " + r.Status)
			return
		}
	}
}

func (w *writers) fail(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, what)
}

func (w *writers) retried(code string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries["retryable "+code]++
}

func (w *writers) decided(e *edit, fate string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if fate != "success" && w.refusedFirst != nil {
		w.once.Do(func() { w.refusedAt = e.answered; close(w.refusedFirst) })
	}
	e.fate = fate
	w.edits = append(w.edits, e)
	w.tries[fate]++
}

// count is how many edits met a fate.
func (w *writers) count(fate string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tries[fate]
}

// seed makes the rows that everybody shares.
func (w *writers) seed() {
	if w.fleet != nil {
		w.fleet.seed()
		return
	}
	for kind, n := range map[int]int{0xb1: hotRows, 0xb2: sharedRows} {
		for i := range n {
			w.bring(0, &edit{op: "PUT", row: rowID(w.source, kind, i), name: "seed", archived: "false"})
		}
	}
}

// storedRows are the rows of the writers, and their counters.
func storedRows(t *testing.T, source string) (map[string]modelRow, map[string]int) {
	t.Helper()
	rows, counters := map[string]modelRow{}, map[string]int{}
	keep := func(id, name string, archived bool, position *int32) {
		id = strings.ToLower(id)
		rows[id] = modelRow{true, name, fmt.Sprint(archived)}
		if position != nil {
			counters[id] = int(*position)
		}
	}
	if source == "postgres" {
		conn, err := pgx.Connect(t.Context(), stack.sources[source])
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		found, err := conn.Query(t.Context(), `SELECT id::text, name, archived, position FROM lists WHERE id::text LIKE '7e57%'`)
		if err != nil {
			t.Fatal(err)
		}
		var id, name string
		var archived bool
		var position *int32
		if _, err := pgx.ForEachRow(found, []any{&id, &name, &archived, &position}, func() error { keep(id, name, archived, position); return nil }); err != nil {
			t.Fatal(err)
		}
		return rows, counters
	}
	client, err := mongo.Connect(options.Client().ApplyURI(stack.sources[source]))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(context.Background())
	found, err := client.Database("todo").Collection("lists").Find(t.Context(), bson.M{})
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		ID       bson.ObjectID `bson:"_id"`
		Name     string
		Archived bool
		Position *int32
	}
	if err := found.All(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if strings.HasPrefix(d.ID.Hex(), "7e57") {
			keep(d.ID.Hex(), d.Name, d.Archived, d.Position)
		}
	}
	return rows, counters
}
