package upload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/internal/fault"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

// hookTrouble ends an attempt because of a worker: the calls have no answer, or not the one that counts.
type hookTrouble struct {
	asked    asked // the first call that it may be about
	class    hook.Class
	message  string        // for the hook's author
	located  string        // the same with file and line, if the engine said so
	detail   string        // of a worker's end, for logs
	after    time.Duration // of hook_unavailable
	together int           // how many calls were in the request
	// strict: nothing is wrong, but the calls must be made one operation at a time.
	strict  bool
	outside bool // the world ended the worker, as far as anybody can tell
	err     error
}

func (t *hookTrouble) Error() string {
	if t.strict {
		return "the hooks need strict mode"
	}
	return string(t.class) + ": " + t.message + " " + t.detail
}

func (t *hookTrouble) Unwrap() error { return t.err }

// troubleOf returns the trouble inside err, or nil.
func troubleOf(err error) *hookTrouble {
	var t *hookTrouble
	if errors.As(err, &t) {
		return t
	}
	return nil
}

// told says what became of the calls to who wrote the hook. The engine knows where it stopped; of a worker that ended
// nobody does, so the function has to do.
func (t *hookTrouble) told(p *hook.Program) string {
	if t.located != "" {
		return t.located
	}
	of := &t.asked.call
	return fmt.Sprintf("%s: %s of %s: %s", p.Place(of.Name, of.Function), of.Function, of.Name, t.message)
}

// mostKills is how many workers a transaction may cost whose hooks seem to have no part in it.
const mostKills = 4

// again reports that a fresh worker may do better, after so many kills with this one. What a hook does to one worker it
// does to the next: one more tells. What comes from outside may come again.
func (t *hookTrouble) again(kills int) bool {
	return t.strict || ends(t.class) && (kills < 2 || t.outside && kills < mostKills)
}

// strictly remembers why the next attempt is strict: the calls want ctx.db, or too many of them are too much
// for one request.
func (a *attempt) strictly(t *hookTrouble) {
	if !t.strict && (t.class != hook.ClassTimeout || t.together < 2) {
		return
	}
	of := &a.hooks.program.transaction
	if i := t.asked.operation; i >= 0 {
		of = &a.targets[i].table.hooks
	}
	of.strict.needed.Store(true)
}

// ends tells the classes that end a worker. They may be the hook's doing or the world's: a fresh worker tells.
func ends(c hook.Class) bool {
	return c == hook.ClassTimeout || c == hook.ClassOutOfMemory || c == hook.ClassCrashed
}

// trouble is a session's error about some calls.
func (a *attempt) trouble(err error, list []asked) error {
	t := &hookTrouble{asked: list[0], class: hook.ClassCrashed, message: "The hook could not be called.", together: len(list), err: err}
	if f := worker.FailureOf(err); f != nil {
		t.class, t.message, t.detail, t.after, t.outside = f.Class, f.Message, f.Error(), f.RetryAfter, f.Outside
	}
	return t
}

// hookMessages are what devices hear. What the code said of itself is for its developers.
var hookMessages = map[hook.Class]string{
	hook.ClassError:         "The %s failed.",
	hook.ClassInvalidResult: "The %s gave a result that cannot be used.",
	hook.ClassTimeout:       "The %s ran too long.",
	hook.ClassOutOfMemory:   "The %s used too much memory.",
	hook.ClassCrashed:       "The %s ended its worker.",
}

// hookRefusal refuses a transaction because of a call that failed for good.
func (a *attempt) hookRefusal(of asked, class hook.Class, detail, hint string) *Refusal {
	no := refuse(string(class), fmt.Sprintf(hookMessages[class], "hook "+string(of.call.Function)+" of "+of.call.Name))
	no.Detail, no.hooked, no.retry = detail, true, a.plan.program.retry
	no.Hint = "The instance's log names the line of the code. Correct the hook, then replay the rejection."
	if hint != "" {
		no.Hint = hint
	}
	return a.blame(no, of.operation)
}

