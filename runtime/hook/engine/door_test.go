package engine_test

import (
	"strings"
	"testing"

	"turnkey/runtime/hook"
)

// TestFormsOfExports: whatever way a hook file offers its default export, each call sees what it is then.
func TestFormsOfExports(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  string // of two calls in one transaction
	}{
		{"an object", []string{"hooks/todos.ts", `let n = 0; export default { beforeWrite: () => ({ n: ++n }) };`}, `{"n":1} {"n":2}`},
		{"by name, replaced later", []string{"hooks/todos.ts", `let hooks: any = { beforeWrite() { hooks = { beforeWrite: () => ({ n: 2 }) }; return { n: 1 }; } }; export { hooks as default };`}, `{"n":1} {"n":2}`},
		{"by value, which nothing replaces", []string{"hooks/todos.ts", `let hooks: any = { beforeWrite() { hooks = {}; return { n: 1 }; } }; export default hooks;`}, `{"n":1} {"n":1}`},
		{"of another file", []string{"hooks/todos.ts", `export { default } from "../lib/a";`, "lib/a.ts", `export default { beforeWrite: () => ({ n: 1 }) };`}, `{"n":1} {"n":1}`},
		{"of another hook file", []string{"hooks/todos.ts", `import other from "./other"; export default other;`, "hooks/other.ts", `export default { beforeWrite: () => ({ n: 1 }) };`}, `{"n":1} {"n":1}`},
		{"beside others that nobody uses", []string{"hooks/todos.ts", `export const unused = new Map(); export default { beforeWrite: () => ({ n: 1 }) };`}, `{"n":1} {"n":1}`},
		{"of CommonJS", []string{"hooks/todos.js", `exports.default = { beforeWrite: () => ({ n: 1 }) };`}, `{"n":1} {"n":1}`},
		{"of CommonJS, as a whole", []string{"hooks/todos.js", `module.exports = { default: { beforeWrite: () => ({ n: 1 }) } };`}, `{"n":1} {"n":1}`},
		{"of CommonJS that was ES once", []string{"hooks/todos.js", `Object.defineProperty(exports, "__esModule", { value: true }); exports.default = { beforeWrite: () => ({ n: 1 }) };`}, `{"n":1} {"n":1}`},
		{"of CommonJS beside a module", []string{"hooks/todos.js", `exports.default = { beforeWrite: () => ({ n: 1 }) };`, "hooks/more.ts", `export default { afterWrite() {} };`}, `{"n":1} {"n":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.files...)
			call, err := hook.CallBeforeWrite(moment, todo(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			b.engine.Idle()
			first := b.run(true, call)
			second := b.run(false, call)
			if got := said(first.Outcomes[0]) + " " + said(second.Outcomes[0]); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestFormsWithoutExports: what has no default export says so, in either form.
func TestFormsWithoutExports(t *testing.T) {
	for _, code := range []string{"", "// nothing yet", "export const a = 1;", "module.exports = { beforeWrite() {} };", "interface A { a: number }"} {
		b := bundle("hooks/todos.ts", code)
		if b.Program != nil || len(b.Diagnostics) != 1 || !strings.Contains(b.Diagnostics[0].Message, "no default export") {
			t.Errorf("%q: %v", code, b.Diagnostics)
		}
	}
}
