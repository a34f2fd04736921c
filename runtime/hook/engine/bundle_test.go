package engine_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/engine"
)

func bundle(pairs ...string) hook.Bundled {
	return engine.New(time.Now).Bundle(hook.Bundle{Files: files(pairs...)})
}

// TestBundle: which file exports what; types, enums, decorated syntax and JSON go away.
func TestBundle(t *testing.T) {
	b := bundle(
		"hooks/todos.ts", `
			import type { Row } from "../lib/row";
			import { Status, type Row as R } from "../lib/row.js";
			import limits from "../lib/limits.json";
			export default { afterWrite() {}, beforeWrite(w: R & Row) { return { s: Status.Open, max: limits.max } } } satisfies Hooks<"todos">;`,
		"hooks/_transaction.js", `export default { beforeTransaction() {} }`,
		"hooks/_auth.ts", `const hooks = { resolveUser() { return { userId: "u" } } }; export default hooks;`,
		"hooks/todos.test.ts", `this is no test of the bundle`,
		"lib/row.ts", `export enum Status { Open = "open" } export interface Row { a: number }`,
		"lib/limits.json", `{"max": 3}`,
	)
	if b.Program == nil || len(b.Diagnostics) > 0 {
		t.Fatalf("%v", b.Diagnostics)
	}
	p := b.Program
	if !p.Has("todos", hook.BeforeWrite) || !p.Has("todos", hook.AfterWrite) || p.Has("todos", hook.AfterCommit) || !p.Has("_transaction", hook.BeforeTransaction) || !p.Has("_auth", hook.ResolveUser) || len(p.Hooks) != 3 {
		t.Errorf("%+v", p.Hooks)
	}
	if todos, auth := p.Place("todos", hook.BeforeWrite), p.Place("_auth", hook.ResolveUser); todos != "hooks/todos.ts:5" || !strings.HasPrefix(auth, "hooks/_auth.ts") {
		t.Errorf("the functions begin at %s and %s", todos, auth)
	}
	if p.Hash != hook.HashOf(p.Code, p.Map) || strings.Contains(p.Code, "no test of the bundle") {
		t.Error("hash, or the tests are part of the program")
	}
	again := bundle("lib/limits.json", `{"max": 3}`, "hooks/a.ts", `export default {}`)
	if again.Program == nil || len(again.Diagnostics) != 1 || again.Diagnostics[0].Severity != hook.SeverityWarning {
		t.Errorf("a file without functions is a warning: %+v", again)
	}
}

// TestMisplacedHooks: what looks like a hook and is nowhere called is told, and does not stop the deployment.
func TestMisplacedHooks(t *testing.T) {
	b := bundle("hooks/todos.ts", `import shared from "./shared/used"; export default {beforeWrite() { return {n: shared} }}`, "hooks/shared/used.ts", "export default 1",
		"hooks/old/todos.ts", "export default {beforeWrite() {}}", "hooks/old/helper.ts", "export const n = 1", "hooks/old/todos.test.ts", "export default 1", "lib/unused.ts", "export default 1")
	if b.Program == nil || len(b.Diagnostics) != 1 || b.Diagnostics[0].File != "hooks/old/todos.ts" || b.Diagnostics[0].Severity != hook.SeverityWarning || b.Diagnostics[0].Hint == "" {
		t.Errorf("%+v", b)
	}
}

// TestDeterministic: the same files make the same program, in whatever order they come.
func TestDeterministic(t *testing.T) {
	a := bundle("hooks/a.ts", "export default {beforeWrite() {}}", "hooks/b.ts", "export default {afterWrite() {}}")
	b := bundle("hooks/b.ts", "export default {afterWrite() {}}", "hooks/a.ts", "export default {beforeWrite() {}}")
	if a.Program.Hash != b.Program.Hash {
		t.Error("two programs of the same files")
	}
}

