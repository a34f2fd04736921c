package hook_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/hook"
)

func aRun(functions ...hook.Function) *hook.Run {
	run := &hook.Run{Limits: hook.DefaultLimits()}
	for _, f := range functions {
		run.Calls = append(run.Calls, hook.Call{Function: f, Name: "todos"})
	}
	return run
}

// TestDecodeRan: what an honest engine says is taken, and nothing else is.
func TestDecodeRan(t *testing.T) {
	long := strings.Repeat("x", 9<<10)
	for _, c := range []struct {
		name, payload string
		run           *hook.Run
		ok            bool
	}{
		{"kept", `{"outcomes":[{"result":"kept"}]}`, aRun(hook.BeforeWrite), true},
		{"changed", `{"outcomes":[{"result":"changed","value":{"a":1}}]}`, aRun(hook.BeforeWrite), true},
		{"rejected ends it", `{"outcomes":[{"result":"rejected","rejection":{"code":"A","message":"a"}}]}`, aRun(hook.BeforeWrite, hook.BeforeWrite), true},
		{"failed", `{"outcomes":[{"result":"failed","failure":{"class":"hook_error","message":"a"}}],"retire":true}`, aRun(hook.ResolveUser), true},
		{"logs and effects", `{"outcomes":[{"result":"done","logs":[{"level":"info","text":"a"}],"effects":[{"outbox":"o","payload":1}],"usage":{"db_calls":1}}]}`, aRun(hook.AfterWrite), true},
		{"no calls", `{"outcomes":[]}`, aRun(), true},

		{"not JSON", `{`, aRun(hook.BeforeWrite), false},
		{"empty", ``, aRun(hook.BeforeWrite), false},
		{"no outcomes", `{}`, aRun(hook.BeforeWrite), false},
		{"unknown member", `{"outcomes":[{"result":"kept","extra":1}]}`, aRun(hook.BeforeWrite), false},
		{"duplicate member", `{"outcomes":[{"result":"kept","result":"dropped"}]}`, aRun(hook.BeforeWrite), false},
		{"something after", `{"outcomes":[{"result":"kept"}]} {}`, aRun(hook.BeforeWrite), false},
		{"not UTF-8", "{\"outcomes\":[{\"result\":\"dropped\",\"reason\":\"\xff\"}]}", aRun(hook.BeforeWrite), false},
		{"half a character", `{"outcomes":[{"result":"changed","value":{"a":"\ud800"}}]}`, aRun(hook.BeforeWrite), false},
		{"a result of another function", `{"outcomes":[{"result":"client"}]}`, aRun(hook.BeforeWrite), false},
		{"drop in a resolution", `{"outcomes":[{"result":"dropped"}]}`, aRun(hook.ResolveConflict), false},
		{"an unknown result", `{"outcomes":[{"result":"root"}]}`, aRun(hook.BeforeWrite), false},
		{"too many", `{"outcomes":[{"result":"kept"},{"result":"kept"}]}`, aRun(hook.BeforeWrite), false},
		{"too few", `{"outcomes":[{"result":"kept"}]}`, aRun(hook.BeforeWrite, hook.BeforeWrite), false},
		{"goes on after a failure", `{"outcomes":[{"result":"rejected","rejection":{"code":"A","message":"a"}},{"result":"kept"}]}`, aRun(hook.BeforeWrite, hook.BeforeWrite), false},
		{"changed without a value", `{"outcomes":[{"result":"changed"}]}`, aRun(hook.BeforeWrite), false},
		{"changed to a list", `{"outcomes":[{"result":"changed","value":[1]}]}`, aRun(hook.BeforeWrite), false},
		{"kept with a value", `{"outcomes":[{"result":"kept","value":{}}]}`, aRun(hook.BeforeWrite), false},
		{"failed without a failure", `{"outcomes":[{"result":"failed"}]}`, aRun(hook.BeforeWrite), false},
		{"kept with a failure", `{"outcomes":[{"result":"kept","failure":{"class":"hook_error","message":"a"}}]}`, aRun(hook.BeforeWrite), false},
		{"a class that is the worker's", `{"outcomes":[{"result":"failed","failure":{"class":"hook_unavailable","message":"a"}}]}`, aRun(hook.BeforeWrite), false},
		{"a long message", `{"outcomes":[{"result":"failed","failure":{"class":"hook_error","message":"` + long + `"}}]}`, aRun(hook.BeforeWrite), false},
		{"a long log", `{"outcomes":[{"result":"kept","logs":[{"level":"info","text":"` + long + `"}]}]}`, aRun(hook.BeforeWrite), false},
		{"an unknown level", `{"outcomes":[{"result":"kept","logs":[{"level":"fatal","text":""}]}]}`, aRun(hook.BeforeWrite), false},
		{"a long reason", `{"outcomes":[{"result":"dropped","reason":"` + long + `"}]}`, aRun(hook.BeforeWrite), false},
		{"a long hint", `{"outcomes":[{"result":"failed","failure":{"class":"hook_error","message":"a","hint":"` + long + `"}}]}`, aRun(hook.BeforeWrite), false},
		{"a long name in a stack", `{"outcomes":[{"result":"failed","failure":{"class":"hook_error","message":"a","stack":[{"function":"` + long + `","file":"a","line":1,"column":1}]}}]}`, aRun(hook.BeforeWrite), false},
		{"a long name of a file", `{"outcomes":[{"result":"kept","logs":[{"level":"info","text":"a","file":"` + long + `"}]}]}`, aRun(hook.BeforeWrite), false},
		{"a long name of an outbox", `{"outcomes":[{"result":"done","effects":[{"outbox":"` + long + `","payload":1}]}]}`, aRun(hook.AfterWrite), false},
		{"time that ran backwards", `{"outcomes":[{"result":"kept","usage":{"duration_us":-1}}]}`, aRun(hook.BeforeWrite), false},
		{"time without end", `{"outcomes":[{"result":"kept","usage":{"duration_us":9223372036854775807}}]}`, aRun(hook.BeforeWrite), false},
		{"more calls than may be", `{"outcomes":[{"result":"kept","usage":{"db_calls":51}}]}`, aRun(hook.BeforeWrite), false},
		{"calls that were given back", `{"outcomes":[{"result":"kept","usage":{"fetches":-3}}]}`, aRun(hook.BeforeWrite), false},
		{"a number that is none", `{"outcomes":[{"result":"kept","usage":{"db_calls":1e400}}]}`, aRun(hook.BeforeWrite), false},
		{"nested without end", strings.Repeat(`{"outcomes":[`, 200_000), aRun(hook.BeforeWrite), false},
		{"a value nested without end", `{"outcomes":[{"result":"changed","value":` + strings.Repeat(`{"a":`, 200_000) + "1" + strings.Repeat("}", 200_000) + `}]}`, aRun(hook.BeforeWrite), false},
		{"a million outcomes", `{"outcomes":[` + strings.Repeat(`{"result":"kept"},`, 1_000_000) + `{"result":"kept"}]}`, aRun(hook.BeforeWrite), false},
		{"an effect of a token exchange", `{"outcomes":[{"result":"resolved","value":{"userId":"u"},"effects":[{"outbox":"o","payload":1}]}]}`, aRun(hook.ResolveUser), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := hook.DecodeRan([]byte(c.payload), c.run); (err == nil) != c.ok {
				t.Errorf("error %v, want ok %v", err, c.ok)
			}
		})
	}
}

