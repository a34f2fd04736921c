package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"
	test "testing"
	"time"

	"github.com/dop251/goja"

	"turnkey/runtime/hook"
)

// plainStand is a session in which expressions are written both ways.
type plainStand struct {
	*session
	slow goja.Callable
}

func newPlainStand(t *test.T) *plainStand {
	t.Helper()
	script, err := compile(&hook.Program{Code: `(function (module) { module.exports = {}; })`})
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(script, newLibrary(), time.Now)
	s.begin(&hook.Run{Limits: hook.DefaultLimits()}, newWatch(time.Minute), nil)
	if err := s.guard(s.load); err != nil {
		t.Fatal(err)
	}
	f, err := s.vm.RunString(`(api, v) => { const what = api.flaw(v, "data", 0); return what ? undefined : JSON.stringify(v); }`)
	if err != nil {
		t.Fatal(err)
	}
	return &plainStand{s, callable(f)}
}

// both evaluates an expression twice, since looking may change what it gives.
func (s *plainStand) both(t *test.T, expression string) (text string, plain bool, slow string, sound bool) {
	t.Helper()
	values := make([]goja.Value, 2)
	for i := range values {
		v, err := s.vm.RunString("(" + expression + ")")
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		values[i] = v
	}
	if err := s.vm.Try(func() { text, plain = s.plain(values[0]) }); err != nil {
		plain = false
	}
	if v, err := s.slow(nil, s.api, values[1]); err == nil && !goja.IsUndefined(v) {
		slow, sound = v.String(), true
	}
	return text, plain, slow, sound
}

// TestPlainIsWhatJavaScriptWrites: what Go writes is what js/core.js would have written, and what is not plain is left to that.
func TestPlainIsWhatJavaScriptWrites(t *test.T) {
	for expression, want := range map[string]bool{
		`{}`: true, `{a: 1, b: "x", c: null, d: true, e: false, f: 1.5, g: -0, h: 1e21, i: 1e-7, j: 0.1 + 0.2, k: 9007199254740993}`: true,
		`{a: undefined, b: undefined, c: 1}`: true, `{2: "b", 1: "a", z: 0, "-1": 1, a: [], b: {}}`: true, `{["__proto__"]: 1}`: true, `{"": 1}`: true,
		`{a: "\b\f\n\r\t\v\0\x1f\x7f\\\"/<>&\u2028\u2029"}`: true, `{"ключ \"": "значение 😀"}`: true, `{a: [1, "x", [null, {b: 2}], true]}`: true,
		`{a: "\ufffd"}`: false, `{a: "\ud800"}`: false, `{"\udc00": 1}`: false, `{a: [1, undefined]}`: false, `{a: [1, , 2]}`: false, `{a: NaN}`: false, `{a: [-Infinity]}`: false,
		`{a: 1n}`: false, `{a: Symbol()}`: false, `{a() {}}`: false, `{a: new Date(0)}`: false, `{a: new Map()}`: false, `{a: new Set([1])}`: false, `{a: new Error("x")}`: false,
		`{a: new Uint8Array(2)}`: false, `{a: new String("x")}`: false, `{a: new Number(1)}`: false, `Object.create(null)`: false, `Object.create({a: 1})`: false, `new (class A { x = 1 })()`: false,
		`{toJSON() { return 5; }}`: false, `{toJSON: 1}`: false, `{a: {toJSON() { return undefined; }}}`: false, `new Proxy({a: 1}, {})`: false, `{a: new Proxy([1], {})}`: false,
		`(function () { return arguments; })(1, 2)`: false, `{get a() { return 1; }}`: true, `{get a() { throw new Error("x"); }}`: false, `{get a() { return this.b; }, b: [2]}`: true,
		`Object.defineProperty({a: 1}, "hidden", {value: 2})`: true, `{[Symbol("s")]: 1, a: 2}`: true, `(() => { const o = {}; o.o = o; return o; })()`: false,
		`(() => { const a = [1]; a.extra = 2; return {a}; })()`: true, `(() => { const a = []; a[5000] = 1; return {a}; })()`: false, `{a: new Array(2000).fill(0)}`: false,
		`(() => { const a = [1]; a.toJSON = () => 1; return {a}; })()`: false, `Object.setPrototypeOf({a: 1}, null)`: false, `{a: Object.freeze([1])}`: true, `Object.freeze({a: 1})`: true,
		`(() => { const o = {a: 1, b: 2}; delete o.a; o.a = 3; return o; })()`: true, `{a: function* () {}}`: false, `{a: Promise.resolve()}`: false, `{a: JSON}`: true, `{"\udc00": undefined}`: false, `{get a() { delete this.b; return 1; }, b: 2}`: false, `JSON.parse('{"a":{"b":[1,2,{"c":null}]}}')`: true,
		`JSON.rawJSON ? {a: JSON.rawJSON("1")} : {a: new Date(0)}`: false,
	} {
		s := newPlainStand(t)
		text, plain, slow, sound := s.both(t, expression)
		if plain != want {
			t.Errorf("%s: plain %t, want %t", expression, plain, want)
		}
		if plain && (!sound || text != slow) {
			t.Errorf("%s: %s, JavaScript writes %s (%t)", expression, text, slow, sound)
		}
	}
}

