package engine_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/engine"
)

// FuzzValues: a row that goes through a hook untouched comes back the same, as far as doubles can hold it.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1.5,"b":[null,true,{"c":"é😀\u0000"}]}`, `{"__proto__":{"x":1},"constructor":2,"toString":3,"toJSON":4}`, `{"":0,"0":1,"-0":-0,"1e3":1e3,"big":9007199254740993}`, `{"a":{"a":{"a":[[[]]]}}}`, `{"then":1}`} {
		f.Add([]byte(seed))
	}
	b := newBench(f, "hooks/todos.ts", hookWith("beforeWrite", "return arg.data"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sent := jsontext.Value(bytes.Clone(data))
		if sent.Kind() != '{' || sent.Canonicalize() != nil || !sent.IsValid() {
			return
		}
		w := todo(string(data))
		c, err := hook.CallBeforeWrite(moment, w)
		if err != nil {
			return
		}
		run := hook.Run{Hash: b.program.Hash, Begin: true, Limits: b.limits, Calls: []hook.Call{c}}
		o := b.engine.Run(run, nil).Outcomes[0]
		if o.Failure != nil && o.Failure.Class == hook.ClassInvalidResult { // too deep, half characters
			return
		}
		got := jsontext.Value(bytes.Clone(o.Value))
		if o.Result != hook.Changed || got.Canonicalize() != nil || !bytes.Equal(got, sent) {
			t.Fatalf("%s %s\nsent %s", o.Result, said(o), sent)
		}
	})
}

// FuzzBundle: whatever a file holds, it becomes a program or diagnostics, and its tests run or fail.
func FuzzBundle(f *testing.F) {
	for _, seed := range []string{typical, todosHook, rules, "export default {", "export default { beforeWrite: 1 }", "//# sourceMappingURL=file:///dev/zero", "label: { break label }", "export default class { static beforeWrite() {} }", "import x from './a'; export { x as default }", "test('a', () => { expect((1, 2) || 3).toBe(2) })", "x = `${a`${b}`}` ? (1) : ((2))", "switch (1) { case (1): case 2: f(); default: g() }"} {
		f.Add(seed)
	}
	e := engine.New(time.Now)
	f.Fuzz(func(t *testing.T, text string) {
		list := files("hooks/a.ts", text, "hooks/a.test.ts", text)
		if b := e.Bundle(hook.Bundle{Files: list}); (b.Program == nil) == (len(b.Diagnostics) == 0) && b.Program == nil {
			t.Fatalf("neither a program nor a reason: %+v", b)
		}
		in := hook.Test{Files: list, Limits: hook.DefaultLimits()}
		in.Limits.TimeMS = 20
		if _, err := hook.Encode(e.Test(in)); err != nil {
			t.Fatal(err)
		}
	})
}
