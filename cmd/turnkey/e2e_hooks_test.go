//go:build e2e

package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/bundle"
	"turnkey/runtime/envelope"
	"turnkey/runtime/hook"
)

// TestHooksReachTheRuntime: hook files that are saved and deployed over REST are, compiled, in what the runtime
// has accepted and keeps on disk; one whose test fails is not, and says why.
func TestHooksReachTheRuntime(t *testing.T) {
	dir := t.TempDir()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p := startDev(t, dir, port)
	defer p.stop(t)
	instance := p.file.Instances[0].ID
	api := p.file.APIURL + "/instances/" + instance
	ask := func(method, path string, body any) (int, []byte) {
		t.Helper()
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return call(t, method, api+path, p.file.APIToken, string(text))
	}
	for path, content := range map[string]string{
		"hooks/todos.ts": `export default { beforeWrite(write, ctx) {
			if (write.data?.description?.trim() === "") ctx.reject("empty", "Say what is to be done.");
			if (write.data?.description) write.data.description = write.data.description.trim();
		} } satisfies Hooks<"todos">;`,
		"hooks/todos.test.ts": "import todos from './todos';\ntest('it trims', async () => {\n  expect((await run(todos, 'beforeWrite', { data: { description: ' a ' } })).value.description).toBe('a');\n});",
	} {
		if status, body := ask(http.MethodPut, "/files/"+path, map[string]any{"content": content}); status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, status, body)
		}
	}
	status, body := ask(http.MethodPost, "/deployments", map[string]any{})
	var said struct {
		Number  int
		Pending bool
		Hooks   struct {
			Hash  string
			Tests struct{ Count, Passed int }
		}
	}
	if err := json.Unmarshal(body, &said); err != nil || status != answered(http.StatusCreated, said.Pending) || said.Hooks.Tests.Passed != 1 {
		t.Fatalf("%d %s", status, body)
	}
	served(t, api, p.file.APIToken)
	b := cached(t, dir, instance)
	if b.Deployment != said.Number || b.Format != 3 || b.Program == nil || b.Program.Hash != said.Hooks.Hash || !b.Program.Has("todos", hook.BeforeWrite) {
		t.Errorf("the runtime has deployment %d, format %d, %+v", b.Deployment, b.Format, b.Program)
	}
	if said := upload(t, p.file.Instances[0].URL, "   "); !strings.Contains(said, "fatal_error") || !strings.Contains(said, "Say what is to be done.") {
		t.Errorf("the hook refuses nothing: %s", said)
	}
	if said := upload(t, p.file.Instances[0].URL, " milk "); !strings.Contains(said, `"status":"success"`) {
		t.Errorf("the hook refuses: %s", said)
	}
	ask(http.MethodPut, "/files/hooks/todos.ts", map[string]any{"content": "export default { beforeWrite(write) {} };"})
	status, body = ask(http.MethodPost, "/deployments", map[string]any{})
	if status != http.StatusUnprocessableEntity || !strings.Contains(string(body), "hook_tests_failed") || !strings.Contains(string(body), `"line":3`) {
		t.Errorf("a failing test: %d %s", status, body)
	}
	var back struct{ Pending bool }
	if status, body = call(t, http.MethodPost, fmt.Sprintf("%s/deployments/%d/activate", api, said.Number-1), p.file.APIToken, ""); json.Unmarshal(body, &back) != nil || status != answered(http.StatusOK, back.Pending) {
		t.Errorf("rolling back: %d %s", status, body)
	}
	served(t, api, p.file.APIToken)
	if said := upload(t, p.file.Instances[0].URL, "   "); !strings.Contains(said, `"status":"success"`) {
		t.Errorf("rolled back to no hooks: %s", said)
	}
	if b := cached(t, dir, instance); b.Program != nil || b.Deployment != said.Number-1 {
		t.Errorf("rolled back to deployment %d with %+v", b.Deployment, b.Program)
	}
}

// upload sends one new todo and gives the answer.
func upload(t *testing.T, url, description string) string {
	t.Helper()
	var token struct{ Token string }
	status, body := call(t, http.MethodGet, url+"/token?user_id=demo", "", "")
	if err := json.Unmarshal(body, &token); err != nil || status != http.StatusOK {
		t.Fatalf("token: %d %s", status, body)
	}
	text, err := json.Marshal(map[string]any{"transactions": []any{map[string]any{"crud": []any{map[string]any{
		"op": "PUT", "table": "todos", "id": bson.NewObjectID().Hex(), "op_data": map[string]any{"description": description, "owner_id": "demo"},
	}}}}})
	if err != nil {
		t.Fatal(err)
	}
	_, body = call(t, http.MethodPost, url+"/api/data", token.Token, string(text))
	return string(body)
}

// cached is what the development runtime has in its cache of an instance.
func cached(t *testing.T, dir, instance string) *bundle.Bundle {
	t.Helper()
	opener, _, err := envelope.ReadOpener(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(filepath.Join(dir, "bundles", instance+".bundle"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := opener.Open(sealed, instance)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
