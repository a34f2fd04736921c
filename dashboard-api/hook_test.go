package dashboardapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/hook"
)

// envCanary is a secret that hooks may see; no answer, event or test may.
const envCanary = "canary-crm-key-4711"

const hookConfig = workingConfig + "hooks: {timeout: 500ms, fetch: [crm.example], env: {CRM_KEY: {secret: CRM_KEY}}}\n"

const todosHook = `import { trim } from "../lib/trim";
export default {
  beforeWrite(write, ctx) {
    if (write.data.title === "") ctx.reject("empty", "Say something.");
    write.data.title = trim(write.data.title);
  },
  async afterCommit(change, ctx) {
    await ctx.fetch("https://crm.example/", { method: "POST", headers: { key: String(ctx.env.CRM_KEY) } });
  },
} satisfies Hooks<"todos">;
`

const trimLib = `export const trim = (s: string) => s.trim();
`

const todosTest = `import todos from "./todos";
import cases from "./cases.json";
test("titles are trimmed", async () => {
  for (const c of cases) {
    const out = await run(todos, "beforeWrite", { op: "PUT", data: { title: c.in } });
    expect(out.value.title).toBe(c.out);
  }
});
test("an environment is what the test gives", async () => {
  const seen = [];
  const fetch = (r) => { seen.push(r.headers.key); return {}; };
  await run(todos, "afterCommit", { env: { CRM_KEY: "fixture" }, fetch });
  await run(todos, "afterCommit", { fetch });
  expect(seen).toEqual(["fixture", "undefined"]);
});
`

func hookFiles() map[string]string {
	return map[string]string{"hooks/todos.ts": todosHook, "lib/trim.ts": trimLib}
}

func testedFiles() map[string]string {
	files := hookFiles()
	files["hooks/todos.test.ts"], files["hooks/cases.json"] = todosTest, `[{"in": " a ", "out": "a"}]`
	return files
}

