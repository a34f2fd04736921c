package engine_test

import (
	"testing"

	"turnkey/runtime/hook"
)

// built looks at every built-in there is, by its descriptors, and names what makes trouble when it is only looked at.
const built = `export default { beforeWrite(write) {
  const seen = [];
  const look = (name, o) => {
    if ((typeof o !== "object" && typeof o !== "function") || o === null) return;
    for (const key of Reflect.ownKeys(o)) {
      const d = Reflect.getOwnPropertyDescriptor(o, key);
      seen.push([name, String(key), typeof d.value, typeof d.get, typeof d.set, d.writable, d.enumerable, d.configurable].join(" "));
    }
  };
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    look(name, globalThis[name]);
    look(name + ".prototype", globalThis[name] && globalThis[name].prototype);
  }
  return { seen: seen.join("\n"), map: new Map([[1, 2]]).size, set: new Set([1]).size, symbol: Symbol("a").description, flags: /a/gi.flags,
    source: /b/.source, global: /b/.global, proto: {}.__proto__ === Object.prototype, text: " Aa ".trim().toUpperCase().replace(/a/i, "b"), list: [2, 1].sort() };
} };`

// TestPreparedLooksTheSame: what was made ahead of time cannot be told from what the interpreter makes when it is asked.
func TestPreparedLooksTheSame(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", built)
	fresh := b.write(`{}`)
	for range 2 { // what to look at is found out the first time
		b.engine.Idle()
		ahead := b.write(`{}`)
		if fresh.Result != hook.Changed || len(fresh.Value) < 10_000 || string(ahead.Value) != string(fresh.Value) {
			t.Errorf("%s: %d bytes, ahead of time %d", said(fresh), len(fresh.Value), len(ahead.Value))
		}
	}
}
