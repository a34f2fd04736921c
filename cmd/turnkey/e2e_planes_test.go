//go:build e2e

package main_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"turnkey/internal/devstack"
)

// demoConfig is the demo's document for a source.
func demoConfig(t *testing.T, source string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("demo", source+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw) + "limits: {transactions_per_minute: 10000000}\n" // the load here is many users'
}

// provision makes one instance with one call.
func (in *installation) provision(source string) (id, host string) {
	in.Helper()
	return in.provisionAs(source, demoConfig(in.T, source))
}

// provisionAs makes it with a document.
func (in *installation) provisionAs(source, document string) (id, host string) {
	in.Helper()
	project := in.must("POST", "/orgs/"+in.org+"/projects", map[string]any{"name": source})["id"].(string)
	made := in.must("POST", "/projects/"+project+"/instances", map[string]any{
		"name": source, "kind": "development", "config": document, "deploy": true, "secrets": map[string]string{"SOURCE_URI": stack.sources[source]},
	})
	return made["id"].(string), made["host"].(string)
}

// TestPlanesProvisioning runs the example that we give to customers, against two processes.
func TestPlanesProvisioning(t *testing.T) {
	in := install(t)
	in.startRuntime()
	cmd := exec.CommandContext(t.Context(), "sh", "../../deploy/examples/provision.sh")
	cmd.Env = append(os.Environ(), "TURNKEY_API_URL=http://"+in.api+"/api/v1", "TURNKEY_API_TOKEN="+in.token,
		"MONGODB_URI="+stack.sources["mongodb"], "POSTGRES_URI="+stack.sources["postgres"], "KEY_OVERLAP=2s")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "none refused") != 2 || strings.Count(string(out), "rolled back") != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// TestPlanesOutage: the control plane and its PostgreSQL are killed under load. Uploads and tokens go on
// as if nothing had happened; a runtime that restarts meanwhile serves from its disk; when the control
// plane is back, both runtimes follow it again.
func TestPlanesOutage(t *testing.T) {
	in := install(t)
	one, two := in.startRuntime(), in.startRuntime()
	hosts := map[string]string{}
	ids := map[string]string{}
	for _, source := range []string{"mongodb", "postgres"} {
		ids[source], hosts[source] = in.provision(source)
	}
	var loads []*load
	for source, host := range hosts {
		loads = append(loads, startLoad(t, one.url(host), source))
	}
	more := func(what string) {
		t.Helper()
		for _, l := range loads {
			seen := l.count()
			eventually(t, "uploads go on "+what, func() bool { return l.count() >= seen+50 })
		}
	}
	more("before")
	for source, id := range ids { // signed commands, from one process to the other
		if answer := in.must("POST", "/instances/"+id+"/source/test", map[string]any{}); answer["ok"] != true {
			t.Errorf("the test of %s: %v", source, answer)
		}
		if answer := in.must("POST", "/instances/"+id+"/source/inspect", map[string]any{}); answer["tables"] == nil {
			t.Errorf("the inspection of %s: %v", source, answer)
		}
	}

	in.control.kill()
	if err := in.cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	more("without the control plane")
	two.stop(t)
	two.start()
	for source, host := range hosts {
		token, err := mint(t.Context(), two.url(host))
		if err == nil {
			err = put(t.Context(), two.url(host), token, rowID(source, 9, 1))
		}
		if err != nil {
			t.Errorf("a runtime restarted meanwhile, %s: %v", source, err)
		}
	}
	two.kill() // and after a crash
	two.start()
	for _, host := range hosts {
		if _, err := mint(t.Context(), two.url(host)); err != nil {
			t.Errorf("a runtime restarted after a crash: %v", err)
		}
	}
	more("while a runtime restarts")

	in.startCluster()
	in.startControl()
	more("with the control plane back")
	for source, id := range ids {
		in.must("POST", "/instances/"+id+"/api-keys", map[string]any{"name": "after"})
		for _, n := range []*runtimeNode{one, two} {
			eventually(t, "the runtimes follow again", func() bool { return n.health(hosts[source]).Revision >= 2 })
		}
	}
	in.ready(ids["mongodb"])
	if again := in.must("POST", "/instances/"+ids["mongodb"]+"/deployments", map[string]any{}); again["number"] != 2.0 {
		t.Errorf("a deployment afterwards: %v", again)
	}
	for _, l := range loads {
		done, wrong := l.stop()
		if len(wrong) > 0 {
			t.Errorf("%d of %d failed, the first: %s", len(wrong), done+len(wrong), wrong[0])
		}
		t.Logf("%d tokens and uploads, none failed", done)
	}
	one.stop(t)
	two.stop(t)
	in.control.stop(t)
}

