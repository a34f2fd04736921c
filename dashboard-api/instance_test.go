package dashboardapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
	controlpool "turnkey/controlplane/pool"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/feed"
	"turnkey/runtime/follow"
)

// shop is a house with one project and somebody who may do everything there.
type shop struct {
	*house
	ann     *person
	project string
}

func newShop(t *testing.T, adjust ...func(*controlplane.Config, *Config)) *shop {
	t.Helper()
	s := &shop{house: newHouse(t, adjust...)}
	s.ann = s.signUp("ann")
	s.project = s.must(call{method: post, path: "/orgs/" + s.ann.Grants[0].Organization + "/projects", as: s.ann, body: map[string]any{"name": "Todo"}}).text("id")
	return s
}

// patient lets deployments wait for runtimes as in production.
func patient(_ *controlplane.Config, c *Config) { c.Patience = time.Minute }

func (s *shop) provision(config string, secrets map[string]any, deploy bool) reply {
	s.Helper()
	return s.do(call{method: post, path: "/projects/" + s.project + "/instances", as: s.ann, body: map[string]any{
		"name": "Todo dev!", "kind": "development", "config": config, "secrets": secrets, "deploy": deploy,
	}})
}

var sourceSecret = map[string]any{"SOURCE_URI": sourceURI}

// follow runs a real runtime's follower over a feed until the test ends.
func (s *shop) follow(f follow.Feed, id string) *follow.Follower {
	s.Helper()
	r, err := follow.New(follow.Config{
		Feed: f, Opener: s.pool.opener, Dir: s.TempDir(), Now: time.Now, Log: s.api.cfg.Log,
		Runtime: feed.Runtime{ID: id, Address: "http://127.0.0.1:1", Format: bundle.Format, StartedAt: time.Now(), Capabilities: []string{string(command.Prepare)}},
	})
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- r.Run(ctx) }()
	go func() { ended <- s.plane.Runtimes.Watch(ctx) }()
	s.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				s.Error(err)
			}
		}
	})
	<-r.Synced()
	return r
}

func TestOneCallProvisionsAndAnswersWhenARuntimeServes(t *testing.T) {
	s := newShop(t, patient)
	feeds := map[string]follow.Feed{"in-process": s.plane.Runtimes}
	token := redact.New(strings.Repeat("t", 40))
	h, err := controlpool.New(s.plane.Runtimes, s.plane.Telemetry, token, s.api.cfg.Log)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	client := feed.NewClient(server.URL, token)
	defer client.Close()
	feeds["over HTTP"] = client
	runtimes := map[string]*follow.Follower{}
	for name, f := range feeds {
		runtimes[name] = s.follow(f, "rt_"+name)
	}
	waitFor(t, "both runtimes to register", func() bool {
		status, err := s.plane.Runtimes.Status(t.Context(), "none", 1)
		return err == nil && len(status.Runtimes) == 2
	})

	runtimes["over HTTP"].Isolated(feed.Sandbox{Layers: []string{"seccomp", "memory"}, Missing: []feed.MissingLayer{{Layer: "landlock", Reason: "not supported"}}})
	waitFor(t, "a runtime to tell how it isolates hooks", func() bool {
		status, err := s.plane.Runtimes.Status(t.Context(), "none", 1)
		return err == nil && slices.ContainsFunc(status.Runtimes, func(r controlplane.Runtime) bool { return r.Sandbox != nil })
	})

	r := s.provision(workingConfig, sourceSecret, true)
	if r.Code != 201 || r.json["pending"] != false || r.json["deployment"] != 1.0 || !strings.HasPrefix(r.text("host"), "todo-dev-") {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	urls, _ := r.json["urls"].(map[string]any)
	if want := "https://" + r.text("host") + ".run.example"; r.text("url") != want || urls["upload"] != want+"/api/data" || urls["jwks"] != want+"/.well-known/jwks.json" {
		t.Errorf("urls: %s", r.Body)
	}
	for name, f := range runtimes {
		b, err := f.Bundle(t.Context(), r.text("host"))
		if err != nil || b.Deployment != 1 || b.Secrets["SOURCE_URI"].Reveal() != sourceURI || len(b.SigningKeys) != 1 || b.Config.Tables["todos"].Collection != "Todos" {
			t.Errorf("the runtime %s serves %+v, %v", name, b, err)
		}
	}
	got := s.must(call{method: get, path: "/instances/" + r.text("id"), as: s.ann})
	status, _ := got.json["status"].(map[string]any)
	if status["ready"] != true || len(status["runtimes"].([]any)) != 2 {
		t.Errorf("status: %s", got.Body)
	}
	for _, one := range status["runtimes"].([]any) {
		of := one.(map[string]any)
		want := "<nil>"
		if of["id"] == "rt_over HTTP" {
			want = "map[layers:[seccomp memory] missing:[map[layer:landlock reason:not supported]]]"
		}
		if said := fmt.Sprint(of["sandbox"]); said != want {
			t.Errorf("the sandbox of %s: %s", of["id"], said)
		}
	}
	if !slices.Equal(s.pool.names(), []command.Name{command.Prepare}) || s.pool.seen[0] != sourceURI {
		t.Errorf("commands %v with %v", s.pool.names(), s.pool.seen)
	}

	s.must(call{method: remove, path: "/instances/" + r.text("id"), as: s.ann})
	waitFor(t, "the deleted instance to be gone everywhere", func() bool {
		return !slices.ContainsFunc([]*follow.Follower{runtimes["in-process"], runtimes["over HTTP"]}, func(f *follow.Follower) bool {
			_, err := f.Revision(t.Context(), r.text("host"))
			return !fault.IsKind(err, fault.NotFound)
		})
	})
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(2 * time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("never: " + what)
		}
	}
}

