package hook

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"turnkey/internal/fault"
)

// maxList bounds lists in answers that have no limit of their own.
const maxList = 10_000

// Encode writes any message of this package.
func Encode(message any) ([]byte, error) {
	text, err := json.Marshal(message)
	if err != nil {
		return nil, malformed("A message to or from a worker cannot be written as JSON.", err)
	}
	return text, nil
}

// Decode reads a message strictly: unknown members, duplicate names, text that is not UTF-8 and trailing
// data are errors. Answers of a worker need their own function below.
func Decode[T any](payload []byte) (*T, error) {
	m := new(T)
	if err := json.Unmarshal(payload, m, json.RejectUnknownMembers(true)); err != nil {
		return nil, malformed("A message of a worker cannot be read.", err)
	}
	return m, nil
}

// DecodeRan reads a worker's answer to run, and refuses what no honest engine says.
func DecodeRan(payload []byte, run *Run) (*Ran, error) {
	ran := usualRan(payload)
	if ran == nil {
		var err error
		if ran, err = Decode[Ran](payload); err != nil {
			return nil, err
		}
	}
	if n := len(ran.Outcomes); n > len(run.Calls) || n == 0 && len(run.Calls) > 0 {
		return nil, absurd("%d outcomes for %d calls", n, len(run.Calls))
	}
	for i := range ran.Outcomes {
		o := &ran.Outcomes[i]
		if err := o.check(run.Calls[i].Function, &run.Limits); err != nil {
			return nil, err
		}
		if last := i == len(ran.Outcomes)-1; !o.Succeeded() && !last {
			return nil, absurd("call %d did not succeed, and others followed", i)
		} else if o.Succeeded() && last && i < len(run.Calls)-1 {
			return nil, absurd("only %d of %d calls were made", i+1, len(run.Calls))
		}
	}
	return ran, nil
}

// check holds an outcome to the function that was called and to the limits.
func (o *Outcome) check(f Function, l *Limits) error {
	switch {
	case !f.allows(o.Result):
		return absurd("%s cannot end as %q", f, o.Result)
	case (o.Result == Rejected) != (o.Rejection != nil) || (o.Result == Failed) != (o.Failure != nil):
		return absurd("%s ended as %q without its reason, or with another", f, o.Result)
	case (o.Result == Changed || o.Result == Values || o.Result == Resolved) != (len(o.Value) > 0):
		return absurd("%s ended as %q with or without a value", f, o.Result)
	case len(o.Value) > 0 && !isObject(o.Value):
		return absurd("the value of %s is no object", f)
	case len(o.Value) > l.ResultBytes:
		return absurd("the value of %s has %d bytes", f, len(o.Value))
	case len(o.Logs) > l.LogLines || len(o.Effects) > l.Effects || o.LogsDropped < 0 || len(o.Reason) > maxMessage:
		return absurd("%d log lines, %d effects, a reason of %d bytes", len(o.Logs), len(o.Effects), len(o.Reason))
	case !o.Usage.possible(l):
		return absurd("a usage of %+v", o.Usage)
	}
	for i := range o.Logs {
		if len(o.Logs[i].Text) > l.LogBytes || len(o.Logs[i].File) > maxName || !o.Logs[i].Level.known() {
			return absurd("log line %d", i)
		}
	}
	for i := range o.Effects {
		if len(o.Effects[i].Payload) > l.HostBytes || len(o.Effects[i].Payload) == 0 || len(o.Effects[i].Outbox) > maxName || !f.MayEnqueue() {
			return absurd("effect %d", i)
		}
	}
	if r := o.Rejection; r != nil && len(r.Code)+len(r.Message)+len(r.Details) > l.HostBytes {
		return absurd("a rejection of over %d bytes", l.HostBytes)
	}
	if o.Failure != nil {
		return o.Failure.check()
	}
	return nil
}

func (f *Failure) check() error {
	switch f.Class {
	case ClassError, ClassInvalidResult, ClassTimeout, ClassAborted, ClassOutOfMemory:
	default:
		return absurd("a failure of class %q", f.Class)
	}
	names := len(f.File)
	for i := range f.Stack {
		names = max(names, len(f.Stack[i].File), len(f.Stack[i].Function))
	}
	if len(f.Message) > maxMessage || len(f.Hint) > maxMessage || len(f.Stack) > maxStack || names > maxMessage {
		return absurd("a failure with %d bytes, a hint of %d, %d frames and names of %d", len(f.Message), len(f.Hint), len(f.Stack), names)
	}
	return nil
}

