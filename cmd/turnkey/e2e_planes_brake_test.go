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
	storm        atomic.Bool // shared rows are deleted, too
	foreign      bool        // every write is of somebody else's row
	refusedFirst chan struct{}
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

// start lets all of them write; refusedFirst closes with the first refusal.
func (w *writers) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel, w.refusedFirst, w.once = cancel, make(chan struct{}), sync.Once{}
	w.edits, w.wrong, w.tries = nil, nil, map[string]int{}
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
		if !w.storm.Load() {
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
			w.once.Do(func() { close(w.refusedFirst) })
			w.decided(e, r.Failed.Code)
			return
		case "retryable_error":
			w.mu.Lock()
			w.tries["retryable "+r.Code]++
			w.mu.Unlock()
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

func (w *writers) decided(e *edit, fate string) {
	w.mu.Lock()
	defer w.mu.Unlock()
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

// brakeConfig is the demo's with a counter, and what refuses everything in its place.
func brakeConfig(t *testing.T, source string, refuse bool) string {
	t.Helper()
	out := strings.Replace(demoConfig(t, source), "position: {type: int32}", "position: {type: int32, merge: counter}", 1)
	if refuse {
		for _, rule := range []string{"create: new.owner_id == user.id", `update: old.owner_id == user.id && !("owner_id" in changed)`, "delete: old.owner_id == user.id"} {
			verb, _, _ := strings.Cut(rule, ":")
			out = strings.ReplaceAll(out, rule, verb+`: "false"`)
		}
	}
	return out
}

// TestPlanesBrake: a deployment refuses everything while 20 devices write. It is taken back by itself,
// and what it had refused is replayed into the state of a run without it.
func TestPlanesBrake(t *testing.T) {
	in := install(t)
	nodes := []*runtimeNode{in.startRuntime(), in.startRuntime()}
	for _, source := range []string{"mongodb", "postgres"} {
		t.Run(source, func(t *testing.T) {
			id, host := in.provision(source)
			path := "/instances/" + id
			in.putConfig(path, in.etag(path+"/config"), brakeConfig(t, source, false))
			in.must("POST", path+"/deployments", map[string]any{})
			r := brakeRounds{installation: in, t: t, path: path, host: host, nodes: nodes}
			r.serve(2)
			one, both := newWriters(t, source, nodes[0].url(host)), newWriters(t, source, nodes[0].url(host), nodes[1].url(host))
			t.Run("under load", func(t *testing.T) { r.round(t, one, true) })
			t.Run("from the first write", func(t *testing.T) { r.round(t, one, false) })
			t.Run("from the first write again", func(t *testing.T) { r.round(t, one, false) })
			t.Run("two runtimes", func(t *testing.T) { r.round(t, both, false) })
		})
	}
}

// TestPlanesBrakeOutage: the control plane is away when the brake trips. Writes are held for a minute and
// refused after it; when it is back, it hears of the brake and takes the deployment back. Before, there
// is a first deployment, which nothing can replace: it only alerts.
func TestPlanesBrakeOutage(t *testing.T) {
	in := install(t)
	n := in.startRuntime()
	apart := func(document string) string { // what it leaves is nobody else's
		return strings.NewReplacer("database: turnkey", "database: outage", "database: todo", "database: outage").Replace(document)
	}
	id, host := in.provisionAs("postgres", apart(demoConfig(t, "postgres")))
	path := "/instances/" + id
	first, firstHost := in.provisionAs("mongodb", apart(demoConfig(t, "mongodb")))
	in.putConfig(path, in.etag(path+"/config"), apart(brakeConfig(t, "postgres", true)))

	lone := newWriters(t, "mongodb", n.url(firstHost))
	lone.foreign = true // refused by the rules of any deployment
	lone.start()
	eventually(t, "the first deployment refuses", func() bool { return lone.count("UNAUTHORIZED") >= 100 })
	lone.stop()
	if len(lone.wrong) > 0 || lone.count("retryable deployment_brake") > 0 || n.health(firstHost).Deployment != 1 {
		t.Errorf("a first deployment is held: %v %v", lone.tries, lone.wrong)
	}
	if d := in.must("GET", "/instances/"+first+"/deployments/1", nil); d["braked_at"] != nil {
		t.Errorf("a first deployment was taken back: %v", d)
	}

	w := newWriters(t, "postgres", n.url(host))
	w.seed()
	in.must("POST", path+"/deployments", map[string]any{})
	eventually(t, "the bad deployment serves", func() bool { return n.health(host).Deployment == 2 })
	in.control.kill()
	w.start()
	began := time.Now()
	eventually(t, "writes are held", func() bool { return w.count("retryable deployment_brake") > 0 })
	refused := w.count("UNAUTHORIZED")
	for late := began.Add(70 * time.Second); w.count("UNAUTHORIZED") <= refused+3; {
		if time.Now().After(late) {
			t.Fatalf("held for longer than a minute: %v", w.tries)
		}
		<-time.After(100 * time.Millisecond)
	}
	t.Logf("held for %s, then refused again", time.Since(began).Round(time.Millisecond))
	if time.Since(began) < 50*time.Second {
		t.Error("not held for a minute")
	}
	in.startControl()
	eventually(t, "the control plane hears of it", func() bool { return n.health(host).Deployment == 1 })
	since := w.count("success")
	eventually(t, "writes go on", func() bool { return w.count("success") >= since+100 })
	w.stop()
	t.Logf("outcomes: %v", w.tries)
	if len(w.wrong) > 0 {
		t.Errorf("%d answers were wrong, the first: %s", len(w.wrong), w.wrong[0])
	}
}

// brakeRounds are lives of the bad deployment, which is the third.
type brakeRounds struct {
	*installation
	t          *testing.T
	path, host string
	nodes      []*runtimeNode
	bad        bool // it has been deployed
}

// serve waits until every runtime serves a deployment.
func (r *brakeRounds) serve(deployment int) {
	r.t.Helper()
	for _, n := range r.nodes {
		eventually(r.t, fmt.Sprintf("deployment %d serves", deployment), func() bool { return n.health(r.host).Deployment == deployment })
	}
}

// activate makes the bad deployment active.
func (r *brakeRounds) activate(source string) {
	r.t.Helper()
	if r.bad {
		r.must("POST", r.path+"/deployments/3/activate", map[string]any{})
		return
	}
	r.bad = true
	r.putConfig(r.path, r.etag(r.path+"/config"), brakeConfig(r.t, source, true))
	r.must("POST", r.path+"/deployments", map[string]any{})
}

// round is one life. Under load, the writers write all the time. Otherwise they begin under the bad
// deployment: then all kinds of writes are refused, deletions of shared rows, too. Several runtimes
// change deployments one by one, so shared rows are not deleted there: what doc.go of runtime/upload
// says of a PATCH whose row is missing would show.
func (r *brakeRounds) round(t *testing.T, w *writers, load bool) {
	r.t, w.t = t, t
	w.seed()
	before, counted := storedRows(t, w.source)
	w.storm.Store(false)
	if load {
		w.start()
		eventually(t, "writes succeed", func() bool { return w.count("success") >= 200 })
	}
	began := time.Now()
	r.activate(w.source)
	if !load {
		r.serve(3)
		w.storm.Store(len(w.urls) == 1)
		began = time.Now()
		w.start()
	}
	select {
	case <-w.refusedFirst:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was refused")
	}
	w.storm.Store(len(w.urls) == 1)
	r.serve(2)
	took := time.Since(began)
	t.Logf("the deployment before serves %s after the activation, or the first write under it", took.Round(time.Millisecond))
	if took > 10*time.Second {
		t.Error("the deployment before serves too late")
	}
	since, refused := w.count("success"), w.count("UNAUTHORIZED")
	eventually(t, "writes go on", func() bool { return w.count("success") >= since+300 })
	w.stop()
	t.Logf("outcomes: %v", w.tries)
	if len(w.wrong) > 0 {
		t.Errorf("%d answers were wrong, the first: %s", len(w.wrong), w.wrong[0])
	}
	if w.count("UNAUTHORIZED") != refused || refused < 19 || w.count("retryable deployment_brake") == 0 {
		t.Errorf("refused %d, %d of them before the deployment before served; held %d", w.count("UNAUTHORIZED"), refused, w.count("retryable deployment_brake"))
	}
	r.told()
	r.replay()
	compareWithModel(t, w, before, counted)
}

// told wants the brake in the deployment and in the audit log.
func (r *brakeRounds) told() {
	r.t.Helper()
	if d := r.must("GET", r.path+"/deployments/3", nil); d["braked_at"] == nil {
		r.t.Errorf("the deployment does not say that it was taken back: %v", d)
	}
	events := fmt.Sprint(r.must("GET", "/orgs/"+r.org+"/audit-events?kind=deployment.braked", nil))
	if !strings.Contains(events, strings.TrimPrefix(r.path, "/instances/")) {
		r.t.Errorf("audited: %v", events)
	}
}

// replay replays everything, and wants nothing left.
func (r *brakeRounds) replay() {
	r.t.Helper()
	replayed := map[string]int{}
	for more := true; more; {
		answer := r.must("POST", r.path+"/deployments/3/replay-rejections", map[string]any{})
		more, _ = answer["more"].(bool)
		for _, o := range answer["outcomes"].([]any) {
			replayed[o.(map[string]any)["status"].(string)]++
		}
	}
	r.t.Logf("replayed: %v", replayed)
	for _, status := range []string{"open", "held"} {
		if list := r.must("GET", r.path+"/rejections?status="+status, nil)["data"].([]any); len(list) > 0 {
			r.t.Errorf("%d rejections are %s still, the first: %v", len(list), status, list[0])
		}
	}
}

// compareWithModel holds every row against what the edits come to without the bad deployment.
func compareWithModel(t *testing.T, w *writers, before map[string]modelRow, counted map[string]int) {
	t.Helper()
	after, counters := storedRows(t, w.source)
	edits, sums := map[string][]*edit{}, map[string]int{}
	for _, e := range w.edits {
		edits[e.row] = append(edits[e.row], e)
		sums[e.row] += e.add
	}
	for row, list := range edits {
		if !explains(before[row], after[row], list) {
			text := ""
			for _, e := range list {
				text += fmt.Sprintf("\n%s-%s %s name=%s archived=%s: %s", e.sent.Format("05.000000"), e.answered.Format("05.000000"), e.op, e.name, e.archived, e.fate)
			}
			t.Errorf("row %s was %+v and is %+v; no order of arrival explains that:%s", row, before[row], after[row], text)
		}
	}
	for i := range hotRows {
		row := rowID(w.source, 0xb1, i)
		if want := counted[row] + sums[row]; counters[row] != want {
			t.Errorf("the counter of %s is %d, not %d", row, counters[row], want)
		}
	}
	for row := range after {
		if _, written := edits[row]; !written && before[row] != after[row] {
			t.Errorf("nobody wrote row %s, which is %+v", row, after[row])
		}
	}
	t.Logf("%d edits of %d rows compared", len(w.edits), len(edits))
}