func TestWithoutARuntimeThatServesTheAnswerIsPending(t *testing.T) {
	s := newShop(t)
	none := s.provision(workingConfig, sourceSecret, true)
	if none.Code != 503 || none.text("code") != "no_runtime" {
		t.Errorf("no runtime at all: %d %s", none.Code, none.Body)
	}
	s.heartbeat()
	slow := s.provision(workingConfig, sourceSecret, true)
	if slow.Code != 202 || slow.json["pending"] != true || slow.text("url") == "" {
		t.Fatalf("a runtime that does not acknowledge: %d %s", slow.Code, slow.Body)
	}
	ready := func() any {
		status, _ := s.must(call{method: get, path: "/instances/" + slow.text("id"), as: s.ann}).json["status"].(map[string]any)
		return status["ready"]
	}
	s.heartbeat(feed.Ack{Instance: slow.text("id"), Revision: 1, Code: "bundle_too_new", Message: "Too new."})
	if ready() != false {
		t.Error("ready although the only runtime refused the revision")
	}
	s.heartbeat(feed.Ack{Instance: slow.text("id"), Revision: 1})
	if ready() != true {
		t.Error("not ready although a runtime acknowledged")
	}
	s.clock.advance(time.Minute)
	if ready() != false {
		t.Error("ready although the runtime has been silent for a minute")
	}
}

