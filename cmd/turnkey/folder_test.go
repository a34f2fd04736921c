package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"turnkey/internal/clock"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
)

const folderDocument = `
source: {type: postgres, uri: {secret: SOURCE_URI}}
auth: {powersync_url: "https://ps.example", development_tokens: true}
hooks: {env: {CRM_KEY: {secret: CRM_KEY}}}
tables: {todos: {id: uuid, allow: {create: new.owner == user.id}, fields: {owner: string, title: string}}}
`

// fill writes files into a folder.
func fill(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func secretsOf(dir string) map[string]string {
	return map[string]string{"turnkey.yaml": folderDocument, "secrets/SOURCE_URI": "postgres://u:p@127.0.0.1:1/x?sslmode=disable", "secrets/CRM_KEY": canary}
}

// TestServeBundlesItsFolder: what stands in hooks/ and lib/ is compiled and tested as a deployment is.
func TestServeBundlesItsFolder(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, secretsOf(dir))
	fill(t, dir, map[string]string{
		"hooks/todos.ts":      `import { trim } from "../lib/trim"; export default { beforeWrite(w) { w.data.title = trim(w.data.title) } }`,
		"lib/trim.ts":         `export const trim = (s: string) => s.trim();`,
		"lib/trim.test.ts":    `import { trim } from "./trim"; test("it trims", () => expect(trim(" a ")).toBe("a"))`,
		"lib/README.md":       "not a hook file",
		"hooks/.todos.ts.swp": "\x00",
		"node_modules/x/x.ts": "nonsense(",
	})
	workers, err := worker.New(worker.Options{Now: clock.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer workers.Close()
	var out, errs bytes.Buffer
	b, err := (&serveCommand{Folder: dir, Development: true}).bundle(t.Context(), terminal{&out, &errs}, workers)
	if err != nil {
		t.Fatal(err)
	}
	if b.Format != 3 || !b.Program.Has("todos", hook.BeforeWrite) || b.Secrets["CRM_KEY"].Reveal() != canary || b.Config.Hooks.Timeout != 200*time.Millisecond || b.Instance.Kind != bundle.Development {
		t.Errorf("%+v", b)
	}
	if !strings.Contains(out.String(), "Hooks: 3 files, 1 of 1 tests passed") || strings.Contains(out.String()+errs.String(), canary) {
		t.Errorf("it says %s%s", &out, &errs)
	}
}

// TestServeNamesThePlace: a folder that cannot be served ends the start with file, line and column.
func TestServeNamesThePlace(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"a syntax error": {map[string]string{"hooks/todos.ts": "export default {\n  beforeWrite(w) { return w..data }\n}"}, []string{"hooks/todos.ts:2:29: "}},
		"a wrong table":  {map[string]string{"hooks/todo.ts": "export default { afterWrite() {} }"}, []string{"hooks/todo.ts: ", "tables.todo", "todos"}},
		"a failing test": {map[string]string{"lib/a.test.ts": "test('sums', () => {\n  expect(1 + 1).toBe(3);\n})"}, []string{"1 of 1 tests", "lib/a.test.ts:2:", "sums: ", "toBe(3)"}},
		"a large file":   {map[string]string{"lib/a.ts": strings.Repeat("x", hook.MaxSourceBytes+1), "hooks/todos.ts": "export default { afterWrite() {} }"}, []string{"lib/a.ts: ", "256"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fill(t, dir, secretsOf(dir))
			fill(t, dir, c.files)
			var errs bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			code := run(ctx, []string{"serve", dir, "--listen", "127.0.0.1:0", "--development"}, terminal{io.Discard, &errs})
			for _, text := range c.want {
				if !strings.Contains(errs.String(), text) {
					t.Errorf("it lacks %q", text)
				}
			}
			if code != 1 || strings.Contains(errs.String(), canary) {
				t.Errorf("exit %d", code)
			}
			if t.Failed() {
				t.Log(errs.String())
			}
		})
	}
}
