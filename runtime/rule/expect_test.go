package rule_test

import (
	"reflect"
	"testing"

	"turnkey/runtime/rule"
	"turnkey/runtime/value"
)

func TestExpect(t *testing.T) {
	u := rule.User{ID: "ann", Claims: map[string]any{"org": "acme", "level": int64(3)}}
	sent := &value.Object{Members: []value.Member{{Name: "title", Value: "x"}, {Name: "org", Value: "acme"}}}
	changed := []string{"title", "org", "address.city"}
	whose := []rule.Expectation{{Field: "owner_id", Value: "ann"}}
	for _, c := range []struct {
		expr string
		want []rule.Expectation
		ok   bool
	}{
		{`true`, nil, true},
		{`false`, nil, false},
		{`old.owner_id == user.id`, whose, true},
		{`user.id == old.owner_id`, whose, true},
		{`old.owner_id == user.id && !("owner_id" in changed)`, whose, true},
		{`old.owner_id == user.id && !("title" in changed)`, nil, false},
		{`old.owner_id == user.id && !("address.city" in changed)`, nil, false},
		{`old.org == user.claims.org && old.owner_id == user.id`, []rule.Expectation{{Field: "org", Value: "acme"}, whose[0]}, true},
		{`old.org == user.claims.missing`, nil, false},
		{`old.level == user.claims.level`, nil, false}, // no text
		{`new.owner_id == user.id`, whose, true},       // it stays what it is
		{`new.org == "acme"`, nil, true},               // it is set
		{`new.org == "other"`, nil, false},
		{`old.state == "open"`, []rule.Expectation{{Field: "state", Value: "open"}}, true},
		{`old.owner_id == user.id || old.shared`, nil, false},
		{`old.owner_id != user.id`, nil, false},
		{`!(old.owner_id == user.id)`, nil, false},
		{`"title" in changed`, nil, false},
		{`old.address.city == user.id`, nil, false},
		{`old.owner_id == new.owner_id`, nil, false},
		{`has(old.owner_id)`, nil, false},
		{`user.id == "ann"`, nil, false},
		{`size(changed) == 1`, nil, false},
		{`old.owner_id == user.provider`, nil, false},
		{`(old.owner_id == user.id) == true`, nil, false},
	} {
		r, err := rule.Compile(c.expr, []string{"owner_id", "org", "state", "level", "shared", "address"})
		if err != nil {
			t.Fatalf("%s: %v", c.expr, err)
		}
		got, ok := r.Expect(u, sent, changed)
		if ok != c.ok || ok && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v; want %v, %v", c.expr, got, ok, c.want, c.ok)
		}
	}
}
