package child

import "turnkey/runtime/hook"

// Handler is what a worker runs: the engine, behind what the worker needs of it. One goroutine calls it,
// one call at a time; only Interrupt comes from elsewhere, while a call runs. A panic ends the process,
// which is what the process is for.
type Handler interface {
	// Warm does once what makes the first call slow, before the limits hold.
	Warm()
	// Serve answers one request.
	Serve(kind hook.Kind, payload []byte, exchange hook.Exchange) Reply
	// Idle prepares for the next transaction, when the runtime says that there is time. It is not interrupted, and a request
	// waits for it.
	Idle()
	// Interrupt stops the call in progress as soon as the engine can. It may come more than once, and
	// what it leaves behind does not matter: the worker is retired.
	Interrupt()
}

// Reply is an answer. Retire says that this process should serve nobody any more.
type Reply struct {
	Kind    hook.Kind
	Payload []byte
	Retire  bool
}