// TestDecodeHostCall: a worker asks only what its functions may ask.
func TestDecodeHostCall(t *testing.T) {
	run := aRun(hook.BeforeWrite, hook.AfterCommit)
	for payload, ok := range map[string]bool{
		`{"index":0,"db":{"method":"findOne","table":"t","filter":{}}}`:                 true,
		`{"index":0,"db":{"method":"insertOne","table":"t","document":{}}}`:             true,
		`{"index":0,"db":{"method":"updateOne","table":"t","filter":{},"set":{"a":1}}}`: true,
		`{"index":1,"fetch":{"url":"https://a.b","method":"GET"}}`:                      true,
		`{"index":0,"fetch":{"url":"https://a.b","method":"GET"}}`:                      false, // in a transaction
		`{"index":1,"db":{"method":"count","table":"t","filter":{}}}`:                   false, // outside of one
		`{"index":2,"db":{"method":"count","table":"t","filter":{}}}`:                   false,
		`{"index":-1,"db":{"method":"count","table":"t","filter":{}}}`:                  false,
		`{"index":0}`: false,
		`{"index":1,"db":{"method":"count","table":"t","filter":{}},"fetch":{"url":"","method":""}}`:          false,
		`{"index":0,"db":{"method":"drop","table":"t","filter":{}}}`:                                          false,
		`{"index":0,"db":{"method":"deleteOne","table":"t"}}`:                                                 false,
		`{"index":0,"db":{"method":"deleteOne","table":"t","filter":[]}}`:                                     false,
		`{"index":0,"db":{"method":"find","table":"","filter":{}}}`:                                           false,
		`{"index":0,"db":{"method":"find","table":"t","filter":{},"limit":-1}}`:                               false,
		`{"index":0,"db":{"method":"insertOne","table":"t","document":{},"filter":{}}}`:                       false,
		`{"index":0,"db":{"method":"find","table":"t","filter":{},"tenant":"other"}}`:                         false,
		`{"index":0,"db":{"method":"find","table":"t","filter":{"a":"` + strings.Repeat("x", 64<<10) + `"}}}`: false,
	} {
		if _, err := hook.DecodeHostCall([]byte(payload), run); (err == nil) != ok {
			t.Errorf("%.100s: error %v, want ok %v", payload, err, ok)
		}
	}
}

