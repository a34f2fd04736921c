package worker

import (
	"context"
	"errors"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/hook"
)

// Failure is why a request to a worker has no answer. Timeout, OutOfMemory and Crashed say something about the
// hook, but not for certain: the caller tries once more with a fresh session, and then believes it.
// Unavailable says nothing about it: later is fine. Aborted is the caller's own doing.
type Failure struct {
	Class      hook.Class
	Message    string        // safe for the hook's author
	RetryAfter time.Duration // of Unavailable
	Detail     string        // of a death, for logs: the worker's last words may quote the hook
	// Outside: of a death by nobody's doing here (kill -9, the kernel's OOM killer), which says little about the hook.
	Outside bool
	Err     error
}

// Error is the text for logs.
func (f *Failure) Error() string {
	text := string(f.Class) + ": " + f.Message
	if f.Detail != "" {
		text += " (" + f.Detail + ")"
	}
	if f.Err != nil {
		text += ": " + f.Err.Error()
	}
	return text
}

// Unwrap gives the fault with the same code, and the cause.
func (f *Failure) Unwrap() []error {
	kind := fault.Invalid
	if f.Class == hook.ClassUnavailable || f.Class == hook.ClassAborted {
		kind = fault.Unavailable
	}
	list := []error{fault.New(kind, string(f.Class), f.Message)}
	if f.Err != nil {
		list = append(list, f.Err)
	}
	return list
}

// Again reports whether a fresh worker might do better at once.
func (f *Failure) Again() bool {
	return f.Class == hook.ClassTimeout || f.Class == hook.ClassOutOfMemory || f.Class == hook.ClassCrashed
}

// FailureOf returns the Failure inside err, or nil.
func FailureOf(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return nil
}

func unavailable(message string, after time.Duration, err error) *Failure {
	return &Failure{Class: hook.ClassUnavailable, Message: message, RetryAfter: after, Err: err}
}

func aborted(ctx context.Context) *Failure {
	return &Failure{Class: hook.ClassAborted, Message: "The transaction was given up while the hook ran.", Err: context.Cause(ctx)}
}

// messages say to a hook's author what happened to the worker.
var messages = map[hook.Class]string{
	hook.ClassTimeout:     "The hook ran too long.",
	hook.ClassOutOfMemory: "The hook used too much memory.",
	hook.ClassCrashed:     "The hook ended its worker.",
	hook.ClassAborted:     "The transaction was given up while the hook ran.",
	hook.ClassUnavailable: "No worker could run the hook.",
}
