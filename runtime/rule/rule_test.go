package rule_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/rule"
	"turnkey/runtime/value"
)

func obj(pairs ...any) *value.Object {
	o := &value.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func TestAllows(t *testing.T) {
	due := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	in := rule.Input{
		User: rule.User{ID: "u1", Provider: "firebase", Claims: map[string]any{
			"role": "admin", "level": float64(3), "big": json.Number("9007199254740993"), "orgs": []any{"o1", "o2"}, "email_verified": true,
		}},
		Old: obj("owner_id", "u1", "due", due, "n", int32(3), "big", int64(9007199254740993), "price", value.Decimal("19.90"), "done", false,
			"tags", value.Array{"a", "b"}, "place", obj("city", "Oslo"), "ref", value.ObjectID{1}, "doc", value.JSON(`{"a":{"b":[1]}}`), "nothing", nil),
		New:     obj("owner_id", "u1", "n", int32(4)),
		Changed: []string{"n", "place", "place.city"},
	}
	declared := []string{"owner_id", "status", "due"}
	for expr, want := range map[string]bool{
		`old.owner_id == user.id && !("owner_id" in changed)`:       true,
		`"place.city" in changed && "place" in changed`:             true,
		`old.due < timestamp("2026-03-02T00:00:00Z")`:               true,
		`old.n == 3 && old.n + 1 == new.n && old.n == 3.0`:          true,
		`old.big == 9007199254740993 && user.claims.big == old.big`: true,
		`old.price == "19.90"`:                                      true,
		`!old.done`:                                                 true,
		`"b" in old.tags && old.tags.size() == 2`:                   true,
		`old.place.city.startsWith("O")`:                            true,
		`old.ref == "010000000000000000000000"`:                     true,
		`old.doc.a.b[0] == 1`:                                       true,
		`old.nothing == null && old.status == null`:                 true,
		`has(old.owner_id) && !("status" in old)`:                   true,
		`user.claims.role == "admin" && user.claims.level >= 3`:     true,
		`"o2" in user.claims.orgs && user.provider == "firebase"`:   true,
		`user.claims.orgs.exists(o, o == "o1")`:                     true,
		`old.owner_id == "somebody"`:                                false,
		`true`:                                                      true,
		`false`:                                                     false,
		`new == old`:                                                false,
	} {
		r, err := rule.Compile(expr, declared)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if got, err := r.Allows(in); got != want || err != nil {
			t.Errorf("%s is %v (%v), want %v", expr, got, err, want)
		}
	}
}

func TestARuleThatFailsDenies(t *testing.T) {
	for _, expr := range []string{
		`old.no_such_field == "x"`, `old.n / 0 == 1`, `new.owner_id == user.id`, `old.owner_id`, `user.claims.role == "admin"`,
		`old.list.exists(a, old.list.exists(b, old.list.exists(c, a == "z" && b == c)))`,
	} {
		r, err := rule.Compile(expr, nil)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		list := make(value.Array, 300)
		for i := range list {
			list[i] = "x"
		}
		if ok, err := r.Allows(rule.Input{Old: obj("n", int32(1), "owner_id", "u1", "list", list)}); ok || err == nil {
			t.Errorf("%s: want an error that denies, got %v %v", expr, ok, err)
		}
	}
}

func TestCompileErrorsSayWhere(t *testing.T) {
	for expr, want := range map[string]string{
		`old.owner_id = user.id`:  "Line 1, column",
		`old.owner_id == usr.id`:  "usr",
		`1 + 1`:                   "true or false",
		`"a"`:                     "true or false",
		``:                        "Line 1",
		strings.Repeat("(", 9000): "longer",
	} {
		_, err := rule.Compile(expr, nil)
		f := fault.Of(err)
		if f == nil || f.Kind != fault.Invalid || !strings.Contains(f.Message, want) {
			t.Errorf("%.40q: got %v, want a fault that says %q", expr, err, want)
		}
	}
}

func TestOpen(t *testing.T) {
	for expr, want := range map[string]bool{
		`true`: true, `1 < 2`: true, `user.id != ""`: true, `user.id == user.id`: true, `false`: false, `user.id == "admin"`: false,
		`user.claims.role == "admin"`: false, `new.owner == user.id`: false, `old.x == old.x`: false, `!("owner" in changed)`: false,
	} {
		r, err := rule.Compile(expr, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Open() != want {
			t.Errorf("%s: open is %v, want %v", expr, r.Open(), want)
		}
	}
}

func TestConstantAndUsesOld(t *testing.T) {
	for expr, want := range map[string][3]bool{ // allow, constant, uses old
		`true`: {true, true, false}, `false`: {false, true, false},
		`new.a == user.id`: {false, false, false}, `"a" in changed || old.b == 1`: {false, false, true},
	} {
		r, err := rule.Compile(expr, nil)
		if err != nil {
			t.Fatal(err)
		}
		allow, ok := r.Constant()
		if got := [3]bool{allow, ok, r.UsesOld()}; got != want {
			t.Errorf("%s: got %v, want %v", expr, got, want)
		}
	}
}

func TestClaims(t *testing.T) {
	claims := map[string]any{"sub": "abc", "n": json.Number("9007199254740993"), "f": 1.5, "app": map[string]any{"id": "x", "list": []any{float64(1), "b", nil}}}
	for expr, want := range map[string]string{
		`claims.sub`:                      `"abc"`,
		`"auth0|" + claims.sub`:           `"auth0|abc"`,
		`claims.n`:                        `9007199254740993`,
		`claims.f`:                        `1.5`,
		`claims.app`:                      `{"id":"x","list":[1,"b",null]}`,
		`claims[?"nope"].orValue("none")`: `"none"`,
		`claims.sub == "abc"`:             `true`,
	} {
		c, err := rule.CompileClaim(expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		v, err := c.Eval(claims)
		got, _ := json.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%s is %s (%v), want %s", expr, got, err, want)
		}
	}
	c, err := rule.CompileClaim(`claims.nope`)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := c.Eval(claims); err == nil {
		t.Errorf("an absent claim gave %v", v)
	}
}

func BenchmarkAllows(b *testing.B) {
	r, err := rule.Compile(`old.owner_id == user.id && !("owner_id" in changed)`, []string{"owner_id"})
	if err != nil {
		b.Fatal(err)
	}
	in := rule.Input{User: rule.User{ID: "u1"}, Old: obj("_id", "x", "owner_id", "u1", "title", "t"), New: obj("owner_id", "u1"), Changed: []string{"title"}}
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := r.Allows(in); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
