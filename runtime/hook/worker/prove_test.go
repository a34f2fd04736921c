package worker_test

import (
	"testing"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
)

// TestProve: a program that compiles and that no worker could load is known before a write meets it.
func TestProve(t *testing.T) {
	// Compiling sees the machine's clock, and a pool its own: a top level that differs by it is slow only when proven.
	p := newEnginePool(t, func(o *worker.Options) { o.Now = newClock().Now })
	for name, c := range map[string]struct {
		limitMS int
		source  string
		file    string
		class   hook.Class
	}{
		"a hook":            {2000, "export default { beforeWrite() {}, afterWrite() {}, afterCommit() {}, resolveConflict() {} }", "", ""},
		"a slow top level":  {200, "if (Date.now() === 1_800_000_000_000) for (;;); export default { beforeWrite() {} }", "hooks/t.ts", hook.ClassTimeout},
		"a large top level": {2000, "const all = new Uint8Array(120 << 20); export default { beforeWrite() { return { n: all.length } } }", "hooks/t.ts", hook.ClassOutOfMemory},
	} {
		t.Run(name, func(t *testing.T) {
			limits := hook.DefaultLimits()
			limits.TimeMS = c.limitMS
			file, err := p.Prove(t.Context(), "ins_1", bundled(t, p, c.source), limits)
			if file != c.file || classOf(t, err) != c.class {
				t.Errorf("%q %v", file, err)
			}
		})
	}
	// The instance itself is none the worse for it.
	program := bundled(t, p, "export default { beforeWrite() {} }")
	ran, err := do(t, p, "ins_1", program, writes(t, program, 1, time.Second), nil)
	if err != nil || ran.Outcomes[0].Result != hook.Kept {
		t.Errorf("%+v, %v", ran, err)
	}
}
