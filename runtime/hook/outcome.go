package hook

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Result is what a call came to.
type Result string

// The results. Which of them a function can have: Function.results.
const (
	Kept     Result = "kept"     // beforeWrite: the data as it came
	Changed  Result = "changed"  // beforeWrite: Value is the data to write
	Dropped  Result = "dropped"  // beforeWrite: the operation succeeds and writes nothing; Reason
	Client   Result = "client"   // resolveConflict
	Server   Result = "server"   // resolveConflict
	Values   Result = "values"   // resolveConflict: Value holds the row's values
	Resolved Result = "resolved" // resolveUser: Value is {userId, claims}
	Done     Result = "done"     // afterWrite, afterCommit, beforeTransaction
	Absent   Result = "absent"   // there is no such hook file or function
	Rejected Result = "rejected" // ctx.reject: Rejection
	Failed   Result = "failed"   // Failure
)

// Class sorts failures: the stable codes of design and dashboard.
type Class string

// The classes. The engine finds the first, the worker the middle ones, the runtime the last.
const (
	ClassError         Class = "hook_error"          // the code threw; file, line, column of the TypeScript source
	ClassInvalidResult Class = "hook_invalid_result" // it returned what the function may not return
	ClassTimeout       Class = "hook_timeout"
	ClassAborted       Class = "hook_aborted" // the host gave the transaction up while the hook ran; nobody's fault
	ClassOutOfMemory   Class = "hook_out_of_memory"
	ClassCrashed       Class = "hook_crashed"
	ClassRejected      Class = "hook_rejected" // for counting: not a failure, see Rejection
	ClassUnavailable   Class = "hook_unavailable"
)

// Outcome is what one call came to.
type Outcome struct {
	Result    Result         `json:"result"`
	Value     jsontext.Value `json:"value,omitzero"` // Changed, Values: an object. Resolved: a UserIdentity.
	Reason    string         `json:"reason,omitzero"`
	Rejection *Rejection     `json:"rejection,omitzero"`
	Failure   *Failure       `json:"failure,omitzero"`
	Logs      []Log          `json:"logs,omitzero"`
	// LogsDropped counts the lines over the limit.
	LogsDropped int      `json:"logs_dropped,omitzero"`
	Effects     []Effect `json:"effects,omitzero"`
	Usage       Usage    `json:"usage,omitzero"`
}

// Succeeded tells whether the transaction may go on.
func (o *Outcome) Succeeded() bool { return o.Result != Rejected && o.Result != Failed }

// Rejection is a refusal by ctx.reject; code and message are the user's own words.
type Rejection struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Details jsontext.Value `json:"details,omitzero"`
}

// Failure is a call that ended without a result. Message and stack are the user's code talking about
// itself: for its developers, not for devices.
type Failure struct {
	Class   Class   `json:"class"`
	Message string  `json:"message"`
	Hint    string  `json:"hint,omitzero"`
	File    string  `json:"file,omitzero"`
	Line    int     `json:"line,omitzero"`
	Column  int     `json:"column,omitzero"`
	Stack   []Frame `json:"stack,omitzero"`
}

// Frame is one line of a stack trace, at the source.
type Frame struct {
	Function string `json:"function,omitzero"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
}

// Level of a log line.
type Level string

// The levels.
const (
	Debug Level = "debug"
	Info  Level = "info"
	Warn  Level = "warn"
	Error Level = "error"
)

// Log is one line of console or ctx.log. The text has no control characters but newline and tab.
type Log struct {
	Level Level  `json:"level"`
	Text  string `json:"text"`
	File  string `json:"file,omitzero"`
	Line  int    `json:"line,omitzero"`
}

// onOneLine keeps what a line of a log cannot have visible.
var onOneLine = strings.NewReplacer("\r\n", " \u23ce ", "\n", " \u23ce ", "\t", " ")

// String is the line as logs have it: its place in the source, then its text on one line.
func (l *Log) String() string {
	text := onOneLine.Replace(l.Text)
	if l.File == "" {
		return text
	}
	return l.File + ":" + strconv.Itoa(l.Line) + " " + text
}

// Effect is one ctx.enqueue: a message for an outbox, to be written with the data.
type Effect struct {
	Outbox  string         `json:"outbox"`
	Payload jsontext.Value `json:"payload"`
}

// Usage is what the call cost.
type Usage struct {
	DurationUS int64 `json:"duration_us,omitzero"` // in all
	HostUS     int64 `json:"host_us,omitzero"`     // of that, waiting for the host
	DBCalls    int   `json:"db_calls,omitzero"`
	Fetches    int   `json:"fetches,omitzero"`
}

// UserIdentity is what resolveUser decided.
type UserIdentity struct {
	UserID string         `json:"userId"`
	Claims jsontext.Value `json:"claims,omitzero"` // an object
}