// ready waits until every living runtime answers for an instance; one that crashed counts as living for
// a quarter of a minute.
func (in *installation) ready(id string) {
	in.Helper()
	eventually(in.T, "the instance is ready", func() bool {
		status, _ := in.must("GET", "/instances/"+id, nil)["status"].(map[string]any)
		return status["ready"] == true
	})
}

// TestPlanesBadDeployment: whatever is wrong with a deployment or a secret, what serves goes on serving,
// and the instance's status says what is wrong.
func TestPlanesBadDeployment(t *testing.T) {
	in := install(t)
	n := in.startRuntime()
	id, host := in.provision("postgres")
	path := "/instances/" + id
	l := startLoad(t, n.url(host), "postgres")
	good := demoConfig(t, "postgres")

	deploy := func(document string) (int, map[string]any) {
		etag := in.etag(path + "/config")
		in.putConfig(path, etag, document)
		return in.call("POST", path+"/deployments", map[string]any{})
	}
	broken := strings.Replace(good, "new.owner_id == user.id", "new.owner_id ==", 1)
	if status := in.putConfig(path, in.etag(path+"/config"), broken); status != http.StatusUnprocessableEntity {
		t.Errorf("a rule that does not compile is saved: %d", status)
	}
	if status, answer := deploy(strings.Replace(good, "secret: SOURCE_URI", "secret: ELSEWHERE", 1)); status != 422 {
		t.Errorf("a secret that is not stored: %d %v", status, answer)
	}
	in.must("PUT", path+"/secrets/ELSEWHERE", map[string]any{"value": "postgres://nobody:hunter2@127.0.0.1:1/nothing"})
	status, answer := in.call("POST", path+"/deployments", map[string]any{})
	if status != http.StatusServiceUnavailable || strings.Contains(fmt.Sprint(answer), "hunter2") {
		t.Errorf("a source that is down: %d %v", status, answer)
	}
	if h := n.health(host); h.Deployment != 1 || h.Revision != 1 || h.Status != "ok" {
		t.Errorf("after three refused deployments: %+v", h)
	}
	if answer := in.must("GET", path+"/deployments", nil); len(answer["data"].([]any)) != 1 {
		t.Errorf("refused deployments are kept: %v", answer)
	}

	// A rotated secret that is no connection string: the revision before goes on, and the status says so.
	in.must("PUT", path+"/secrets/SOURCE_URI", map[string]any{"value": "nonsense"})
	eventually(t, "the new revision fails", func() bool { return n.health(host).Failed != "" })
	if h := n.health(host); h.Revision != 1 || h.Status != "degraded" {
		t.Errorf("after a bad secret: %+v", h)
	}
	if code := in.condition(id); code == "" {
		t.Error("the instance's status names no condition")
	}
	in.must("PUT", path+"/secrets/SOURCE_URI", map[string]any{"value": stack.sources["postgres"]})
	eventually(t, "the good secret serves", func() bool { h := n.health(host); return h.Revision == 3 && h.Status == "ok" })
	eventually(t, "the condition has healed", func() bool {
		status, _ := in.must("GET", path, nil)["status"].(map[string]any)
		return len(status["conditions"].([]any)) == 0
	})
	if done, wrong := l.stop(); len(wrong) > 0 {
		t.Errorf("%d of %d failed meanwhile, the first: %s", len(wrong), done+len(wrong), wrong[0])
	}
}

// condition waits for what an instance's status says is wrong.
func (in *installation) condition(id string) (code string) {
	in.Helper()
	eventually(in.T, "a condition in the status", func() bool {
		status, _ := in.must("GET", "/instances/"+id, nil)["status"].(map[string]any)
		for _, c := range status["conditions"].([]any) {
			code, _ = c.(map[string]any)["code"].(string)
		}
		return code != ""
	})
	return code
}

// etag reads the version of what a path names.
func (in *installation) etag(path string) string {
	in.Helper()
	req, err := http.NewRequestWithContext(in.Context(), http.MethodGet, "http://"+in.api+"/api/v1"+path, nil)
	if err != nil {
		in.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+in.token)
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		in.Fatal(err)
	}
	defer response.Body.Close()
	return response.Header.Get("ETag")
}

