package rehearsal

import "encoding/json"

// Outcome of a transaction.
type Outcome string

// The outcomes.
const (
	Applied Outcome = "applied"
	Refused Outcome = "refused"
	// HeldBack: the device would be told to come again. The trouble is ours or the operator's.
	HeldBack Outcome = "held_back"
)

// Verdict is what would become of a transaction.
type Verdict struct {
	Outcome Outcome `json:"outcome" enum:"applied,refused,held_back"`
	// Why it is not applied.
	Code      string `json:"error_code,omitempty"`
	Message   string `json:"message,omitempty"`
	Hint      string `json:"hint,omitempty"`
	Detail    string `json:"detail,omitempty"`    // raw database text
	Operation *int   `json:"operation,omitempty"` // the one to blame; nil: all of it

	Changes   []RowChange   `json:"changes" nullable:"false"`
	Conflicts []ConflictMet `json:"conflicts" nullable:"false"`
	Hooks     []HookCall    `json:"hooks" nullable:"false"`
	Effects   []Effect      `json:"effects" nullable:"false"`

	// Checked says that the database was asked, too: its constraints and triggers saw the changes, which were
	// rolled back then. It is not where a row was stood in for, or where nothing would be written.
	Checked       bool  `json:"checked"`
	DurationUS    int64 `json:"duration_us"`
	DatabaseCalls int   `json:"database_calls"`
}

// RowChange is the net effect on one row, in the source's names.
type RowChange struct {
	Op     string          `json:"op"` // insert, update, delete
	Table  string          `json:"table"`
	ID     string          `json:"id"`
	Old    json.RawMessage `json:"old"` // null when created
	New    json.RawMessage `json:"new"` // null when deleted
	Fields []string        `json:"fields" nullable:"false"`
}

// ConflictMet is one that the transaction met, in the client's names.
type ConflictMet struct {
	Operation int                        `json:"operation"`
	Op        string                     `json:"op"`
	Table     string                     `json:"table"`
	ID        string                     `json:"id"`
	Policy    string                     `json:"policy"`
	Outcome   string                     `json:"outcome"`
	Fields    []FieldDecision            `json:"fields" nullable:"false"`
	Base      map[string]json.RawMessage `json:"base"`
	Server    map[string]json.RawMessage `json:"server"`
	Client    map[string]json.RawMessage `json:"client"`
	Decided   map[string]json.RawMessage `json:"decided"`
}

// FieldDecision is what was decided about one column.
type FieldDecision struct {
	Name    string `json:"name"`
	Policy  string `json:"policy"`
	Outcome string `json:"outcome"`
}

// HookCall is one call of a hook, with all that came of it.
type HookCall struct {
	Function  string          `json:"function"`
	Name      string          `json:"name"` // of the hook file: a table, or _transaction
	Argument  json.RawMessage `json:"argument"`
	NowMS     int64           `json:"now_ms"` // the call's clock
	Result    string          `json:"result"`
	Value     json.RawMessage `json:"value,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Rejection *CallRejection  `json:"rejection,omitempty"`
	Failure   *CallFailure    `json:"failure,omitempty"`
	Logs      []CallLog       `json:"logs" nullable:"false"`
	// LogsDropped counts the lines over the limit.
	LogsDropped int   `json:"logs_dropped,omitempty"`
	DurationUS  int64 `json:"duration_us"`
	DBCalls     int   `json:"db_calls"`
}

// CallRejection is a refusal by ctx.reject.
type CallRejection struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Details json.RawMessage `json:"details,omitempty"`
}

// CallFailure is a call that ended without a result, at its place in the source.
type CallFailure struct {
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Hint    string      `json:"hint,omitempty"`
	File    string      `json:"file,omitempty"`
	Line    int         `json:"line,omitempty"`
	Column  int         `json:"column,omitempty"`
	Stack   []CallFrame `json:"stack,omitempty"`
}

// CallFrame is one line of a stack trace.
type CallFrame struct {
	Function string `json:"function,omitempty"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
}

// CallLog is one line of console or ctx.log.
type CallLog struct {
	Level string `json:"level"`
	Text  string `json:"text"`
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"`
}

// Effect is something that would be done after the commit.
type Effect struct {
	Kind    string          `json:"kind"` // webhook or after_commit
	Outbox  string          `json:"outbox,omitempty"`
	Table   string          `json:"table,omitempty"`
	ID      string          `json:"id,omitempty"`
	Payload json.RawMessage `json:"payload"`
}
