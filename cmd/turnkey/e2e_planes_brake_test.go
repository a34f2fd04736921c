//go:build e2e

package main_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

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

// TestPlanesBrake: a deployment refuses everything while 20 devices write. It is taken back by itself, and what it had
// refused is replayed into the state of a run without it. TestBrake does that with the real SDK, also by a hook.
func TestPlanesBrake(t *testing.T) {
	in := install(t)
	nodes := []*runtimeNode{in.startRuntime(), in.startRuntime()}
	for _, source := range []string{"mongodb", "postgres"} {
		t.Run(source, func(t *testing.T) {
			r := in.brakeRounds(t, source, nodes)
			one, both := newWriters(t, source, nodes[0].url(r.host)), newWriters(t, source, nodes[0].url(r.host), nodes[1].url(r.host))
			t.Run("from the first write", func(t *testing.T) { r.round(t, one, false) })
			t.Run("from the first write again", func(t *testing.T) { r.round(t, one, false) })
			t.Run("two runtimes", func(t *testing.T) { r.round(t, both, false) })
		})
	}
}

// brakeRounds makes an instance whose second deployment is good.
func (in *installation) brakeRounds(t *testing.T, source string, nodes []*runtimeNode) *brakeRounds {
	t.Helper()
	id, host := in.provision(source)
	r := &brakeRounds{installation: in, t: t, path: "/instances/" + id, host: host, nodes: nodes}
	in.putConfig(r.path, in.etag(r.path+"/config"), brakeConfig(t, source, false))
	in.must("POST", r.path+"/deployments", map[string]any{})
	r.serve(2)
	return r
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
	id, host := in.provisionAs("postgres", apart(brakeConfig(t, "postgres", false)))
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
	before, counted := storedRows(t, w.source)
	in.must("POST", path+"/deployments", map[string]any{})
	eventually(t, "the bad deployment serves", func() bool { return n.health(host).Deployment == 2 })
	in.control.kill()
	w.start()
	began := time.Now()
	eventually(t, "writes are held", func() bool { return w.count("retryable deployment_brake") > 0 })
	refused := w.count("UNAUTHORIZED")
	for late := began.Add(3 * time.Minute); w.count("UNAUTHORIZED") <= refused+3; {
		if time.Now().After(late) {
			t.Fatalf("held for minutes: %v", w.tries)
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
	replaying := time.Now()
	r := brakeRounds{installation: in, t: t, path: path, host: host}
	r.replay(2)
	t.Logf("replayed in %s", time.Since(replaying).Round(time.Millisecond))
	compareWithModel(t, w, before, counted)
}

// brakeRounds are lives of the bad deployment, which is the third.
type brakeRounds struct {
	*installation
	t          *testing.T
	path, host string
	nodes      []*runtimeNode
	bad        bool  // it has been deployed
	hook       bool  // it refuses by a hook that throws, not by its rules
	twin       *twin // where the same writes are made without it; nil: the model alone says what they come to
}

// code is what its refusals are of.
func (r *brakeRounds) code() string {
	if r.hook {
		return "hook_error"
	}
	return "UNAUTHORIZED"
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
	if r.hook {
		r.must("PUT", r.path+"/files/hooks/lists.ts", map[string]any{"content": `export default { beforeWrite() { throw new Error("on every write"); } } satisfies Hooks<"lists">;`})
	} else {
		r.putConfig(r.path, r.etag(r.path+"/config"), brakeConfig(r.t, source, true))
	}
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
	if r.twin != nil {
		r.twin.begin(t)
	}
	w.storm(false)
	if load {
		w.start()
		eventually(t, "writes succeed", func() bool { return w.count("success") >= 100 })
	}
	r.activate(w.source)
	if !load {
		r.serve(3)
		w.storm(len(w.urls) == 1)
		w.start()
	}
	select {
	case <-w.refusedFirst:
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing was refused")
	}
	w.storm(len(w.urls) == 1)
	r.serve(2)
	served := time.Now()
	took := served.Sub(w.refusedAt)
	t.Logf("the deployment before serves %s after the first refusal", took.Round(time.Millisecond))
	if took > 10*time.Second {
		t.Error("the deployment before serves too late")
	}
	since := w.count("success")
	if len(w.urls) > 1 { // a runtime whose own brake did not trip may still end what it had begun
		eventually(t, "every device has had an answer", func() bool { return w.count("success") >= since+100 })
	}
	served = time.Now()
	eventually(t, "writes go on", func() bool { return w.count("success") >= since+200 })
	w.stop()
	t.Logf("outcomes: %v", w.tries)
	if len(w.wrong) > 0 {
		t.Errorf("%d answers were wrong, the first: %s", len(w.wrong), w.wrong[0])
	}
	late := 0 // sent to the deployment before, and refused by the bad one all the same
	for _, e := range w.edits {
		if e.fate == r.code() && e.sent.After(served) {
			late++
		}
	}
	if refused := w.count(r.code()); late > 0 || refused < 19 || w.count("retryable deployment_brake") == 0 {
		t.Errorf("refused %d, %d of them after the deployment before served; held %d", refused, late, w.count("retryable deployment_brake"))
	}
	r.told()
	r.replay(3)
	compareWithModel(t, w, before, counted)
	if r.twin != nil {
		compareWithTwin(t, w, r.twin, before)
	}
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

// replay replays everything that a deployment refused, and wants nothing left.
func (r *brakeRounds) replay(deployment int) {
	r.t.Helper()
	replayed, calls := map[string]int{}, 0
	for more := true; more; calls++ {
		answer := r.must("POST", fmt.Sprintf("%s/deployments/%d/replay-rejections", r.path, deployment), map[string]any{})
		more, _ = answer["more"].(bool)
		for _, o := range answer["outcomes"].([]any) {
			replayed[o.(map[string]any)["status"].(string)]++
		}
	}
	r.t.Logf("replayed in %d calls: %v", calls, replayed)
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
