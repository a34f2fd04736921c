package engine

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"

	"turnkey/runtime/hook"
)

// maxText bounds messages of user code.
const maxText = 4 << 10

// file is the hook file of the call.
func (s *session) file() string { return s.script.files[s.asked.Name] }

// failed settles the call with a failure. Effects of a failed call are nobody's.
func (s *session) failed(f hook.Failure) {
	f.Message = clean(f.Message, maxText)
	if f.File == "" {
		f.File = s.file()
	}
	if f.Hint == "" {
		f.Hint = missing(f.Message)
	}
	s.settled = true
	s.outcome.Result, s.outcome.Failure = hook.Failed, &f
	s.outcome.Value, s.outcome.Reason, s.outcome.Rejection, s.outcome.Effects = nil, "", nil, nil
}

// elsewhere says what is written here instead of names that other systems have.
var elsewhere = map[string]string{
	"describe": "Tests are test(name, run), one after the other.", "it": "Tests are test(name, run), one after the other.",
	"test": "Tests are in files that end in .test.ts.", "expect": "Tests are in files that end in .test.ts.", "run": "Tests are in files that end in .test.ts.",
	"process": "Secrets are in ctx.env, by the names under hooks.env of the configuration.",
	"module":  "Hook files are ES modules: write export default { ... }.", "exports": "Hook files are ES modules: write export default { ... }.",
	"Intl": "turnkey.d.ts lists what hooks can use; toLocaleString takes no notice of locales.", "global": "It is globalThis.", "window": "It is globalThis.",
}

// missing is a hint about a name that is not there.
func missing(message string) string {
	name, is := strings.CutPrefix(message, "ReferenceError: ")
	name, of := strings.CutSuffix(name, " is not defined")
	if !is || !of {
		return ""
	}
	return elsewhere[name]
}

// cutOff settles the call that could not go on, and ends the session.
func (s *session) cutOff(err error) {
	s.broken = true
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	f := hook.Failure{Class: hook.ClassError, Message: "The engine failed.", Hint: "This is our defect; the log of the runtime has more."}
	var stack []goja.StackFrame
	switch {
	case errors.Is(err, errTime):
		f = hook.Failure{Class: hook.ClassTimeout, Message: string(s.asked.Function) + " took longer than " + strconv.Itoa(s.run.Limits.TimeMS) + " ms.",
			Hint: "The line is where it was interrupted."}
		if slices.Contains(hook.FunctionsOf(s.asked.Name), s.asked.Function) {
			f.Hint += " hooks.timeout is the limit."
		}
	case errors.Is(err, errAbort):
		f = hook.Failure{Class: hook.ClassAborted, Message: "The transaction was given up while the hook ran."}
	case errors.As(err, &overflow):
		f = hook.Failure{Class: hook.ClassError, Message: "RangeError: functions call each other more than " + strconv.Itoa(s.run.Limits.CallDepth) + " deep.", Hint: "Is there a recursion without an end?"}
		stack = overflow.Stack()
	}
	if errors.As(err, &interrupted) {
		stack = interrupted.Stack()
	}
	s.failed(f)
	locate(s.outcome.Failure, s.script.positions.frames(stack))
}

// locate puts a failure where its innermost known frame is.
func locate(f *hook.Failure, stack []hook.Frame) {
	if len(stack) == 0 {
		return
	}
	f.Stack = stack
	f.File, f.Line, f.Column = stack[0].File, stack[0].Line, stack[0].Column
}

// clean makes text of user code safe to show: valid, bounded, no control characters but newline and tab.
func clean(text string, limit int) string {
	cut := len(text) > limit
	if cut {
		text = text[:limit-len(ellipsis)]
		for len(text) > 0 && !utf8.ValidString(text[max(0, len(text)-utf8.UTFMax):]) {
			if r, n := utf8.DecodeLastRuneInString(text); r == utf8.RuneError && n == 1 {
				text = text[:len(text)-1]
				continue
			}
			break
		}
	}
	text = strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || isBidi(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if cut {
		text += ellipsis
	}
	return text
}

const ellipsis = "..."

// isBidi: characters that reorder a line can make a log say what it does not.
func isBidi(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
}
