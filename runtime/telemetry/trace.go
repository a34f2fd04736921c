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
	Database          *TraceDatabase   `json:"database,omitempty"` // nil: it was not asked, or a runtime of before wrote this
	Steps             []TraceStep      `json:"steps,omitempty"`    // in the order in which they ended
	MoreSteps         int              `json:"more_steps,omitempty"`
}

// TraceDatabase is a transaction's use of the customer's database, over all its tries.
type TraceDatabase struct {
	Requests   int   `json:"requests"` // that were waited for; each may carry several commands
	DurationUS int64 `json:"duration_us"`
	// Together is how many client transactions shared the database's transaction, if that were several: the time is then
	// that of all, which each of them waited for.
	Together int `json:"together,omitempty"`
}

// StepKind tells what a step of a transaction was.
type StepKind string

// The kinds of steps.
const (
	DatabaseStep StepKind = "database"
	HookStep     StepKind = "hook"
)

// TraceStep is a request to the database, or the call of a hook.
type TraceStep struct {
	Kind StepKind `json:"kind"`
	// Name is what was asked of the database (read, write, commit, find, ...), or file and function of the hook.
	Name string `json:"name"`
	// Operation is the place of the operation that a hook was called for, counted from 0; nil: for none.
	Operation *int   `json:"operation,omitempty"`
	Result    string `json:"result,omitempty"` // what a hook came to
	Failed    bool   `json:"failed,omitempty"`
	// AtUS is when it began, from the beginning of the transaction. Calls that went to the worker together are
	// told one after another, as the worker made them.
	AtUS       int64 `json:"at_us"`
	DurationUS int64 `json:"duration_us"`
}

// MaxTraceSteps bounds the steps of a trace.
const MaxTraceSteps = 60

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
	if len(t.Steps) > MaxTraceSteps {
		t.MoreSteps += len(t.Steps) - MaxTraceSteps
		t.Steps = t.Steps[:MaxTraceSteps]
	}
	for i := range t.Steps {
		s := &t.Steps[i]
		s.Kind, s.Name, s.Result = StepKind(Clean(string(s.Kind), 16)), Clean(s.Name, maxName), Clean(s.Result, maxName)
	}
	if len(t.Hooks) > maxHooks {
		t.Hooks = t.Hooks[:maxHooks]
	}
	for i := range t.Hooks {
		t.Hooks[i].Hook, t.Hooks[i].Result = Clean(t.Hooks[i].Hook, maxName), Clean(t.Hooks[i].Result, maxName)
	}
}