// TestDiagnostics: every mistake at its file, line and column, with words that help.
func TestDiagnostics(t *testing.T) {
	const ok = "export default { beforeWrite() {} };\n"
	for _, c := range []struct {
		name  string
		files []string
		want  string // file:line:column: message
		hint  string
	}{
		{"syntax", []string{"hooks/todos.ts", "export default {\n  beforeWrite( {\n};\n"}, `hooks/todos.ts:3:2: Expected ")" but found ";"`, ""},
		{"syntax in a library", []string{"hooks/todos.ts", "import '../lib/a';\n" + ok, "lib/a.ts", "\n\n  let = ;"}, "lib/a.ts:3:", ""},
		{"no default export", []string{"hooks/todos.ts", "export const beforeWrite = () => {};"}, "hooks/todos.ts:0:0: The file has no default export.", "Write: export default { beforeWrite(…) { … } }"},
		{"a function as default", []string{"hooks/todos.ts", "\nexport default function () {}"}, "The default export is a function, not an object of hook functions.", ""},
		{"unknown hook", []string{"hooks/todos.ts", "export default {\n  beforeWrite() {},\n  before_write() {},\n};"}, `hooks/todos.ts:3:3: There is no hook "before_write" in hooks/todos.ts.`, "Did you mean beforeWrite?"},
		{"unknown hook in a constant", []string{"hooks/todos.ts", "const hooks = {\n  onUpload() {},\n};\nexport default hooks;"}, `There is no hook "onUpload" in hooks/todos.ts.`, "There are: beforeWrite, resolveConflict, afterWrite, afterCommit."},
		{"not a function", []string{"hooks/todos.ts", "export default {\n    afterWrite: 7,\n};"}, "hooks/todos.ts:2:5: afterWrite is a number, not a function.", ""},
		{"wrong file", []string{"hooks/_transaction.ts", "export default { beforeWrite() {} }"}, `There is no hook "beforeWrite" in hooks/_transaction.ts.`, "There are: beforeTransaction."},
		{"unknown underscore", []string{"hooks/_users.ts", ok}, "hooks/_users.ts:0:0: There is no hook file of this name.", "hooks/_transaction.ts and hooks/_auth.ts"},
		{"two files of one table", []string{"hooks/todos.ts", ok, "hooks/todos.js", ok}, "one table has one hook file", ""},
		{"npm", []string{"hooks/todos.ts", "import _ from 'lodash';\n" + ok + "_();"}, `hooks/todos.ts:1:15: Cannot import "lodash": npm packages are not available in hooks.`, "Put the code that you need into lib/"},
		{"node", []string{"hooks/todos.ts", "import fs from 'node:fs'; fs.x();\n" + ok}, `Cannot import "node:fs": hooks do not run in Node.`, "turnkey.d.ts"},
		{"node, by its old name", []string{"hooks/todos.ts", "import { readFile } from 'fs/promises'; readFile();\n" + ok}, `Cannot import "fs/promises": hooks do not run in Node.`, "turnkey.d.ts"},
		{"a library of tests", []string{"hooks/todos.ts", "import { test } from 'vitest'; test();\n" + ok}, `Cannot import "vitest": tests need no library.`, "Remove the import"},
		{"a class's instance", []string{"hooks/todos.ts", "class Hooks { beforeWrite() {} }\nexport default new Hooks();"}, "The default export is an instance of Hooks, not a plain object of hook functions.", "Write: export default"},
		{"a name of Node's", []string{"hooks/todos.ts", "const key = process.env.KEY;\nexport default { beforeWrite() { return key } };"}, "hooks/todos.ts:1:13: The file cannot be loaded: ReferenceError: process is not defined", "Secrets are in ctx.env"},
		{"a test in a hook file", []string{"hooks/todos.ts", "test('x', () => {});\n" + ok}, "ReferenceError: test is not defined", "files that end in .test.ts"},
		{"require", []string{"hooks/todos.ts", "const x = require('axios');\n" + ok}, `Cannot import "axios": npm packages`, ""},
		{"absolute", []string{"hooks/todos.ts", "import x from '/etc/passwd'; x();\n" + ok}, `Cannot import "/etc/passwd"`, ""},
		{"address", []string{"hooks/todos.ts", "import x from 'https://esm.sh/x'; x();\n" + ok}, `Cannot import "https://esm.sh/x"`, ""},
		{"not relative", []string{"hooks/todos.ts", "import 'lib/a';\n" + ok, "lib/a.ts", ""}, `Cannot import "lib/a": paths are relative.`, `Write "../lib/a"`},
		{"outside", []string{"hooks/todos.ts", "import '../../etc/a';\n" + ok}, `Cannot import "../../etc/a": only files in hooks/ and lib/`, ""},
		{"missing", []string{"hooks/todos.ts", "import '../lib/gone';\n" + ok}, `Cannot import "../lib/gone": there is no file lib/gone.`, ""},
		{"missing name", []string{"hooks/todos.ts", "import { a } from '../lib/a'; a();\n" + ok, "lib/a.ts", "export const b = 1;"}, `No matching export in "lib/a.ts" for import "a"`, ""},
		{"top-level await", []string{"hooks/todos.ts", "await Promise.resolve();\n" + ok}, "hooks/todos.ts:1:1: Top-level await is not available in hooks.", "Await inside of the hook's function."},
		{"unicode property", []string{"hooks/todos.ts", "const re = /^[a-z]+$/;\nconst letter = /\\p{L}/u;\nexport default { beforeWrite() { re.test('x'); return letter; } };"}, `hooks/todos.ts:2:16: Unicode properties such as \p{L} are not supported`, "List the ranges"},
		{"unicode property, constructed", []string{"hooks/todos.ts", "export default { beforeWrite() { return new RegExp('\\\\p{L}', 'u'); } };"}, "Unicode properties", ""},
		{"flag v", []string{"hooks/todos.ts", "export default { beforeWrite() { return /a/v; } };"}, "hooks/todos.ts:1:41: ", ""},
		{"top level throws", []string{"hooks/todos.ts", "import { x } from '../lib/a';\nexport default { beforeWrite() { return x } };", "lib/a.ts", "export const x = 1;\nthrow new Error('not today');"}, "lib/a.ts:2:7: The file cannot be loaded: Error: not today", ""},
		{"top level loops", []string{"hooks/todos.ts", "for (;;);\n" + ok}, "hooks/todos.ts:1:", ""},
		{"path", []string{"../hooks/todos.ts", ok}, "The path is not one of a hook file.", ""},
		{"import.meta", []string{"hooks/todos.ts", "console.log(import.meta.url);\n" + ok}, "hooks/todos.ts:1:13: ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bundle(c.files...)
			if b.Program != nil || len(b.Diagnostics) == 0 {
				t.Fatalf("it was taken: %v", b.Diagnostics)
			}
			d := b.Diagnostics[0]
			if !strings.Contains(d.String(), c.want) || !strings.Contains(d.Hint, c.hint) || d.Severity != hook.SeverityError {
				t.Errorf("%s (%s)\nwant %s (%s)", d, d.Hint, c.want, c.hint)
			}
		})
	}
}