func TestProvisioningIsAllOrNothing(t *testing.T) {
	s := newShop(t)
	s.heartbeat()
	refusals := map[string]func() reply{
		"config_invalid tables.todos.fields.done.type": func() reply {
			return s.provision(strings.Replace(workingConfig, "type: bool", "type: boool", 1), sourceSecret, true)
		},
		"config_invalid source.uri.secret": func() reply { return s.provision(workingConfig, nil, true) },
		"config_empty ":                    func() reply { return s.provision("", sourceSecret, true) },
		"invalid_secret_name name":         func() reply { return s.provision(workingConfig, map[string]any{"source-uri": "x"}, false) },
		"SOURCE_NOT_PREPARED ": func() reply {
			s.pool.refuse(fault.New(fault.Conflict, "SOURCE_NOT_PREPARED", "Our tables are missing.").WithHint("CREATE SCHEMA turnkey;"))
			defer s.pool.refuse(nil)
			return s.provision(workingConfig, sourceSecret, true)
		},
	}
	for want, send := range refusals {
		r := send()
		code, path, _ := strings.Cut(want, " ")
		if r.Code < 400 || r.Code >= 500 || r.text("code") != code || path != "" && !strings.Contains(r.Body.String(), `"path":"`+path+`"`) {
			t.Errorf("%s: %d %s", want, r.Code, r.Body)
		}
		if strings.Contains(r.Body.String(), "hunter2") {
			t.Errorf("%s: the answer shows a secret", want)
		}
	}
	list := s.must(call{method: get, path: "/projects/" + s.project + "/instances", as: s.ann})
	if data, _ := list.json["data"].([]any); len(data) != 0 {
		t.Errorf("refused calls left %d instances", len(data))
	}
	key := map[string]string{keyHeader: "once"}
	again := func() reply {
		return s.do(call{method: post, path: "/projects/" + s.project + "/instances", as: s.ann, header: key, body: map[string]any{
			"name": "once", "kind": "production", "config": strings.Replace(workingConfig, "development_tokens: true, ", "", 1), "secrets": sourceSecret, "deploy": true,
		}})
	}
	first, second := again(), again()
	if first.Code != 202 || second.Code != 202 || first.text("id") != second.text("id") || second.Header().Get(replayHeader) != "true" {
		t.Errorf("the same call twice: %d %s, %d %s", first.Code, first.Body, second.Code, second.Body)
	}
}

// made provisions a deployed instance and gives its id and path.
func (s *shop) made() (id, path string) {
	s.Helper()
	s.heartbeat()
	r := s.provision(workingConfig, sourceSecret, true)
	if r.Code >= 300 {
		s.Fatalf("provision: %d %s", r.Code, r.Body)
	}
	return r.text("id"), "/instances/" + r.text("id")
}

func TestRollingBackBringsBackTheConfigurationButNeverTheSecrets(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	first := s.newest(id)
	etag := s.must(call{method: get, path: path + "/config", as: s.ann}).Header().Get("ETag")
	s.must(call{method: put, path: path + "/config", as: s.ann, header: map[string]string{"If-Match": etag},
		body: map[string]any{"config": strings.Replace(workingConfig, "Todos", "Renamed", 1)}})
	if got := s.newest(id); got.Revision != first.Revision {
		t.Error("saving a draft published something")
	}
	second := s.must(call{method: post, path: path + "/deployments", as: s.ann, body: map[string]any{"message": "rename"}})
	if b := s.newest(id); b.Deployment != 2 || b.Config.Tables["todos"].Collection != "Renamed" || second.json["number"] != 2.0 || b.Revision <= first.Revision {
		t.Errorf("deployment 2: %+v %s", b, second.Body)
	}
	rotated := s.must(call{method: put, path: path + "/secrets/SOURCE_URI", as: s.ann, body: map[string]any{"value": "mongodb://new"}})
	if b := s.newest(id); b.Deployment != 2 || b.Secrets["SOURCE_URI"].Reveal() != "mongodb://new" || rotated.json["version"] != 2.0 {
		t.Errorf("a rotated secret must travel without a deployment: %+v", b)
	}
	before := s.newest(id).Revision
	s.must(call{method: put, path: path + "/secrets/UNUSED", as: s.ann, body: map[string]any{"value": "x"}})
	if s.newest(id).Revision != before {
		t.Error("a secret that nothing names published a revision")
	}
	back := s.must(call{method: post, path: path + "/deployments/1/activate", as: s.ann})
	b := s.newest(id)
	if b.Deployment != 1 || b.Config.Tables["todos"].Collection != "Todos" || b.Secrets["SOURCE_URI"].Reveal() != "mongodb://new" || b.Revision <= before {
		t.Errorf("after the rollback: %+v %s", b, back.Body)
	}
	s.clock.advance(5 * time.Second)
	s.must(call{method: post, path: path + "/deployments/1/activate", as: s.ann})
	if again := s.newest(id); !again.ActivatedAt.Equal(b.ActivatedAt) || again.Revision <= b.Revision {
		t.Errorf("what was active already counts as new from %s, with revision %d", again.ActivatedAt, again.Revision)
	}
	third := s.must(call{method: post, path: path + "/deployments", as: s.ann, body: map[string]any{}})
	if third.json["number"] != 3.0 {
		t.Errorf("numbers are never used twice: %s", third.Body)
	}
	var list struct {
		Data []struct {
			Number int
		}
	}
	r := s.must(call{method: get, path: path + "/deployments?limit=2", as: s.ann})
	if err := json.Unmarshal(r.Body.Bytes(), &list); err != nil || len(list.Data) != 2 || list.Data[0].Number != 3 || r.text("next_cursor") == "" {
		t.Errorf("newest first, in pages: %s", r.Body)
	}
	r = s.must(call{method: get, path: path + "/deployments?limit=2&cursor=" + r.text("next_cursor"), as: s.ann})
	if err := json.Unmarshal(r.Body.Bytes(), &list); err != nil || len(list.Data) != 1 || list.Data[0].Number != 1 {
		t.Errorf("the last page: %s", r.Body)
	}
}