// blame names the operation; -1 is the transaction.
func (a *attempt) blame(no *Refusal, operation int) *Refusal {
	if operation < 0 {
		return no
	}
	return no.at(operation, &a.ops[operation])
}

// unusable refuses a transaction because of what a call gave, which only shows here. The engine has said nothing of it, so
// the log is told, with the line where the function begins.
func (a *attempt) unusable(of asked, class hook.Class, detail, hint string) *Refusal {
	message := a.hooks.program.Place(of.call.Name, of.call.Function) + ": " + detail
	if hint != "" {
		message += " " + hint
	}
	a.hooks.lines = append(a.hooks.lines, hookLine{table: of.table(), level: telemetry.Error, code: string(class), message: message})
	return a.hookRefusal(of, class, detail, hint)
}

// unsuccessful is what becomes of the transaction after a call that was rejected or has failed.
func (a *attempt) unsuccessful(of asked, o *hook.Outcome) *Refusal {
	if o.Failure != nil {
		return a.hookRefusal(of, o.Failure.Class, a.located(&of, o.Failure), "")
	}
	no := o.Rejection
	if !codeOfHook(no.Code) {
		return a.unusable(of, hook.ClassInvalidResult, "ctx.reject: the code "+quote(no.Code)+" has other characters than letters, digits and _ . : -", "")
	}
	out := refuse(no.Code, storable(no.Message))
	out.hooked = true
	if len(no.Details) > 0 {
		out.Details = jsontext.Value(no.Details)
	}
	return a.blame(out, of.operation)
}

// codeOfHook accepts what client_handling can list and counters can be named after.
func codeOfHook(code string) bool {
	for i, c := range code {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '_' && c != '.' && c != ':' && c != '-') {
			return false
		}
	}
	return code != ""
}

// located is a failure with its place in the source, for logs and rejections: where it happened, else where the
// function begins.
func (a *attempt) located(of *asked, f *hook.Failure) string {
	place := fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	if f.Line == 0 {
		place = a.hooks.program.Place(of.call.Name, of.call.Function)
	}
	text := place + ": " + f.Message
	if f.Hint != "" {
		text += " " + f.Hint
	}
	return text
}

// end is what becomes of a transaction whose hooks had no answer, for good.
func (t *hookTrouble) end(a *attempt) (verdict, *source.Failure) {
	switch {
	case ends(t.class):
		no := a.hookRefusal(t.asked, t.class, strings.TrimSpace(t.told(a.hooks.program.Program)+" "+t.detail), "")
		return verdict{no: no}.settleRetry(), nil
	case t.class == hook.ClassAborted:
		return verdict{}, &source.Failure{Class: source.Conflict, Code: string(t.class), Message: "The time for this write was over while a hook ran.", Change: -1, Err: t}
	}
	held := retryResult(string(hook.ClassUnavailable), "The hooks of this write could not run: "+t.message, max(t.after, time.Second))
	return verdict{held: &held, why: t.Error()}, nil
}

// settleRetry turns a refusal that is to be held back into that.
func (v verdict) settleRetry() verdict {
	if v.no == nil || !v.no.retry {
		return v
	}
	held := retryResult(v.no.Code, v.no.Message, 5*time.Second)
	v.held, v.why, v.no = &held, v.no.Detail, nil
	return v
}

// heldBack tells the operator why a write waits for its hooks.
func (e *Engine) heldBack(q *request, v *verdict) result {
	e.deps.Log.LogAttrs(context.Background(), slog.LevelWarn, "upload held back by a hook", slog.String("instance", e.instance), slog.String("request_id", q.id),
		slog.String("code", v.held.ErrorCode), slog.String("why", v.why))
	return *v.held
}

// heldFault tells who replays or resolves the same.
func heldFault(v *verdict) error {
	return fault.New(fault.Unavailable, v.held.ErrorCode, v.held.Message).WithHint(v.why)
}
