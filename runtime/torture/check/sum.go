package check

import (
	"fmt"
	"slices"

	"turnkey/runtime/torture/history"
)

// sums: a counter grows by exactly what each applied operation adds, and money moves without loss.
func sums(x *Index) []Violation {
	out := steps(x)
	out = append(out, totals(x)...)
	if x.settings.Balance == 0 {
		return out
	}
	for _, e := range x.Events {
		if e.Kind == history.Snapshot && e.Sum != x.settings.Balance {
			out = append(out, violation(fmt.Sprintf("a snapshot at %s has %d in all accounts, not %d", e.At, e.Sum, x.settings.Balance)))
		}
	}
	return out
}

// steps finds the change that broke a sum.
func steps(x *Index) []Violation {
	var out []Violation
	now := map[string]int64{}
	for key, row := range x.Seeds {
		now[key] = row.N
	}
	for _, c := range x.Changes {
		if !x.settings.Sums[c.Table] {
			continue
		}
		key := history.Key(c.Table, c.ID)
		before := now[key]
		now[key] = c.Row.N
		if o := x.ops[c.Row.Tag]; o != nil && c.Verb == "update" && c.Row.N-before != o.Delta {
			out = append(out, violation(fmt.Sprintf("%s went from %d to %d by an operation that adds %d", key, before, c.Row.N, o.Delta), o.Tag))
		}
	}
	return out
}

// totals trusts no log: the final value is the seed and every acknowledged delta, and of the unknown
// ones those that left a mark.
func totals(x *Index) []Violation {
	want := map[string]int64{}
	tags := map[string][]string{}
	for key, row := range x.Seeds {
		want[key] = row.N
	}
	for _, o := range x.order {
		if x.settings.Sums[o.Table] && (o.ok || len(o.effects) > 0) {
			key := history.Key(o.Table, o.ID)
			want[key] += o.Delta
			tags[key] = append(tags[key], o.Tag)
		}
	}
	var out []Violation
	for key, row := range x.Rows {
		if _, seeded := x.Seeds[key]; seeded && tags[key] != nil && row.N != want[key] {
			out = append(out, violation(fmt.Sprintf("%s is %d at the end; its operations add up to %d", key, row.N, want[key]), tags[key][max(0, len(tags[key])-3):]...))
		}
	}
	return out
}

// lists: every acknowledged element is in its list once, and one device's elements are in its order.
func lists(x *Index) []Violation {
	count := map[string]map[string]int{} // key -> tag -> times
	place := map[string]int{}
	for key, row := range x.Rows {
		count[key] = map[string]int{}
		for i, tag := range row.Items {
			count[key][tag]++
			place[tag] = i
		}
	}
	var out []Violation
	last := map[string]*op{}
	for _, o := range x.order {
		items, ok := o.Data["items"].([]string)
		if !ok || !slices.Contains(items, o.Tag) {
			continue
		}
		key := history.Key(o.Table, o.ID)
		n := count[key][o.Tag]
		switch {
		case n > 1:
			out = append(out, violation(fmt.Sprintf("an element is %d times in %s", n, key), o.Tag))
		case n == 0 && o.ok:
			out = append(out, violation("an acknowledged element is not in "+key, o.Tag))
		case n == 1 && !o.dropped:
			lane := o.device + " " + key
			if before := last[lane]; before != nil && place[before.Tag] > place[o.Tag] {
				out = append(out, violation("the elements of one device are out of order in "+key, before.Tag, o.Tag))
			}
			last[lane] = o
		}
	}
	return out
}