// TestHooksTravelCompiled: a deployment with hooks is compiled and tested once; what brings it to runtimes later (a
// rollback, a new secret, a restored backup) compiles nothing.
func TestHooksTravelCompiled(t *testing.T) {
	w := newWorkers(t)
	s := newShop(t, w.with)
	id, path := s.made()
	if b := s.newest(id); b.Program != nil || b.Format != 1 {
		t.Errorf("without hooks: format %d, program %v", b.Format, b.Program)
	}
	s.must(call{method: put, path: path + "/secrets/CRM_KEY", as: s.ann, body: map[string]any{"value": envCanary}})
	s.configure(path, hookConfig)
	s.save(path, testedFiles())
	since := s.lastEvent()
	r := s.must(s.deploy(path))
	var said struct {
		Number   int
		Warnings []finding
		Hooks    hooks
	}
	if err := json.Unmarshal(r.Body.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	h := said.Hooks
	if said.Number != 2 || len(h.Files) != 4 || h.Tests != (hookTests{2, 2}) || len(h.Functions) != 1 || !slices.Equal(h.Functions[0].Functions, []string{"afterCommit", "beforeWrite"}) || h.Functions[0].Name != "todos" {
		t.Errorf("%+v", said)
	}
	if at := slices.IndexFunc(h.Coverage, func(c hookCoverage) bool { return c.File == "hooks/todos.ts" }); at < 0 || !slices.Equal(h.Coverage[at].Missed, []int{4}) {
		t.Errorf("no test has an empty title, but coverage is %+v", h.Coverage)
	}
	b := s.newest(id)
	if b.Format != 3 || b.Program == nil || b.Program.Hash != h.Hash || !b.Program.Has("todos", hook.BeforeWrite) || b.Secrets["CRM_KEY"].Reveal() != envCanary || b.Config.Hooks.Timeout != 500*time.Millisecond {
		t.Fatalf("the bundle has %+v", b)
	}
	if e := s.events(since); len(e) != 1 || !strings.Contains(string(e[0].Changes), h.Hash) {
		t.Errorf("the event says %s", e[0].Changes)
	}
	asked := w.asked.Load()
	travels := func(what string, deployment int, program bool) {
		t.Helper()
		got := s.newest(id)
		if got.Deployment != deployment || (got.Program != nil) != program || program && got.Program.Code != b.Program.Code {
			t.Errorf("%s: deployment %d, program %v", what, got.Deployment, got.Program != nil)
		}
	}
	s.save(path, map[string]string{"hooks/todos.ts": "not a hook"}) // of the draft, which is nobody's yet
	s.must(call{method: post, path: path + "/deployments/1/activate", as: s.ann})
	travels("rolled back to no hooks", 1, false)
	s.must(call{method: post, path: path + "/deployments/2/activate", as: s.ann})
	travels("activated again", 2, true)
	s.must(call{method: put, path: path + "/secrets/CRM_KEY", as: s.ann, body: map[string]any{"value": envCanary + "2"}})
	travels("a new secret", 2, true)
	if _, err := s.plane.Instances.Republish(t.Context()); err != nil {
		t.Fatal(err)
	}
	travels("republished", 2, true)
	if w.asked.Load() != asked {
		t.Errorf("workers were asked %d times for what is compiled", w.asked.Load()-asked)
	}
	one := s.must(call{method: get, path: path + "/deployments/2", as: s.ann})
	if files, _ := one.json["files"].(map[string]any); files["hooks/todos.ts"] != todosHook || len(files) != 4 {
		t.Errorf("the files as they were deployed: %s", one.Body)
	}
	list := s.must(call{method: get, path: path + "/deployments", as: s.ann})
	if !strings.Contains(list.Body.String(), h.Hash) || strings.Contains(list.Body.String(), "satisfies") {
		t.Errorf("the list: %s", list.Body)
	}
	for _, p := range []string{"/deployments/2", "/deployments", "/files", "/config"} {
		if r := s.must(call{method: get, path: path + p, as: s.ann}); strings.Contains(r.Body.String(), "canary") {
			t.Errorf("%s shows a secret", p)
		}
	}
}

// TestHooksThatAreNotDeployed: each refusal names its place, and leaves everything as it was.
func TestHooksThatAreNotDeployed(t *testing.T) {
	w := newWorkers(t)
	s := newShop(t, w.with)
	id, path := s.made()
	s.must(call{method: put, path: path + "/secrets/CRM_KEY", as: s.ann, body: map[string]any{"value": envCanary}})
	before := s.newest(id)
	refused := []struct {
		name, config string
		files        map[string]string
		code         string
		has          []string
	}{
		{"a syntax error", hookConfig, map[string]string{"hooks/todos.ts": "export default {\n  beforeWrite(w) { return w..data },\n}"}, "config_invalid",
			[]string{`"path":"hooks/todos.ts","line":2,"column":29,"code":"hook_file"`}},
		{"a function that there is not", hookConfig, map[string]string{"hooks/todos.ts": "export default { beforewrite() {} }"}, "config_invalid", []string{`Did you mean beforeWrite?`, `"line":1`}},
		{"a table that there is not", hookConfig, map[string]string{"hooks/users.ts": todosHook, "lib/trim.ts": trimLib}, "config_invalid", []string{`"path":"hooks/users.ts"`, "tables.users", "todos"}},
		{"a policy without its hook", strings.Replace(hookConfig, "id: objectid", "id: objectid, on_conflict: hook", 1), hookFiles(), "config_invalid",
			[]string{`"path":"tables.todos.on_conflict"`, "hooks/todos.ts", "resolveConflict"}},
		{"a failing test", hookConfig, map[string]string{"hooks/todos.ts": todosHook, "lib/trim.ts": trimLib,
			"lib/trim.test.ts": "import { trim } from './trim';\ntest('nothing is cut', () => expect(trim(' a ')).toEqual(' a '));\ntest('env', () => { console.log('x'); });"}, "hook_tests_failed",
			[]string{`"path":"lib/trim.test.ts","line":2`, `"code":"test_failed"`, `"expectation":{"matcher":"toEqual","expected":"\" a \"","received":"\"a\""}`, "1 of 2", "nothing is cut"}},
		{"a bomb", hookConfig, map[string]string{"hooks/todos.ts": "export default { beforeWrite() { return " + strings.Repeat("[", 120_000) + strings.Repeat("]", 120_000) + " } }"}, "config_invalid",
			[]string{`"path":"hooks/todos.ts"`, "ended the process"}},
	}
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			s.configure(path, c.config)
			s.save(path, c.files)
			r := s.do(s.deploy(path))
			if r.Code != 422 || r.text("code") != c.code {
				t.Errorf("%d %s", r.Code, r.Body)
			}
			for _, text := range c.has {
				if !strings.Contains(r.Body.String(), text) {
					t.Errorf("the answer lacks %q: %s", text, r.Body)
				}
			}
			provisioned := s.do(call{method: post, path: "/projects/" + s.project + "/instances", as: s.ann, body: map[string]any{
				"name": "x", "kind": "development", "config": c.config, "secrets": map[string]any{"SOURCE_URI": sourceURI, "CRM_KEY": envCanary}, "deploy": true, "files": c.files,
			}})
			if provisioned.Code != 422 || provisioned.text("code") != c.code {
				t.Errorf("provisioning: %d %s", provisioned.Code, provisioned.Body)
			}
			for _, got := range []reply{r, provisioned} {
				if strings.Contains(got.Body.String(), "canary") {
					t.Errorf("a secret is shown: %s", got.Body)
				}
			}
			for name := range c.files {
				s.must(call{method: remove, path: path + "/files/" + name, as: s.ann})
			}
		})
	}
	if b := s.newest(id); b.Deployment != 1 || b.Program != nil || b.Config.Tables["todos"].Collection != before.Config.Tables["todos"].Collection {
		t.Errorf("a refused deployment serves: %+v", b)
	}
	if list := s.must(call{method: get, path: path + "/deployments", as: s.ann}); len(list.json["data"].([]any)) != 1 {
		t.Errorf("refused deployments are kept: %s", list.Body)
	}
	instances := s.must(call{method: get, path: "/projects/" + s.project + "/instances", as: s.ann})
	if len(instances.json["data"].([]any)) != 1 {
		t.Errorf("refused instances are kept: %s", instances.Body)
	}
}

