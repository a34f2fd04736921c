package rule_test

import (
	"reflect"
	"testing"

	"turnkey/runtime/rule"
)

func compared(field, row string, with rule.Kind, user bool) rule.Comparison {
	return rule.Comparison{Field: field, Row: row, With: with, User: user}
}

func TestComparisons(t *testing.T) {
	for _, c := range []struct {
		expr string
		want []rule.Comparison
	}{
		{`new.owner == user.id`, []rule.Comparison{compared("owner", "new", rule.Text, true)}},
		{`user.id != old.meta.owner`, []rule.Comparison{compared("meta.owner", "old", rule.Text, true)}},
		{`old.done == false || (old.n == 1 && new.n == 1.5) || "open" == old.state`, []rule.Comparison{
			compared("done", "old", rule.Boolean, false), compared("n", "old", rule.Number, false), compared("n", "new", rule.Number, false), compared("state", "old", rule.Text, false),
		}},
		{`has(new.owner) ? new.owner == user.id : true`, []rule.Comparison{compared("owner", "new", rule.Text, true)}},
		{`old.owner == new.owner && old.owner == user.claims.owner && old.owner == null && string(old.owner) == user.id && user.id == "ann" && old.n > 1`, nil},
	} {
		r, err := rule.Compile(c.expr, []string{"owner"})
		if err != nil {
			t.Fatalf("%s: %v", c.expr, err)
		}
		if got := r.Comparisons(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.expr, got, c.want)
		}
	}
}
