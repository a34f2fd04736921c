package engine

import (
	"errors"
	"slices"

	"github.com/dop251/goja"

	"turnkey/runtime/hook"
)

// drive waits for the call to settle: exceptions become outcomes, timers run when they are due. An
// error is what cuts the session off.
func (s *session) drive(err error) error {
	for {
		if err != nil {
			var thrown *goja.Exception
			if !errors.As(err, &thrown) || uncatchable(err) {
				return err
			}
			if err := s.threw(thrown.Value(), thrown.Stack()); err != nil {
				return err
			}
		}
		if s.settled {
			return s.unhandled()
		}
		if s.timers.empty() {
			s.failed(hook.Failure{Class: hook.ClassError, File: s.file(), Message: string(s.asked.Function) + " waits for a promise that can never settle.",
				Hint: "Nothing is left that could resolve it: no database call, no fetch, no timer."})
			return nil
		}
		err = s.timers.next(s.watch)
	}
}

func uncatchable(err error) bool {
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	return errors.As(err, &interrupted) || errors.As(err, &overflow)
}

// threw settles the call with what was thrown, as js/core.js describes it.
func (s *session) threw(value goja.Value, stack []goja.StackFrame) error {
	if s.api == nil { // the script failed before there was anybody to describe it: only our own code runs then
		s.failed(hook.Failure{Class: hook.ClassError, Message: "The engine could not be started."})
		return nil
	}
	thrown, err := s.part("refuse", "thrown")
	if err == nil {
		_, err = callable(thrown)(nil, value)
	}
	if err != nil {
		if uncatchable(err) {
			return err
		}
		s.failed(hook.Failure{Class: hook.ClassError, Message: "It threw something that cannot be shown."})
	}
	if f := s.outcome.Failure; f != nil && f.Line == 0 {
		locate(f, s.script.positions.frames(stack))
	}
	return nil
}

// track is goja's word on promises that were rejected with nobody to handle it, yet or any more.
func (s *session) track(p *goja.Promise, op goja.PromiseRejectionOperation) {
	if op == goja.PromiseRejectionReject {
		s.forsaken = append(s.forsaken, p)
	} else {
		s.forsaken = slices.DeleteFunc(s.forsaken, func(q *goja.Promise) bool { return q == p })
	}
}

// unhandled fails a call that left a rejection behind: a forgotten await must not lose an error.
func (s *session) unhandled() error {
	if len(s.forsaken) == 0 || !s.outcome.Succeeded() {
		return nil
	}
	reason := s.forsaken[0].Result()
	s.forsaken = nil
	s.outcome = hook.Outcome{Logs: s.outcome.Logs, LogsDropped: s.outcome.LogsDropped, Usage: s.outcome.Usage}
	s.settled = false
	if err := s.threw(reason, nil); err != nil {
		return err
	}
	if f := s.outcome.Failure; f != nil {
		f.Message = "A promise that nobody waited for was rejected: " + f.Message
		f.Hint = "Write await before the call, or handle its rejection."
	}
	return nil
}
