package engine

import "turnkey/runtime/hook"

// warmCode is a script as Bundle makes them, without esbuild, whose first use takes as long as all the rest.
const warmCode = `(function (module) { module.exports = { "hooks/warm.ts": () => ({ default: { beforeWrite: (write) => ({ ...write.data, by: "warm" }) } }) }; })`

// Warm takes a small program through loading and running, so that the first transaction finds what is made once: our own scripts compiled,
// the readers and writers of messages, the pages of memory.
func (e *Engine) Warm() {
	p := hook.Program{Hash: hook.HashOf(warmCode, ""), Code: warmCode, Hooks: []hook.Exports{{File: "hooks/warm.ts", Name: "warm", Functions: []hook.Function{hook.BeforeWrite}}}}
	call, err := hook.CallBeforeWrite(hook.Moment{}, hook.Write{Op: "PUT", Table: "warm", ID: "1", Data: []byte(`{"a":1}`)})
	if err != nil {
		return // the first transaction will be slower, and say what is wrong
	}
	run := hook.EncodeRun(&hook.Run{Hash: p.Hash, Begin: true, User: &hook.User{ID: "warm"}, Limits: hook.DefaultLimits(), Calls: []hook.Call{call}})
	e.Load(hook.Load{Program: p})
	hook.Serve(e, hook.KindRun, run, nil)
}