// TestSourceMapComments name files that nobody reads: not esbuild, not goja, not for evaluated code.
func TestSourceMapComments(t *testing.T) {
	dir := t.TempDir()
	trap := filepath.Join(dir, "trap.map")
	if err := os.WriteFile(trap, []byte(`{"version":3,"sources":["stolen.ts"],"sourcesContent":["stolen"],"mappings":"AAAA"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, comment := range []string{"//# sourceMappingURL=file://" + trap, "//@ sourceMappingURL=" + trap, "/*# sourceMappingURL=file://" + trap + " */", "//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozfQ=="} {
		text := "export default { beforeWrite() {\n  throw new Error(String((0, eval)('1\\n' + " + strconv.Quote(comment) + ")));\n} };\n" + comment + "\n"
		b := newBench(t, "hooks/todos.js", text)
		if strings.Contains(b.program.Map, "stolen") || strings.Contains(b.program.Code, "stolen") {
			t.Errorf("%s was read: %s", comment, b.program.Map)
		}
		if f := failure(t, b.write(`{}`), hook.ClassError, "Error: 1"); at(f) != "hooks/todos.js:2:9" {
			t.Errorf("%s: at %s", comment, at(f))
		}
	}
}

// TestTooLarge: limits of the source are told, not crashed into.
func TestTooLarge(t *testing.T) {
	b := bundle("hooks/todos.ts", "export default {};"+strings.Repeat(" ", hook.MaxSourceBytes))
	if b.Program != nil || !strings.Contains(b.Diagnostics[0].Message, "larger than 256 kB") {
		t.Errorf("%+v", b)
	}
}
