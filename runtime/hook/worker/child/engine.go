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

// Warm implements Handler.
func (e *engine) Warm() {
	if w, ok := e.Engine.(hook.Warmer); ok {
		w.Warm()
	}
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