// Bounds of what an outcome says beside its value.
const (
	maxMessage = 8 << 10
	maxStack   = 50
	maxName    = 1 << 10
	maxUsage   = int64(time.Hour / time.Microsecond)
)

// possible tells whether a call can have cost that: what a worker says here is added up.
func (u *Usage) possible(l *Limits) bool {
	return u.DurationUS >= 0 && u.DurationUS <= maxUsage && u.HostUS >= 0 && u.HostUS <= maxUsage &&
		u.DBCalls >= 0 && u.DBCalls <= l.DBCalls && u.Fetches >= 0 && u.Fetches <= l.Fetches
}

func (l Level) known() bool { return l == Debug || l == Info || l == Warn || l == Error }

// DecodeHostCall reads what a worker asks in the middle of run.
func DecodeHostCall(payload []byte, run *Run) (*HostCall, error) {
	c, err := Decode[HostCall](payload)
	if err != nil {
		return nil, err
	}
	if c.Index < 0 || c.Index >= len(run.Calls) || (c.DB == nil) == (c.Fetch == nil) {
		return nil, absurd("a host call of call %d, or of no kind", c.Index)
	}
	if c.Fetch != nil && !run.Calls[c.Index].Function.MayFetch() {
		return nil, absurd("%s fetches", run.Calls[c.Index].Function)
	}
	if c.DB != nil && !run.Calls[c.Index].Function.InTransaction() {
		return nil, absurd("%s asks for the database", run.Calls[c.Index].Function)
	}
	if c.DB != nil {
		return c, c.DB.check(&run.Limits)
	}
	if len(c.Fetch.Body) > run.Limits.HostBytes || len(c.Fetch.Headers) > 100 || !utf8.ValidString(c.Fetch.URL) {
		return nil, absurd("a request of %d bytes and %d headers", len(c.Fetch.Body), len(c.Fetch.Headers))
	}
	return c, nil
}

func (r *DBRequest) check(l *Limits) error {
	for _, text := range []jsontext.Value{r.Filter, r.Document, r.Set} {
		if len(text) > 0 && !isObject(text) || len(text) > l.HostBytes {
			return absurd("a %s with arguments that are no objects, or over %d bytes", r.Method, l.HostBytes)
		}
	}
	insert, update := r.Method == InsertOne, r.Method == UpdateOne
	switch r.Method {
	case FindOne, Find, Count, InsertOne, UpdateOne, DeleteOne:
	default:
		return absurd("a database call %q", r.Method)
	}
	if insert != (len(r.Document) > 0) || update != (len(r.Set) > 0) || insert == (len(r.Filter) > 0) ||
		r.Limit < 0 || r.Skip < 0 || len(r.Sort) > 10 || len(r.Fields) > 1000 || r.Table == "" || len(r.Table) > 255 {
		return absurd("a %s with arguments of another method", r.Method)
	}
	return nil
}

// DecodeBundled reads the answer to a Bundle.
func DecodeBundled(payload []byte) (*Bundled, error) {
	b, err := Decode[Bundled](payload)
	if err != nil {
		return nil, err
	}
	bad := len(b.Diagnostics) > maxList
	for i := range b.Diagnostics {
		bad = bad || b.Diagnostics[i].Severity == SeverityError && b.Program != nil
	}
	if bad || b.Program == nil && len(b.Diagnostics) == 0 {
		return nil, absurd("a program with errors, or neither")
	}
	if p := b.Program; p != nil && p.Hash != HashOf(p.Code, p.Map) {
		return nil, absurd("a program whose hash is another's")
	}
	return b, nil
}

// DecodeTested reads the answer to a Test.
func DecodeTested(payload []byte) (*Tested, error) {
	t, err := Decode[Tested](payload)
	if err != nil {
		return nil, err
	}
	if len(t.Diagnostics) > maxList || len(t.Tests) > MaxTests || len(t.Coverage) > MaxFiles {
		return nil, absurd("%d diagnostics, %d tests, %d files", len(t.Diagnostics), len(t.Tests), len(t.Coverage))
	}
	return t, nil
}

func malformed(message string, err error) error {
	return fault.Wrap(err, fault.Internal, "hook_message", message)
}

// absurd: an honest engine cannot have said this.
func absurd(format string, args ...any) error {
	return malformed("A worker answered what no worker answers.", fmt.Errorf(format, args...))
}