// TestPlainSeesWhatCodeChanged: prototypes are anybody's to change.
func TestPlainSeesWhatCodeChanged(t *test.T) {
	for _, before := range []string{
		`Object.prototype.toJSON = () => "x"`, `Array.prototype.toJSON = () => "x"`, `Object.defineProperty(Object.prototype, "toJSON", {get() { return () => 1; }})`,
		`String.prototype.toJSON = () => "x"`, `Object.prototype.inherited = 1`, `Array.prototype[1] = 7`, `Object.keys = () => ["z"]`, `JSON.stringify = () => "z"`, `Object.prototype.toString = () => "z"`,
	} {
		s := newPlainStand(t)
		if _, err := s.vm.RunString(before); err != nil {
			t.Fatal(err)
		}
		for _, expression := range []string{`{a: 1, b: [1, 2], c: "x"}`, `{a: [, 1]}`, `{a: {b: "x"}}`} {
			text, plain, _, _ := s.both(t, expression)
			slow, err := s.slowAsAtStart(before, expression)
			if err != nil {
				t.Fatal(err)
			}
			if plain && text != slow {
				t.Errorf("%s; %s: %s, JavaScript writes %s", before, expression, text, slow)
			}
		}
	}
}

// slowAsAtStart has JavaScript write it by the functions that js/core.js keeps: those of before the change.
func (s *plainStand) slowAsAtStart(before, expression string) (string, error) {
	v, err := goja.New().RunString(`(() => { const { stringify } = JSON; ` + before + `; return stringify((` + expression + `)); })()`)
	if err != nil {
		return "", err
	}
	return v.String(), nil
}

// TestPlainOfRandomValues: the same for values that nobody thought of.
func TestPlainOfRandomValues(t *test.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := newPlainStand(t)
	plains := 0
	for range 3000 {
		expression := randomValue(r, 0)
		text, plain, slow, sound := s.both(t, expression)
		if plain && (!sound || text != slow) {
			t.Fatalf("%s: %s, JavaScript writes %s (%t)", expression, text, slow, sound)
		}
		if plain {
			plains++
		}
	}
	if plains < 500 || plains > 2900 {
		t.Errorf("%d of 3000 were plain", plains)
	}
}

func randomValue(r *rand.Rand, depth int) string {
	leaves := []string{"1", "-2.5", `"x"`, `"é\n"`, "null", "true", "undefined", "1e300", "0.000001", "-0", `"\ud83d\ude00"`, "NaN", `new Date(5)`, `"\udc01"`}
	switch n := r.IntN(10); {
	case depth > 0 && (n < 5 || depth > 4):
		return leaves[min(r.IntN(len(leaves)+40)%(len(leaves)+3), len(leaves)-1)]
	case n < 8:
		var b strings.Builder
		for i := range r.IntN(5) {
			fmt.Fprintf(&b, "%q: %s, ", []string{"a", "b", "10", "2", "ключ", "c d"}[(i+r.IntN(3))%6], randomValue(r, depth+1))
		}
		return "{" + b.String() + "}"
	}
	var list []string
	for range r.IntN(4) {
		list = append(list, randomValue(r, depth+1))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// TestPlainEnds: what holds the same list many times over has no end worth writing; Go stops when it is longer than any result may be.
func TestPlainEnds(t *test.T) {
	s := newPlainStand(t)
	v, err := s.vm.RunString(`{ let a = ["x"]; for (let i = 0; i < 8; i++) a = Array(1000).fill(a); a }`)
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := s.plain(v); ok || len(text) > 2*s.run.Limits.ResultBytes {
		t.Errorf("%d bytes were written, plain: %v", len(text), ok)
	}
}