func TestABadDeploymentNeverReplacesAGoodOne(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	good := s.newest(id)
	s.pool.refuse(fault.New(fault.Unavailable, "source_down", "The source does not answer."))
	if r := s.do(call{method: post, path: path + "/deployments", as: s.ann, body: map[string]any{}}); r.Code != 503 || r.text("code") != "source_down" {
		t.Errorf("a source that is down: %d %s", r.Code, r.Body)
	}
	s.pool.refuse(nil)
	if r := s.do(call{method: remove, path: path + "/secrets/SOURCE_URI", as: s.ann}); r.Code != 409 || r.text("code") != "secret_in_use" {
		t.Errorf("removing a secret in use: %d %s", r.Code, r.Body)
	}
	if now := s.newest(id); now.Revision != good.Revision || now.Deployment != 1 {
		t.Errorf("refused changes published revision %d", now.Revision)
	}
}

func TestDrafts(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	etag := s.must(call{method: get, path: path + "/config", as: s.ann}).Header().Get("ETag")
	bad := strings.Replace(workingConfig, "collection: Todos,", "collection: Todos, nonsense: 1,", 1)
	with := func(etag string) map[string]string { return map[string]string{"If-Match": etag} }
	s.play(t, []scenario{
		{name: "without a version", call: call{method: put, path: path + "/config", as: s.ann, body: map[string]any{"config": workingConfig}}, status: 428, code: "if_match_required"},
		{name: "an old version", call: call{method: put, path: path + "/config", as: s.ann, header: with(`"v0"`), body: map[string]any{"config": workingConfig}}, status: 412, code: "version_mismatch"},
		{name: "mistakes are named by path", call: call{method: put, path: path + "/config", as: s.ann, header: with(etag), body: map[string]any{"config": bad}}, status: 422, code: "config_invalid",
			has: []string{`"path":"tables.todos.nonsense"`}},
		{name: "checking saves nothing", call: call{method: post, path: path + "/config/validate", as: s.ann, body: map[string]any{"config": bad}}, status: 200, has: []string{`"valid":false`, "tables.todos.nonsense"}},
		{name: "a missing secret is a warning in a draft", call: call{method: post, path: path + "/config/validate", as: s.ann, body: map[string]any{"config": strings.Replace(workingConfig, "SOURCE_URI", "OTHER_URI", 1)}},
			status: 200, has: []string{`"valid":true`, "no_such_secret"}},
		{name: "neither text nor object", call: call{method: put, path: path + "/config", as: s.ann, header: with(etag), body: map[string]any{"config": 5}}, status: 422, code: "invalid_request"},
	})
	object := map[string]any{
		"source": map[string]any{"type": "mongodb", "uri": map[string]any{"secret": "SOURCE_URI"}, "database": "todo"},
		"auth":   map[string]any{"powersync_url": "https://foo.powersync.example", "providers": []any{map[string]any{"name": "s", "type": "api_key"}}},
		"tables": map[string]any{"todos": map[string]any{"collection": "Todos", "id": "objectid"}},
	}
	saved := s.must(call{method: put, path: path + "/config", as: s.ann, header: with(etag), body: map[string]any{"config": object}})
	if saved.Header().Get("ETag") == etag || !strings.Contains(saved.text("config"), `"powersync_url"`) {
		t.Errorf("a JSON object: %s", saved.Body)
	}
	s.must(call{method: post, path: path + "/deployments", as: s.ann, body: map[string]any{}})
	if b := s.newest(id); b.Config.Tables["todos"].Collection != "Todos" || b.Config.Auth.DevelopmentTokens {
		t.Errorf("deployed from JSON: %+v", b.Config)
	}
}

