package child

import "turnkey/runtime/hook"

// ForEngine makes a Handler of an engine. The engine keeps to the time of its own limits; the worker's watch
// only sees to it that one which could not is retired.
func ForEngine(e hook.Engine) Handler {
	if m, ok := e.(hook.Metered); ok {
		m.Meter(used)
	}
	return &engine{Engine: e}
}

type engine struct {
	hook.Engine
	retire bool
}

// Warm takes one small program through bundling, loading and running.
func (e *engine) Warm() {
	b := e.Engine.Bundle(hook.Bundle{Files: []hook.File{{Path: "hooks/warm.ts", Text: "export default { beforeWrite(write) { return { ...write.data, warm: true } } }"}}})
	if b.Program == nil {
		return // the first transaction will be slower, and say what is wrong
	}
	e.Engine.Load(hook.Load{Program: *b.Program})
	call, err := hook.CallBeforeWrite(hook.Moment{}, hook.Write{Op: "PUT", Table: "warm", ID: "1", Data: []byte(`{"a":1}`)})
	if err != nil {
		return
	}
	e.Engine.Run(hook.Run{Hash: b.Program.Hash, Begin: true, User: &hook.User{ID: "warm"}, Limits: hook.DefaultLimits(), Calls: []hook.Call{call}}, nil)
}

// Serve implements Handler.
func (e *engine) Serve(kind hook.Kind, payload []byte, exchange hook.Exchange) Reply {
	e.retire = false
	answer, text := hook.Serve(e, kind, payload, exchange)
	return Reply{Kind: answer, Payload: text, Retire: e.retire}
}

// Idle implements Handler.
func (e *engine) Idle() {
	if i, ok := e.Engine.(hook.Idler); ok {
		i.Idle()
	}
}

// Interrupt implements Handler: the engine watches its own time.
func (e *engine) Interrupt() {}

// Run notes what the answer says about this process.
func (e *engine) Run(run hook.Run, host hook.Host) hook.Ran {
	ran := e.Engine.Run(run, host)
	e.retire = ran.Retire
	return ran
}