// TestNoWorker: without one nothing is deployed and nothing is said against the files.
func TestNoWorker(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	s.save(path, hookFiles())
	before := s.newest(id).Revision
	s.play(t, []scenario{
		{name: "deploying", call: s.deploy(path), status: 503, code: "hooks_unavailable", headers: map[string]string{"Retry-After": "5"}, hasNot: []string{"config_invalid"}},
		{name: "checking says that it did not look", call: call{method: post, path: path + "/config/validate", as: s.ann, body: map[string]any{}}, status: 200, has: []string{`"valid":true`, "hooks_unavailable"}},
		{name: "nothing to test", call: call{method: post, path: path + "/hooks/test", as: s.ann}, status: 200, has: []string{`"passed":true`, `"tests":[]`}},
		{name: "something to test", call: call{method: post, path: path + "/hooks/test", as: s.ann, body: map[string]any{"files": map[string]any{"lib/a.test.ts": "test('a', () => {})"}}}, status: 503, code: "hooks_unavailable"},
	})
	if s.newest(id).Revision != before {
		t.Error("a revision was published")
	}
}

// TestEditorsSeeTheirDraft: checking and testing take what is not saved, over what is.
func TestEditorsSeeTheirDraft(t *testing.T) {
	s := newShop(t, newWorkers(t).with)
	_, path := s.made()
	s.must(call{method: put, path: path + "/secrets/CRM_KEY", as: s.ann, body: map[string]any{"value": envCanary}})
	s.configure(path, hookConfig)
	s.save(path, hookFiles())
	check := func(body map[string]any) call {
		return call{method: post, path: path + "/config/validate", as: s.ann, body: body}
	}
	test := func(files map[string]any) call {
		return call{method: post, path: path + "/hooks/test", as: s.ann, body: map[string]any{"files": files}}
	}
	long := strings.Repeat("x", hook.MaxSourceBytes+1)
	s.play(t, []scenario{
		{name: "as saved", call: check(map[string]any{}), status: 200, has: []string{`"valid":true`, `"errors":[]`}},
		{name: "an edited file", call: check(map[string]any{"files": map[string]any{"hooks/todos.ts": "\n\nexport default {"}}), status: 200, has: []string{`"valid":false`, `"path":"hooks/todos.ts","line":3`}},
		{name: "a file removed", call: check(map[string]any{"files": map[string]any{"lib/trim.ts": nil}}), status: 200, has: []string{`"valid":false`, `"path":"hooks/todos.ts","line":1`, "lib/trim"}},
		{name: "an edited document", call: check(map[string]any{"config": strings.Replace(hookConfig, "todos:", "lists:", 1)}), status: 200, has: []string{`"valid":false`, `"code":"no_such_table"`}},
		{name: "a missing secret hides nothing", call: check(map[string]any{"config": strings.NewReplacer("todos:", "lists:", "secret: CRM_KEY", "secret: OTHER").Replace(hookConfig)}), status: 200,
			has: []string{`"valid":false`, `"code":"no_such_table"`, `"code":"no_such_secret"`}},
		{name: "a path that none can have", call: check(map[string]any{"files": map[string]any{"../x.ts": "x"}}), status: 422, code: "invalid_path"},
		{name: "a file that is too long", call: check(map[string]any{"files": map[string]any{"lib/x.ts": long}}), status: 413, code: "file_too_large"},
		{name: "tests that pass", call: test(map[string]any{"hooks/todos.test.ts": todosTest, "hooks/cases.json": `[{"in":" a ","out":"a"}]`}), status: 200,
			has: []string{`{"passed":true,"errors":[]`, `"name":"titles are trimmed","line":3,"passed":true`, `"coverage":[{"file":"hooks/todos.ts"`}, hasNot: []string{"canary"}},
		{name: "tests that fail", call: test(map[string]any{"lib/x.test.ts": "test('x', async () => {\n  console.log('seen');\n  expect(1).toBe(2);\n});"}), status: 200,
			has: []string{`"passed":false`, `"path":"lib/x.test.ts","line":3`, `"matcher":"toBe","expected":"2","received":"1"`, `"text":"seen"`}},
		{name: "tests that cannot be run", call: test(map[string]any{"lib/x.test.ts": "test("}), status: 200, has: []string{`"passed":false`, `"tests":[]`, `"path":"lib/x.test.ts","line":1`}},
		{name: "what hooks can use", call: call{method: get, path: "/hooks/turnkey.d.ts", as: s.ann}, status: 200, has: []string{"interface Hooks<"}, headers: map[string]string{"Content-Type": "text/plain; charset=utf-8"}},
		{name: "what hooks can use, for nobody", call: call{method: get, path: "/hooks/turnkey.d.ts"}, status: 401, code: "unauthenticated"},
	})
	if list := s.must(call{method: get, path: path + "/files", as: s.ann}); len(list.json["data"].([]any)) != 2 {
		t.Errorf("checking saved something: %s", list.Body)
	}
}