// putConfig saves a draft and gives the status.
func (in *installation) putConfig(path, etag, document string) int {
	in.Helper()
	body := strings.NewReader(fmt.Sprintf(`{"config":%q}`, document))
	req, err := http.NewRequestWithContext(in.Context(), http.MethodPut, "http://"+in.api+"/api/v1"+path+"/config", body)
	if err != nil {
		in.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+in.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("If-Match", etag)
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		in.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// TestPlanesDegraded: a source that goes down shows in the instance's status.
func TestPlanesDegraded(t *testing.T) {
	in := install(t)
	n := in.startRuntime()
	source, err := devstack.StartPostgres(t.Context(), devstack.PostgresConfig{Dir: filepath.Join(t.TempDir(), "source")})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := os.ReadFile("demo/postgres.sql")
	if err == nil {
		err = devstack.RunSQL(t.Context(), source.URL("postgres"), string(tables))
	}
	if err != nil {
		t.Fatal(err)
	}
	project := in.must("POST", "/orgs/"+in.org+"/projects", map[string]any{"name": "x"})["id"].(string)
	made := in.must("POST", "/projects/"+project+"/instances", map[string]any{
		"name": "x", "kind": "development", "config": demoConfig(t, "postgres"), "deploy": true, "secrets": map[string]string{"SOURCE_URI": source.URL("postgres")},
	})
	id, url := made["id"].(string), n.url(made["host"].(string))
	token, err := mint(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := put(t.Context(), url, token, rowID("postgres", 1, 1)); err != nil {
		t.Fatal(err)
	}
	if err := source.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "uploads wait", func() bool { // the killed server's workers notice a moment later
		err := put(t.Context(), url, token, rowID("postgres", 1, 2))
		return err != nil && strings.Contains(err.Error(), "retryable_error")
	})
	t.Logf("the status says %s", in.condition(id))
}

// TestPlanesKeysAndRestore: the key-encryption key is rotated under a serving control plane, and an older
// backup of the database is restored; the runtimes follow what it says. Sealed are a secret, a signing key and a mail.
func TestPlanesKeysAndRestore(t *testing.T) {
	in := install(t)
	n := in.startRuntime()
	id, host := in.provision("postgres")
	for _, step := range []struct{ command, says string }{
		{"keys rotate", "2 keys"}, {"keys rewrap", "of 3 values were sealed anew"}, {"keys verify", "0 of them with an older key"}, {"keys prune", "1 keys"},
	} {
		if said := in.turnkey(strings.Fields(step.command)...); !strings.Contains(said, step.says) {
			t.Errorf("turnkey %s: %s", step.command, said)
		}
	}
	in.must("POST", "/instances/"+id+"/deployments", map[string]any{"message": "secrets still open"})

	in.control.stop(t)
	if err := devstack.RunSQL(t.Context(), in.cluster.URL("template1"), `CREATE DATABASE backup TEMPLATE postgres`); err != nil {
		t.Fatal(err)
	}
	in.startControl()
	in.must("POST", "/instances/"+id+"/deployments", map[string]any{"message": "after the backup"})
	in.must("POST", "/instances/"+id+"/api-keys", map[string]any{"name": "after the backup"})
	eventually(t, "the runtime follows", func() bool { return n.health(host).Revision == 4 })
	in.control.stop(t)

	in.database = "backup"
	if said := in.turnkey("restore"); !strings.Contains(said, "All 3 sealed values open. 1 instances") {
		t.Errorf("turnkey restore: %s", said)
	}
	in.startControl()
	n.stop(t)
	n.start() // it would notice by itself, within five minutes
	eventually(t, "the runtime follows the restored plane", func() bool { h := n.health(host); return h.Deployment == 2 && h.Revision > 1_700_000_000 })
	in.must("POST", "/instances/"+id+"/deployments", map[string]any{})
}

// TestPlanesDrain: after SIGTERM a runtime is not ready any more, but serves whoever still comes, and
// ends without a failed request.
func TestPlanesDrain(t *testing.T) {
	in := install(t)
	n := in.startRuntime()
	_, host := in.provision("mongodb")
	n.stop(t)
	for n.drain = 2 * time.Second; !drained(t, n, host) && n.drain < time.Minute; n.drain *= 4 {
		t.Logf("within %s this machine does not make 20 uploads", n.drain)
	}
}

// drained stops a runtime while somebody still comes; false when that took longer than the runtime waits.
func drained(t *testing.T, n *runtimeNode, host string) bool {
	t.Helper()
	n.start()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	token, err := mint(ctx, n.url(host))
	if err != nil {
		t.Fatal(err)
	}
	ended, began := make(chan struct{}), time.Now()
	go func() { defer close(ended); n.stop(t) }()
	defer func() { <-ended }()
	for answer := 0; answer != http.StatusServiceUnavailable; answer = statusOf("http://" + n.internal + "/readyz") {
		if time.Since(began) > n.drain {
			return false
		}
	}
	if statusOf("http://"+n.internal+"/livez") != http.StatusOK && time.Since(began) < n.drain {
		t.Error("a draining runtime looks dead")
	}
	for i := range 20 {
		err := put(ctx, n.url(host), token, rowID("mongodb", 3, i))
		if time.Since(began) >= n.drain {
			return false
		}
		if err != nil {
			t.Errorf("an upload while it drains: %v", err)
		}
	}
	return true
}
