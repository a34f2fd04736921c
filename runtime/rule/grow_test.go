package rule_test

import (
	"strings"
	"testing"
	"time"

	"turnkey/runtime/rule"
	"turnkey/runtime/value"
)

// TestExpressionsCannotGrow: one tenant's expression must not take the memory or the time of all.
func TestExpressionsCannotGrow(t *testing.T) {
	big := obj("t", strings.Repeat("ab", 1<<20-1)+"aa", "s", strings.Repeat("ab", 1<<20), "m", strings.Repeat("ab", 1<<10), "l", longList(200_000, 0), "l2", longList(200_000, 1))
	double := "old.s"
	for range 7 {
		double = "(" + double + "+" + double + ")"
	}
	for name, expr := range map[string]string{
		"concatenation":      double + ` != ""`,
		"replace":            `old.s.replace("a", old.s) != ""`,
		"replace twice":      `old.m.replace("", old.m).replace("", old.m) != ""`,
		"matches":            `old.s.matches("(a|b|ab){1,50}(x|y|z)+(a?){10}c")`,
		"split":              `old.s.split("").size() > 0`,
		"join":               `[old.s, old.s, old.s].join(old.s) != ""`,
		"a quadratic search": `old.s.indexOf(old.s + "x") == 0`,
		"a quadratic set":    `sets.contains(old.l, old.l2)`,
		"large in a loop":    `old.l.exists(x, [1, 2, 3, 4, 5, 6, 7, 8, 9].exists(y, old.s == old.t || old.s == old.t || old.s == old.t))`,
		"sets as lists":      `sets.intersects(old.l, old.l2)`,
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rule.Compile(expr, nil)
			if err != nil {
				t.Fatal(err)
			}
			took := time.Hour
			for try := 0; took > 3*time.Second && try < 5; try++ { // whatever else the machine does
				start := time.Now()
				if ok, err := r.Allows(rule.Input{Old: big}); ok || err == nil {
					t.Error("want a denial for its cost")
				}
				took = time.Since(start)
			}
			if took > 3*time.Second {
				t.Errorf("it takes %s", took)
			}
		})
	}
}

func longList(n, first int) value.Array {
	list := make(value.Array, n)
	for i := range list {
		list[i] = int64(2*i + first)
	}
	return list
}

// TestHeavyFunctionsWork on values of ordinary size, and literals need no bound.
func TestHeavyFunctionsWork(t *testing.T) {
	in := rule.Input{User: rule.User{ID: "auth0|u1"}, Old: obj("mail", "Ann@Example.com", "tags", value.Array{"a", "b"})}
	for _, expr := range []string{
		`old.mail.lowerAscii().endsWith("@example.com")`, `old.mail.split("@")[1] == "Example.com"`, `old.mail.matches("^[A-Za-z]+@")`,
		`user.id.replace("auth0|", "") == "u1"`, `sets.contains(["a", "b", "c"], old.tags)`, `sets.intersects(old.tags, ["b"])`,
		`old.mail.substring(0, 3) == "Ann" && old.mail.indexOf("@") == 3`, `"x" + user.id == "xauth0|u1"`, `old.tags.join("-") == "a-b"`,
		`" a ".trim() == "a" && old.tags.map(t, t.upperAscii()) == ["A", "B"]`, `old.tags.exists(t, t.matches("^b$"))`,
	} {
		r, err := rule.Compile(expr, nil)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if ok, err := r.Allows(in); !ok || err != nil {
			t.Errorf("%s: %v, %v", expr, ok, err)
		}
	}
	for _, expr := range []string{`"%d".format([1]) == "1"`, `old.mail.matches("(")`, `old.mail.matches("(a{100}){100}")`, `@bounded(old.mail) == ""`, `"x".matches(old.mail)`, `matches("x", old.mail)`} {
		if _, err := rule.Compile(expr, nil); err == nil {
			t.Errorf("%s compiles", expr)
		}
	}
}