func TestNothingShowsASecret(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	for _, p := range []string{path, path + "/secrets", path + "/secrets/SOURCE_URI", path + "/config", path + "/deployments/1", path + "/signing-keys",
		"/projects/" + s.project + "/instances", "/orgs/" + s.ann.Grants[0].Organization + "/audit-events"} {
		r := s.must(call{method: get, path: p, as: s.ann})
		if strings.Contains(r.Body.String(), "hunter2") || strings.Contains(r.Body.String(), "PRIVATE KEY") {
			t.Errorf("%s shows a secret: %s", p, r.Body)
		}
	}
	list := s.must(call{method: get, path: path + "/secrets", as: s.ann})
	if !strings.Contains(list.Body.String(), `"digest":"`) {
		t.Errorf("secrets have digests to compare by: %s", list.Body)
	}
	rows, err := s.audit.Query(t.Context(), `SELECT (SELECT count(*) FROM secrets WHERE position(convert_to('hunter2', 'UTF8') in sealed) > 0)
		+ (SELECT count(*) FROM bundles WHERE position(convert_to('hunter2', 'UTF8') in sealed) > 0)
		+ (SELECT count(*) FROM signing_keys WHERE position(convert_to('PRIVATE', 'UTF8') in sealed) > 0)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var readable int
	if !rows.Next() || rows.Scan(&readable) != nil || readable != 0 {
		t.Errorf("%d values are readable in the database", readable)
	}
	if b := s.newest(id); b.Secrets["SOURCE_URI"].Reveal() != sourceURI {
		t.Error("the test looks for the wrong secret")
	}
}

func TestKindsAndStates(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	etag := func() map[string]string {
		return map[string]string{"If-Match": s.must(call{method: get, path: path, as: s.ann}).Header().Get("ETag")}
	}
	if r := s.do(call{method: patch, path: path, as: s.ann, header: etag(), body: map[string]any{"kind": "production"}}); r.Code != 422 || r.text("code") != "kind_immutable" {
		t.Errorf("changing the kind: %d %s", r.Code, r.Body)
	}
	before := s.newest(id).Revision
	s.must(call{method: patch, path: path, as: s.ann, header: etag(), body: map[string]any{"name": "Other"}})
	if s.newest(id).Revision != before {
		t.Error("a new name concerns no runtime")
	}
	s.must(call{method: patch, path: path, as: s.ann, header: etag(), body: map[string]any{"state": "paused"}})
	if b := s.newest(id); b.Instance.State != bundle.Paused || b.Deployment != 1 {
		t.Errorf("paused: %+v", b.Instance)
	}
	if r := s.do(call{method: remove, path: "/projects/" + s.project, as: s.ann}); r.Code != 409 || r.text("code") != "project_not_empty" {
		t.Errorf("deleting a project with an instance: %d %s", r.Code, r.Body)
	}
	host := s.newest(id).Instance.Host
	s.must(call{method: remove, path: path, as: s.ann})
	if b := s.newest(id); b.Instance.State != bundle.Deleted || len(b.Secrets)+len(b.SigningKeys)+len(b.Config.Tables) != 0 {
		t.Errorf("deleted: %+v", b)
	}
	for _, sql := range []string{
		`DELETE FROM hosts WHERE label = '` + host + `'`,
		`UPDATE instances SET kind = 'production' WHERE id = '` + id + `'`,
		`UPDATE instances SET revision = 1 WHERE id = '` + id + `'`,
		`UPDATE instances SET state = 'active' WHERE id = '` + id + `'`,
		`UPDATE bundles SET revision = 1 WHERE instance_id = '` + id + `'`,
		`INSERT INTO hosts VALUES ('` + host + `', now())`,
	} {
		if _, err := s.audit.Exec(t.Context(), sql); err == nil {
			t.Errorf("the database allowed: %s", sql)
		}
	}
}

func TestDeletingAnOrganizationEndsItsInstances(t *testing.T) {
	s := newShop(t)
	id, _ := s.made()
	s.must(call{method: remove, path: "/orgs/" + s.ann.Grants[0].Organization, as: s.ann})
	if b := s.newest(id); b.Instance.State != bundle.Deleted || len(b.Secrets) != 0 {
		t.Errorf("runtimes would go on serving %+v", b.Instance)
	}
}

func TestSources(t *testing.T) {
	s := newShop(t)
	s.heartbeat()
	r := s.provision("", nil, false)
	if r.Code != 201 || r.json["pending"] != false {
		t.Fatalf("an empty instance: %d %s", r.Code, r.Body)
	}
	path := "/instances/" + r.text("id")
	typed := map[string]any{"type": "mongodb", "uri": sourceURI, "database": "todo"}
	s.play(t, []scenario{
		{name: "nothing to test", call: call{method: post, path: path + "/source/test", as: s.ann, body: map[string]any{}}, status: 422, code: "no_source"},
		{name: "a secret that is not there", call: call{method: post, path: path + "/source/test", as: s.ann, body: map[string]any{"type": "postgres"}}, status: 422, code: "no_such_secret"},
		{name: "a connection string that is not stored", call: call{method: post, path: path + "/source/test", as: s.ann, body: typed}, status: 200, has: []string{`"ok":true`}, hasNot: []string{"hunter2"}},
		{name: "inspect", call: call{method: post, path: path + "/source/inspect", as: s.ann, body: typed}, status: 200, has: []string{`"name":"todos"`}},
		{name: "and still none is stored", call: call{method: get, path: path + "/secrets", as: s.ann}, status: 200, has: []string{`"data":[]`}},
	})
	if len(s.pool.seen) != 2 || s.pool.seen[0] != sourceURI || s.pool.sent[0].Actor.UserID != s.ann.id || s.pool.sent[0].Actor.RequestID == "" {
		t.Errorf("commands %+v carried %v", s.pool.sent, s.pool.seen)
	}
}

func TestAConditionShowsUntilItHeals(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	report := func(list ...feed.Condition) string {
		err := s.plane.Runtimes.Report(t.Context(), feed.Report{Runtime: feed.Runtime{ID: "rt_9", Capabilities: []string{}, StartedAt: s.clock.now()}, Degraded: list})
		if err != nil {
			t.Fatal(err)
		}
		status, _ := s.must(call{method: get, path: path, as: s.ann}).json["status"].(map[string]any)
		return fmt.Sprint(status["conditions"])
	}
	if got := report(feed.Condition{Instance: id, Code: "source_down", Message: "Down.", Since: s.clock.now()}); !strings.Contains(got, "source_down") {
		t.Errorf("conditions %s", got)
	}
	if got := report(); got != "[]" {
		t.Errorf("after healing: %s", got)
	}
	// A note is no trouble; what stays is kept, what is new about it is taken over.
	note := feed.Condition{Instance: id, Code: feed.RepeatsWeak, Message: "For 24 hours.", Since: s.clock.now()}
	for _, message := range []string{"For 24 hours.", "For 24 hours.", "For a day."} {
		note.Message = message
		if got := report(note, note); got != "[]" {
			t.Errorf("a note is among the conditions: %s", got)
		}
		status, _ := s.must(call{method: get, path: path, as: s.ann}).json["status"].(map[string]any)
		if notes, _ := status["notes"].([]any); len(notes) != 1 || !strings.Contains(fmt.Sprint(notes), message) {
			t.Errorf("notes %v, want %s", notes, message)
		}
	}
}

// TestRepublish: after a restored backup every instance gets a revision that no runtime can have seen.
func TestRepublish(t *testing.T) {
	s := newShop(t)
	kept, gone := s.provision(workingConfig, sourceSecret, false).text("id"), s.provision(workingConfig, nil, false).text("id")
	s.must(call{method: remove, path: "/instances/" + gone, as: s.ann})
	start := s.lastEvent()
	for want := s.clock.now().Unix() + 1; want <= s.clock.now().Unix()+2; want++ {
		if n, err := s.plane.Instances.Republish(t.Context()); err != nil || n != 1 {
			t.Fatalf("published %d: %v", n, err)
		}
		if b := s.newest(kept); b.Revision != want || len(b.SigningKeys) != 1 {
			t.Errorf("revision %d with %d keys, want %d", b.Revision, len(b.SigningKeys), want)
		}
	}
	if b := s.newest(gone); b.Revision != 2 || b.Instance.State != bundle.Deleted {
		t.Errorf("the deleted instance: %+v", b.Instance)
	}
	if n := len(s.events(start)); n != 0 {
		t.Errorf("%d events of somebody who did nothing", n)
	}
}

// A runtime's brake brings back the deployment before, once, and says so in the audit log.
func TestTheBrakeBringsBackTheDeploymentBefore(t *testing.T) {
	s := newShop(t)
	s.heartbeat()
	id := s.provision(workingConfig, sourceSecret, true).text("id")
	report := func(deployment int) {
		t.Helper()
		err := s.plane.Runtimes.Report(t.Context(), feed.Report{
			Runtime: feed.Runtime{ID: "rt_1", Address: "http://127.0.0.1:1", Format: bundle.Format, StartedAt: s.clock.now()},
			Brakes:  []feed.Brake{{Instance: id, Deployment: deployment, Code: "UNAUTHORIZED", Table: "todos", Refused: 20, Of: 20, At: s.clock.now()}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	report(1)
	if b := s.newest(id); b.Deployment != 1 || b.Previous != 0 {
		t.Fatalf("without an earlier one nothing is taken back: %d after %d", b.Deployment, b.Previous)
	}
	for range 2 {
		s.clock.advance(time.Minute)
		s.heartbeat()
		s.must(call{method: post, path: "/instances/" + id + "/deployments", as: s.ann, body: map[string]any{}})
	}
	if b := s.newest(id); b.Deployment != 3 || b.Previous != 2 || !b.ActivatedAt.Equal(s.clock.now()) {
		t.Fatalf("deployment %d after %d, active since %v", b.Deployment, b.Previous, b.ActivatedAt)
	}
	s.clock.advance(time.Minute)
	revision := s.newest(id).Revision
	report(3)
	report(3) // another runtime saw the same
	b := s.newest(id)
	if b.Deployment != 2 || b.Previous != 1 || b.Revision != revision+1 {
		t.Errorf("deployment %d after %d at revision %d; the one that was taken back is none to go back to", b.Deployment, b.Previous, b.Revision)
	}
	events := s.must(call{method: get, path: "/orgs/" + s.ann.Grants[0].Organization + "/audit-events?kind=deployment.braked", as: s.ann}).Body.String()
	if strings.Count(events, `"deployment.braked"`) != 1 || !strings.Contains(events, "UNAUTHORIZED") {
		t.Errorf("%s", events)
	}
	if got := s.must(call{method: get, path: "/instances/" + id + "/deployments/3", as: s.ann}).Body.String(); !strings.Contains(got, `"braked_at":`) {
		t.Errorf("%s", got)
	}
}
