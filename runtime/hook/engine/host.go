package engine

import (
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/hook"
)

// What the one native function does; js/*.js name the same numbers.
const (
	opSettle  = 1
	opLog     = 2
	opDB      = 3
	opEnqueue = 4
	opRandom  = 5
	opUUID    = 6
	opLoad    = 7
	opPlain   = 8
	opParse   = 9
	opTimer   = 10
	opClear   = 11
	opEncode  = 12
	opDecode  = 13
	opBytes   = 14
	opDigest  = 15
	opURL     = 16
	opFetch   = 17

	opDeclare  = 20
	opExpected = 21
	opClock    = 22
	opSimulate = 23
)

// native is the host function of js/core.js. Arguments are primitives, or functions and buffers of ours, but for opPlain.
func (s *session) native(c goja.FunctionCall) goja.Value {
	switch c.Argument(0).ToInteger() {
	case opSettle:
		s.settle(c)
	case opLog:
		s.log(hook.Level(str(c, 1)), str(c, 2))
	case opDB:
		return s.vm.ToValue(s.db(str(c, 1)))
	case opFetch:
		return s.vm.ToValue(s.fetch(str(c, 1)))
	case opEnqueue:
		s.enqueue(str(c, 1), str(c, 2))
	case opRandom:
		return s.vm.ToValue(s.random.float())
	case opUUID:
		return s.vm.ToValue(s.random.uuid())
	case opLoad:
		f, err := s.vm.RunProgram(s.library.get(str(c, 1)))
		s.must(err)
		return f
	case opPlain:
		if text, ok := s.plain(c.Argument(1)); ok {
			return s.vm.ToValue(text)
		}
	case opParse:
		if v, err := s.parsed(str(c, 1)); err == nil {
			return v
		}
	case opTimer:
		fn, _ := goja.AssertFunction(c.Argument(1))
		id, ok := s.timers.set(fn, time.Duration(c.Argument(2).ToInteger())*time.Millisecond, c.Argument(3).ToBoolean())
		if !ok {
			panic(s.vm.NewTypeError("There are too many timers"))
		}
		return s.vm.ToValue(id)
	case opClear:
		s.timers.clear(c.Argument(1).ToInteger())
	case opEncode, opDecode, opBytes, opDigest, opURL:
		return s.nativeBytes(c)
	default:
		if s.testing != nil {
			return s.nativeTest(c)
		}
	}
	return goja.Undefined()
}

// caller is the stack of the users' files.
func (s *session) caller() []hook.Frame {
	return s.script.positions.frames(s.vm.CaptureCallStack(8, nil))
}

// str gives an argument that js/*.js made text.
func str(c goja.FunctionCall, i int) string {
	if t, ok := c.Argument(i).(goja.String); ok {
		return t.String()
	}
	return ""
}

// must passes an error of the VM on, as an exception or as what cuts the session off.
func (s *session) must(err error) {
	if err != nil {
		panic(err)
	}
}

// settle takes the call's result. The first one counts.
func (s *session) settle(c goja.FunctionCall) {
	if s.settled {
		return
	}
	kind, text := str(c, 1), str(c, 2)
	s.settled = true
	o := &s.outcome
	switch kind {
	case "failed":
		f := hook.Failure{Class: hook.ClassError, Message: text}
		locate(&f, s.script.positions.parse(str(c, 3)))
		s.failed(f)
	case "invalid":
		s.failed(hook.Failure{Class: hook.ClassInvalidResult, Message: sentence(text)})
	case "rejected":
		o.Result = hook.Rejected
		o.Rejection = &hook.Rejection{Code: clean(str(c, 3), 100), Message: clean(str(c, 4), maxText)}
		o.Effects = nil
		if details := jsontext.Value(text); text != "" && details.IsValid() {
			o.Rejection.Details = details
		} else if text != "" {
			o.Rejection = nil
			s.failed(hook.Failure{Class: hook.ClassInvalidResult, Message: "ctx.reject: details have half of a character (a lone surrogate)."})
		}
	case "dropped":
		o.Result, o.Reason = hook.Dropped, clean(text, 1000)
	case "unchanged":
		if s.sameData(text) {
			o.Result = hook.Kept
			return
		}
		s.value(hook.Changed, text)
	case "changed", "values", "resolved":
		s.value(hook.Result(kind), text)
	default:
		o.Result = hook.Result(kind)
	}
}

// value takes a result that carries an object.
func (s *session) value(r hook.Result, text string) {
	value := jsontext.Value(text)
	switch {
	case len(text) > s.run.Limits.ResultBytes:
		s.failed(hook.Failure{Class: hook.ClassInvalidResult, Message: string(s.asked.Function) + " returned more than " + bytesText(s.run.Limits.ResultBytes) + "."})
	case s.sent+len(text) > s.run.Limits.RunBytes:
		s.failed(hook.Failure{Class: hook.ClassInvalidResult, Message: "The hooks of this transaction returned and enqueued more than " + bytesText(s.run.Limits.RunBytes) + " together."})
	case value.Kind() != '{' || !value.IsValid():
		s.failed(hook.Failure{Class: hook.ClassInvalidResult, Message: string(s.asked.Function) + " returned text with half of a character (a lone surrogate), which no database stores."})
	default:
		s.sent += len(text)
		s.outcome.Result, s.outcome.Value = r, value
	}
}

// sameData tells whether text is the data that beforeWrite was given: code may change it in place and return nothing.
func (s *session) sameData(text string) bool {
	var given struct {
		Data jsontext.Value `json:"data"`
	}
	if err := json.Unmarshal(s.asked.Argument, &given); err != nil {
		return false
	}
	a, b := given.Data, jsontext.Value(text)
	if string(a) == text {
		return true
	}
	return a.Canonicalize() == nil && b.Canonicalize() == nil && string(a) == string(b)
}

// log takes one line; the position is that of the innermost frame of the users' files.
func (s *session) log(level hook.Level, text string) {
	l := &s.run.Limits
	line := hook.Log{Level: level, Text: clean(s.script.positions.readable(text), l.LogBytes)}
	if s.logged += len(line.Text); len(s.outcome.Logs) >= l.LogLines || s.logged > l.RunLogBytes {
		s.outcome.LogsDropped++
		return
	}
	if frames := s.caller(); len(frames) > 0 {
		line.File, line.Line = frames[0].File, frames[0].Line
	}
	s.outcome.Logs = append(s.outcome.Logs, line)
}

func (s *session) enqueue(outbox, payload string) {
	l := &s.run.Limits
	switch {
	case len(s.outcome.Effects) >= l.Effects:
		panic(s.vm.NewTypeError("ctx.enqueue: at most %d messages", l.Effects))
	case len(payload) > l.HostBytes || len(outbox) > 255:
		panic(s.vm.NewTypeError("ctx.enqueue: a message has at most %s", bytesText(l.HostBytes)))
	case s.sent+len(payload) > l.RunBytes:
		panic(s.vm.NewTypeError("ctx.enqueue: the hooks of this transaction returned and enqueued more than %s together", bytesText(l.RunBytes)))
	case !jsontext.Value(payload).IsValid():
		panic(s.vm.NewTypeError("ctx.enqueue: the payload has half of a character (a lone surrogate)"))
	}
	s.sent += len(payload)
	s.outcome.Effects = append(s.outcome.Effects, hook.Effect{Outbox: clean(outbox, 255), Payload: jsontext.Value(payload)})
}

func sentence(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