// TestFileLimits: the limits of what is compiled are those of what is saved.
func TestFileLimits(t *testing.T) {
	s := newShop(t)
	_, path := s.made()
	save := func(name, content string) call {
		return call{method: put, path: path + "/files/" + name, as: s.ann, body: map[string]any{"content": content}}
	}
	full := strings.Repeat("x", hook.MaxSourceBytes)
	s.play(t, []scenario{
		{name: "a fixture", call: save("hooks/fixtures/rows.json", "[]"), status: 200},
		{name: "a test", call: save("hooks/todos.test.ts", "test('a', () => {})"), status: 200},
		{name: "a whole file", call: save("lib/f0.ts", full), status: 200},
		{name: "a byte more", call: save("lib/f0.ts", full+"x"), status: 413, code: "file_too_large", has: []string{"262145", "262144", `"path":"lib/f0.ts"`}},
		{name: "NUL", call: save("lib/nul.ts", "a\x00b"), status: 422, code: "invalid_file"},
		{name: "another ending", call: save("lib/a.tsx", "x"), status: 422, code: "invalid_path"},
		{name: "another folder", call: save("secrets/a.ts", "x"), status: 422, code: "invalid_path"},
	})
	for i := 1; i < hook.MaxTotalBytes/hook.MaxSourceBytes-1; i++ {
		s.must(save(fmt.Sprintf("lib/f%d.ts", i), full))
	}
	s.play(t, []scenario{
		{name: "all together", call: save("lib/last.ts", full), status: 413, code: "files_too_large", has: []string{"4194304"}},
		{name: "a file in another's place", call: save("lib/f1.ts", "x"), status: 200},
	})
	for i := range hook.MaxFiles {
		r := s.do(save(fmt.Sprintf("lib/small%d.ts", i), ""))
		if r.Code >= 300 {
			if r.Code != 409 || r.text("code") != "too_many_files" || i < 150 {
				t.Errorf("file %d: %d %s", i, r.Code, r.Body)
			}
			return
		}
	}
	t.Error("any number of files is taken")
}

// TestABombHurtsNobody: while one tenant's source text is at its worst, a neighbour is answered, deploys, and no
// transaction of ours is open.
func TestABombHurtsNobody(t *testing.T) {
	w := newWorkers(t)
	s := newShop(t, w.with)
	_, path := s.made()
	_, neighbour := s.made()
	s.save(path, map[string]string{"hooks/todos.ts": "export default { beforeWrite() { return " + strings.Repeat("[", 120_000) + strings.Repeat("]", 120_000) + " } }"})
	s.save(neighbour, hookFiles())
	s.configure(neighbour, workingConfig)
	compiling, release := make(chan struct{}), make(chan struct{})
	w.before = func() {
		w.before = nil
		close(compiling)
		<-release
	}
	answered := make(chan reply, 1)
	go func() { answered <- s.do(s.deploy(path)) }()
	<-compiling
	waitFor(t, "no transaction is open while hooks compile", func() bool { // a short one of somebody else may be
		open := 0
		if err := s.audit.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND xact_start IS NOT NULL AND pid <> pg_backend_pid()`).Scan(&open); err != nil {
			t.Fatal(err)
		}
		return open == 0
	})
	close(release)
	if r := s.do(call{method: get, path: neighbour, as: s.ann}); r.Code != 200 {
		t.Errorf("a neighbour: %d %s", r.Code, r.Body)
	}
	if r := s.do(s.deploy(neighbour)); r.Code >= 300 {
		t.Errorf("a neighbour's deployment: %d %s", r.Code, r.Body)
	}
	if r := <-answered; r.Code != 422 || r.text("code") != "config_invalid" {
		t.Errorf("the bomb: %d %s", r.Code, r.Body)
	}
	if deaths := w.Stats().Deaths; deaths[hook.ClassCrashed] == 0 {
		t.Errorf("the bomb killed no worker: %v", deaths)
	}
}
