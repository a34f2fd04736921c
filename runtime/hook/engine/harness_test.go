package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/engine"
)

// files of a configuration: path, text, path, text.
func files(pairs ...string) []hook.File {
	var list []hook.File
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, hook.File{Path: pairs[i], Text: pairs[i+1]})
	}
	return list
}

// bench is an engine with a program loaded.
type bench struct {
	t       testing.TB
	engine  *engine.Engine
	program *hook.Program
	limits  hook.Limits
	user    *hook.User
	env     map[string]string
	host    hook.Host
}

func newBench(t testing.TB, pairs ...string) *bench {
	t.Helper()
	e := engine.New(time.Now)
	b := e.Bundle(hook.Bundle{Files: files(pairs...)})
	if b.Program == nil {
		t.Fatalf("the files do not compile: %v", b.Diagnostics)
	}
	if l := e.Load(hook.Load{Program: *b.Program}); l.Failure != nil {
		t.Fatalf("the program does not load: %+v", l.Failure)
	}
	limits := hook.DefaultLimits()
	limits.TimeMS = 20_000 // the machine that tests may be busy; tests of the limit set their own
	return &bench{t: t, engine: e, program: b.Program, limits: limits, user: &hook.User{ID: "u1", Claims: jsontext.Value(`{"role":"admin"}`), Provider: "test"}}
}

func text(s string) jsontext.Value { return jsontext.Value(s) }

var moment = hook.Moment{NowMS: 1790000000123, Seed: "seed"}

// todo is a write to todos.
func todo(data string) hook.Write {
	return hook.Write{Op: "PUT", Table: "todos", ID: "1", Data: jsontext.Value(data)}
}

// run carries out calls in one Run, and fails the test if the answer would be refused by the runtime.
func (b *bench) run(begin bool, calls ...hook.Call) hook.Ran {
	b.t.Helper()
	run := hook.Run{Hash: b.program.Hash, Begin: begin, User: b.user, Env: b.env, Limits: b.limits, Calls: calls}
	ran := b.engine.Run(run, b.host)
	text, err := hook.Encode(ran)
	if err != nil {
		b.t.Fatalf("the answer cannot be written: %v", err)
	}
	if _, err := hook.DecodeRan(text, &run); err != nil {
		b.t.Fatalf("the runtime refuses the answer: %v\n%s", err, text)
	}
	return ran
}

// one carries out one call in a fresh transaction.
func (b *bench) one(c hook.Call, err error) hook.Outcome {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	return b.run(true, c).Outcomes[0]
}

// write calls beforeWrite for a write to todos.
func (b *bench) write(data string) hook.Outcome {
	b.t.Helper()
	return b.one(hook.CallBeforeWrite(moment, todo(data)))
}

// hookWith is a hook file with one function of that body.
func hookWith(function, body string) string {
	return "export default {\n  " + function + "(arg: any, ctx: any): any {\n    " + body + "\n  },\n};\n"
}

// body runs the body of a beforeWrite and gives what it came to; the body returns data.
func body(t testing.TB, code string) hook.Outcome {
	t.Helper()
	return newBench(t, "hooks/todos.ts", hookWith("beforeWrite", code)).write(`{"title":"a"}`)
}

func failure(t testing.TB, o hook.Outcome, class hook.Class, message string) *hook.Failure {
	t.Helper()
	if o.Result != hook.Failed {
		t.Fatalf("result %q (%s), want a failure", o.Result, o.Value)
	}
	if o.Failure.Class != class || !strings.Contains(o.Failure.Message, message) {
		t.Fatalf("failure %q %q, want %q with %q", o.Failure.Class, o.Failure.Message, class, message)
	}
	return o.Failure
}

// said is an outcome in words.
func said(o hook.Outcome) string {
	switch {
	case o.Failure != nil:
		return string(o.Failure.Class) + ": " + o.Failure.Message
	case o.Rejection != nil:
		return o.Rejection.Code + " " + o.Rejection.Message + " " + string(o.Rejection.Details)
	case o.Result == hook.Dropped:
		return o.Reason
	}
	return string(o.Value)
}

func says(o hook.Outcome, want string) bool {
	if o.Result == hook.Failed {
		return strings.Contains(said(o), want)
	}
	return said(o) == want
}

// wait lets time pass: the passing is what is tested.
func wait(ms int) { <-time.After(time.Duration(ms) * time.Millisecond) }
