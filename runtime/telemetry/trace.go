package telemetry

// Trace is how one transaction passed, beyond its line of the log: what a person needs who follows one write.
// It names operations and holds no values.
type Trace struct {
	// Index is its place in the upload, and ClientTransaction the device's own number, if it has one.
	Index             int              `json:"index"`
	ClientTransaction int64            `json:"client_transaction,omitempty"`
	Operations        []TraceOperation `json:"operations,omitempty"`
	More              int              `json:"more_operations,omitempty"` // beyond those
	Hooks             []HookCalls      `json:"hooks,omitempty"`
}

// TraceOperation is one client operation.
type TraceOperation struct {
	Op       string `json:"op"`
	Table    string `json:"table"`
	OpID     int64  `json:"op_id,omitempty"`
	Fields   int    `json:"fields,omitempty"`          // that it sent
	Previous bool   `json:"previous_values,omitempty"` // it came with previous values
	Blamed   bool   `json:"blamed,omitempty"`          // it is why the transaction was refused
}

// MaxTraceOperations bounds the operations of a trace.
const MaxTraceOperations = 50

func (t *Trace) clean() {
	if len(t.Operations) > MaxTraceOperations {
		t.More += len(t.Operations) - MaxTraceOperations
		t.Operations = t.Operations[:MaxTraceOperations]
	}
	for i := range t.Operations {
		o := &t.Operations[i]
		o.Op, o.Table = Clean(o.Op, 16), Clean(o.Table, maxName)
	}
	if len(t.Hooks) > maxHooks {
		t.Hooks = t.Hooks[:maxHooks]
	}
	for i := range t.Hooks {
		t.Hooks[i].Hook, t.Hooks[i].Result = Clean(t.Hooks[i].Hook, maxName), Clean(t.Hooks[i].Result, maxName)
	}
}
