package devmongo

import (
	"sort"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// plan is how a filter finds its candidates: all that match are among them.
type plan struct {
	parts  []part
	sorted bool // the one reach of the one part is in the order of the sort
	back   bool // read from its end
	score  int
}

type part struct {
	order   *ordered
	reaches []reach
}

const (
	maxReaches = 10_000
	maxTrial   = 100 // items that weigh a plan
	exact      = 4   // what a field with values scores; one with ranges scores half, the order of the sort 1
)

// plan chooses the index that has the fewest candidates, as far as a short trial tells, then the one
// that the filter says most about. Nil: none helps.
func (c *coll) plan(filter, so D) *plan {
	conds := conditions(filter, nil)
	var best *plan
	cost := 0
	consider := func(p *plan) {
		if p == nil {
			return
		}
		if n := p.trial(); best == nil || n < cost || n == cost && p.score > best.score {
			best, cost = p, n
		}
	}
	if p := c.ids.plan(conds, so); p != nil && p.score >= exact && len(p.parts[0].reaches) == 1 {
		return p // one document at most
	}
	c.trees(func(o *ordered) { consider(o.plan(conds, so)) })
	for _, e := range conds {
		if e.Key == "$or" {
			consider(c.planOr(e.Value))
		}
	}
	return best
}

// planOr joins the plans of the branches, if all have one.
func (c *coll) planOr(v any) *plan {
	branches, _ := v.(A)
	var all *plan
	for _, b := range branches {
		d, _ := b.(D)
		p := c.plan(d, nil)
		if p == nil {
			return nil
		}
		if all == nil {
			all = p
		} else {
			all.parts, all.score = append(all.parts, p.parts...), min(all.score, p.score)
		}
	}
	return all
}

// conditions that must all hold: $and is resolved.
func conditions(f D, out []E) []E {
	for _, e := range f {
		if e.Key != "$and" {
			out = append(out, e)
			continue
		}
		a, _ := e.Value.(A)
		for _, x := range a {
			d, _ := x.(D)
			out = conditions(d, out)
		}
	}
	return out
}

// trial counts candidates up to maxTrial.
func (p *plan) trial() (n int) {
	for _, part := range p.parts {
		for _, r := range part.reaches {
			if !part.order.walk(r, p.back, func(*item) bool { n++; return n < maxTrial }) {
				return n
			}
		}
	}
	return n
}

// plan takes leading fields with values, then one with ranges. Nil: the conditions say nothing of the
// first field, and the order is not the wanted one.
func (o *ordered) plan(conds []E, so D) *plan {
	prefixes, fixed, score := [][]any{nil}, 0, 0
	var tail []span
	for _, f := range o.fields {
		l := o.spans(f, conds)
		if l == nil {
			break
		}
		if !points(l) || len(prefixes)*len(l) > maxReaches {
			tail = l
			score += 2
			break
		}
		next := make([][]any, 0, len(prefixes)*len(l))
		for _, p := range prefixes {
			for _, s := range l {
				next = append(next, append(p[:len(p):len(p)], s.lo))
			}
		}
		prefixes = next
		fixed++
		score += exact
	}
	if len(prefixes)*len(tail) > maxReaches {
		tail = nil
	}
	p := &plan{score: score}
	var l []reach
	for _, prefix := range prefixes {
		if tail == nil {
			l = append(l, reach{&item{vals: prefix, seq: lowest}, &item{vals: prefix, seq: highest}})
		}
		for _, s := range tail {
			l = append(l, s.reach(prefix, o.down[fixed]))
		}
	}
	p.parts = []part{{o, l}}
	if len(l) == 1 && !o.multi {
		p.sorted, p.back = o.follows(fixed, so)
	}
	if p.sorted {
		p.score++
	}
	if p.score == 0 {
		return nil
	}
	return p
}

// follows reports that the index is in the order of a sort, or back in its reverse, where its first
// fixed fields have one value each.
func (o *ordered) follows(fixed int, so D) (sorted, back bool) {
	at := fixed
	for _, k := range so {
		if contains(o.fields[:fixed], k.Key) {
			continue
		}
		if at == len(o.fields) || o.fields[at] != k.Key {
			return false, false
		}
		f, _ := toF(k.Value)
		b := (f < 0) != o.down[at]
		if at > fixed && b != back {
			return false, false
		}
		back = b
		at++
	}
	return len(so) > 0, back
}

// span is a range of values, its ends in it or not.
type span struct {
	lo, hi         any
	loOpen, hiOpen bool
}

func (s span) point() bool { return !s.loOpen && !s.hiOpen && place(s.lo, s.hi) == 0 }

func points(l []span) bool {
	for _, s := range l {
		if !s.point() {
			return false
		}
	}
	return true
}

// reach of the span after a prefix; down if the field is in descending order.
func (s span) reach(prefix []any, down bool) reach {
	from, to := &item{vals: append(prefix[:len(prefix):len(prefix)], s.lo), seq: lowest}, &item{vals: append(prefix[:len(prefix):len(prefix)], s.hi), seq: highest}
	if s.loOpen {
		from.seq = highest
	}
	if s.hiOpen {
		to.seq = lowest
	}
	if down {
		from.seq, to.seq = -1-from.seq, -1-to.seq // lowest and highest change places
		return reach{to, from}
	}
	return reach{from, to}
}

// spans that a field's value lies in; nil: nothing is known. Where a document has several values, each
// condition may hold for another one, so only one condition counts.
func (o *ordered) spans(field string, conds []E) (l []span) {
	and := func(m []span) {
		switch {
		case m == nil:
		case l == nil, o.multi && points(m) && !points(l):
			l = m
		case !o.multi && (len(l) == 1 || len(m) == 1):
			l = intersect(l, m)
		}
	}
	for _, e := range conds {
		if e.Key != field {
			continue
		}
		ops, ok := e.Value.(D)
		if !ok || len(ops) == 0 || !strings.HasPrefix(ops[0].Key, "$") {
			and(equals(e.Value))
			continue
		}
		for _, op := range ops {
			and(compares(op.Key, op.Value))
		}
	}
	sort.SliceStable(l, func(i, j int) bool { return place(l[i].lo, l[j].lo) < 0 })
	return l
}

// equals are the spans of eq.
func equals(v any) []span {
	if _, ok := v.(bson.Regex); ok {
		return nil
	}
	if v == nil {
		return []span{{lo: missing{}, hi: nil}}
	}
	return []span{{lo: v, hi: v}}
}

// compares are the spans of an operator, as matchOp has it.
func compares(op string, v any) []span {
	first, last := edge{rank(v), false}, edge{rank(v), true}
	if rank(v) == 0 || rank(v) == 14 {
		first, last = edge{0, false}, edge{14, true}
	}
	switch op {
	case "$eq":
		return equals(v)
	case "$gt":
		return []span{{lo: v, hi: last, loOpen: true}}
	case "$gte":
		return []span{{lo: v, hi: last}}
	case "$lt":
		return []span{{lo: first, hi: v, hiOpen: true}}
	case "$lte":
		return []span{{lo: first, hi: v}}
	case "$in":
		a, ok := v.(A)
		if !ok {
			return nil
		}
		l := make([]span, 0, len(a))
		for _, x := range a {
			s := equals(x)
			if s == nil {
				return nil
			}
			l = append(l, s...)
		}
		return l
	}
	return nil
}

// intersect keeps what is in both; one of them is a single span.
func intersect(l, m []span) []span {
	out := []span{}
	for _, a := range l {
		for _, b := range m {
			both := a
			if c := place(b.lo, a.lo); c > 0 || c == 0 && b.loOpen {
				both.lo, both.loOpen = b.lo, b.loOpen
			}
			if c := place(b.hi, a.hi); c < 0 || c == 0 && b.hiOpen {
				both.hi, both.hiOpen = b.hi, b.hiOpen
			}
			if c := place(both.lo, both.hi); c < 0 || c == 0 && !both.loOpen && !both.hiOpen {
				out = append(out, both)
			}
		}
	}
	return out
}
