package hook

// Limits bound one Run. The engine holds the tenant's code to them as far as an interpreter can; what it
// cannot hold (a built-in that loops, memory) is the worker's to kill.
type Limits struct {
	// TimeMS is how long the calls of one Run may compute, together. Waiting for the host (ctx.db, fetch) is not
	// counted, waiting for timers is.
	TimeMS int `json:"time_ms"`
	// CallDepth is how deep functions may nest.
	CallDepth int `json:"call_depth"`
	// DBCalls and Fetches bound one call's host calls, Effects its outbox messages.
	DBCalls int `json:"db_calls"`
	Fetches int `json:"fetches"`
	Effects int `json:"effects"`
	// ResultBytes bounds one call's result, HostBytes one host call's argument. Answers are the host's to bound.
	ResultBytes int `json:"result_bytes"`
	HostBytes   int `json:"host_bytes"`
	// LogLines and LogBytes bound what one call may log: lines, and bytes of one line.
	LogLines int `json:"log_lines"`
	LogBytes int `json:"log_bytes"`
	// HostMS is how long the host may take for all calls of one Run together; 0 leaves it to the worker's owner.
	HostMS int `json:"host_ms,omitzero"`
	// RunBytes bounds the values and effects of all calls of one Run together, RunLogBytes their logs: the answer is
	// one message.
	RunBytes    int `json:"run_bytes"`
	RunLogBytes int `json:"run_log_bytes"`
}

// Bounds of what the engine takes at all.
const (
	MaxSourceBytes = 256 << 10 // one file
	MaxFiles       = 200
	MaxTotalBytes  = 4 << 20
	MaxTests       = 1000
)

// DefaultLimits are those of a hook in an upload.
func DefaultLimits() Limits {
	return Limits{
		TimeMS: 200, CallDepth: 1000, DBCalls: 50, Fetches: 10, Effects: 100,
		ResultBytes: 1 << 20, HostBytes: 64 << 10, LogLines: 100, LogBytes: 4 << 10,
		RunBytes: 8 << 20, RunLogBytes: 512 << 10,
	}
}