// TestDecodeBundled: a program comes whole, or with the reasons why not.
func TestDecodeBundled(t *testing.T) {
	hash := hook.HashOf("c", "m")
	for payload, ok := range map[string]bool{
		`{"program":{"hash":"` + hash + `","code":"c","map":"m","hooks":[]}}`:                                                                 true,
		`{"diagnostics":[{"severity":"error","file":"a","message":"m"}]}`:                                                                     true,
		`{"program":{"hash":"` + hash + `","code":"c","map":"m","hooks":[]},"diagnostics":[{"severity":"warning","file":"a","message":"m"}]}`: true,
		`{"program":{"hash":"` + hash + `","code":"c","map":"m","hooks":[]},"diagnostics":[{"severity":"error","file":"a","message":"m"}]}`:   false,
		`{"program":{"hash":"` + hash + `","code":"other","map":"m","hooks":[]}}`:                                                             false,
		`{}`: false,
	} {
		if _, err := hook.DecodeBundled([]byte(payload)); (err == nil) != ok {
			t.Errorf("%.100s: error %v, want ok %v", payload, err, ok)
		}
	}
}

// TestFilesAndFunctions: what a path means.
func TestFilesAndFunctions(t *testing.T) {
	for path, want := range map[string]string{
		"hooks/todos.ts": "table", "hooks/todos.js": "table", "hooks/_auth.ts": "hook", "hooks/_transaction.ts": "hook",
		"hooks/todos.test.ts": "test", "lib/a.test.js": "test", "lib/a.ts": "", "hooks/sub/a.ts": "", "hooks/a.json": "", "hooks/a.d.ts": "",
	} {
		got := ""
		switch {
		case hook.IsTest(path):
			got = "test"
		case hook.IsTable(path):
			got = "table"
		case hook.IsHook(path):
			got = "hook"
		}
		if got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	p := hook.Program{Hooks: []hook.Exports{{Name: "todos", Functions: []hook.Function{hook.AfterWrite}}}}
	if !p.Has("todos", hook.AfterWrite) || p.Has("todos", hook.BeforeWrite) || p.Has("lists", hook.AfterWrite) {
		t.Error("Has")
	}
	p.Hooks[0].File, p.Hooks[0].Lines = "hooks/todos.ts", map[hook.Function]int{hook.AfterWrite: 3}
	for f, want := range map[hook.Function]string{hook.AfterWrite: "hooks/todos.ts:3", hook.BeforeWrite: "hooks/todos.ts"} {
		if got := p.Place("todos", f); got != want {
			t.Errorf("%s is written at %s, want %s", f, got, want)
		}
	}
}

// TestCalls: arguments have every member that turnkey.d.ts names, null where there is nothing.
func TestCalls(t *testing.T) {
	at := hook.Moment{NowMS: 5, Seed: "s"}
	c, err := hook.CallBeforeWrite(at, hook.Write{Op: "DELETE", Table: "todos", ID: "1"})
	if want := `{"op":"DELETE","table":"todos","id":"1","data":null,"previousValues":null,"metadata":null,"old":null}`; err != nil || string(c.Argument) != want || c.Name != "todos" || c.NowMS != 5 {
		t.Errorf("%s %v", c.Argument, err)
	}
	c, err = hook.CallAfterCommit(at, hook.Change{Op: "PUT", Table: "todos", ID: "1"}, "d")
	if want := `{"op":"PUT","table":"todos","id":"1","old":null,"new":null,"fields":[]}`; err != nil || string(c.Argument) != want || c.DeliveryID != "d" {
		t.Errorf("%s %v", c.Argument, err)
	}
	if _, err = hook.CallBeforeWrite(at, hook.Write{Data: jsontext.Value(`{"a":`)}); err == nil {
		t.Error("a row that is no JSON was taken")
	}
}

// FuzzDecodeRan: whatever a worker sends, decoding ends, and what it takes holds what it promises.
func FuzzDecodeRan(f *testing.F) {
	for _, seed := range []string{
		`{"outcomes":[{"result":"changed","value":{"a":1}}]}`, `{"outcomes":[{"result":"rejected","rejection":{"code":"A","message":"a","details":{}}}]}`,
		`{"outcomes":[{"result":"failed","failure":{"class":"hook_error","message":"a","stack":[{"file":"a","line":1,"column":1}]}}]}`,
		`{"outcomes":[{"result":"kept","logs":[{"level":"info","text":"a"}],"effects":[{"outbox":"o","payload":[1]}]},{"result":"kept"}]}`,
		`{"outcomes":[{"result":"changed","value":` + strings.Repeat(`{"a":`, 100) + `1` + strings.Repeat(`}`, 100) + `}]}`, `[[[[`, `{"outcomes":null}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		run := aRun(hook.BeforeWrite, hook.BeforeWrite)
		ran, err := hook.DecodeRan(payload, run)
		if err != nil {
			return
		}
		if len(ran.Outcomes) == 0 || len(ran.Outcomes) > 2 {
			t.Fatalf("%d outcomes", len(ran.Outcomes))
		}
		for _, o := range ran.Outcomes {
			if o.Result == hook.Changed && (o.Value.Kind() != '{' || !o.Value.IsValid()) {
				t.Fatalf("a value that is no object: %s", o.Value)
			}
			if o.Result == hook.Failed && o.Failure == nil || o.Result == hook.Rejected && o.Rejection == nil {
				t.Fatalf("%+v", o)
			}
		}
		if _, err := hook.Encode(ran); err != nil {
			t.Fatalf("what was taken cannot be written: %v", err)
		}
	})
}

// FuzzDecodeHostCall: the same for what a worker asks.
func FuzzDecodeHostCall(f *testing.F) {
	for _, seed := range []string{`{"index":0,"db":{"method":"find","table":"t","filter":{"a":{"$gt":1}},"sort":[{"field":"a"}]}}`, `{"index":1,"fetch":{"url":"https://a.b","method":"GET","headers":[{"name":"a","value":"b"}],"body":"YQ=="}}`, `{"index":0,"db":{}}`, `0`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := hook.DecodeHostCall(payload, aRun(hook.BeforeWrite, hook.AfterCommit))
		if err != nil {
			return
		}
		if (c.DB == nil) == (c.Fetch == nil) || c.DB != nil && len(c.DB.Filter) > 0 && c.DB.Filter.Kind() != '{' || c.Fetch != nil && c.Index != 1 || c.DB != nil && c.Index != 0 {
			t.Fatalf("%+v", c)
		}
	})
}
