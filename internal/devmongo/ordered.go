package devmongo

import (
	"math"

	"github.com/tidwall/btree"
)

// ordered is the tree of an index: an item for each key of each version of a document that somebody may
// see, committed or not. It finds candidates; what of them a reader sees, and whether that matches, is
// judged afterwards. So it holds every document, also of a sparse or partial index. Keys order as BSON
// does, fields with -1 the other way round, equal keys by insertion.
type ordered struct {
	fields []string
	down   []bool
	tree   *btree.BTreeG[*item]
	multi  bool // some document had several keys: it has arrays
}

// item is a key of a document, or a pivot: a place before (seq lowest) or after (highest) all that
// begin with vals.
type item struct {
	vals []any
	seq  int64
	e    *entry
	held int // by how many versions
}

const lowest, highest = math.MinInt64, math.MaxInt64

func newOrdered(keys D) *ordered {
	o := &ordered{}
	for _, k := range keys {
		f, _ := toF(k.Value)
		o.fields, o.down = append(o.fields, k.Key), append(o.down, f < 0)
	}
	o.tree = btree.NewBTreeGOptions(func(a, b *item) bool { return o.compare(a, b) < 0 }, btree.Options{NoLocks: true})
	return o
}

func (o *ordered) compare(a, b *item) int {
	for i := range min(len(a.vals), len(b.vals)) {
		if c := place(a.vals[i], b.vals[i]); c != 0 {
			if o.down[i] {
				return -c
			}
			return c
		}
	}
	if a.seq == b.seq {
		return 0
	}
	return sign(a.seq < b.seq)
}

// edge is a place before or after all values of a rank.
type edge struct {
	rank  int
	after bool
}

// place compares values and edges.
func place(a, b any) int {
	x, isX := a.(edge)
	y, isY := b.(edge)
	switch {
	case !isX && !isY:
		return cmp(a, b)
	case !isX:
		return -place(b, a)
	case !isY:
		y.rank = rank(b)
	case x == y:
		return 0
	}
	if x.rank != y.rank {
		return sign(x.rank < y.rank)
	}
	return sign(!x.after)
}

// keys of a document: more than one, if a field is an array or lies in one.
func (o *ordered) keys(d D) [][]any {
	out := [][]any{nil}
	for _, f := range o.fields {
		vals := compared(d, f)
		next := make([][]any, 0, len(out)*len(vals))
		for _, p := range out {
			for _, v := range vals {
				next = append(next, append(p[:len(p):len(p)], v))
			}
		}
		out = next
	}
	return out
}

// compared are the values that a condition on the path looks at, as anyOf does.
func compared(d D, path string) []any {
	vals := lookup(d, path)
	if len(vals) == 0 {
		return []any{missing{}}
	}
	for _, v := range vals[:len(vals):len(vals)] {
		if a, ok := v.(A); ok {
			vals = append(vals, a...)
		}
	}
	return vals
}

// hold enters the keys of a version.
func (o *ordered) hold(e *entry, d D) {
	keys := o.keys(d)
	o.multi = o.multi || len(keys) > 1
	for _, k := range keys {
		it := &item{vals: k, seq: e.seq, e: e, held: 1}
		if was, ok := o.tree.Get(it); ok {
			was.held++
		} else {
			o.tree.Set(it)
		}
	}
}

// release undoes hold, when nobody can see the version any more.
func (o *ordered) release(e *entry, d D) {
	for _, k := range o.keys(d) {
		it, ok := o.tree.Get(&item{vals: k, seq: e.seq})
		if !ok {
			continue
		}
		if it.held--; it.held == 0 {
			o.tree.Delete(it)
		}
	}
}

// reach is a part of the tree between two pivots.
type reach struct{ from, to *item }

// walk calls f for the items of a reach, from its end if back; f returns false to stop.
func (o *ordered) walk(r reach, back bool, f func(*item) bool) (more bool) {
	more = true
	if back {
		o.tree.Descend(r.to, func(it *item) bool {
			if o.compare(it, r.from) < 0 {
				return false
			}
			more = f(it)
			return more
		})
		return more
	}
	o.tree.Ascend(r.from, func(it *item) bool {
		if o.compare(it, r.to) > 0 {
			return false
		}
		more = f(it)
		return more
	})
	return more
}

// trees are the orders of the collection, that of _id first.
func (c *coll) trees(f func(*ordered)) {
	f(c.ids)
	for _, ix := range c.idx {
		f(ix.order)
	}
}

// hold enters a version into all indexes.
func (c *coll) hold(e *entry, d D) {
	if d != nil {
		c.trees(func(o *ordered) { o.hold(e, d) })
	}
}

// release takes a version and those before it out of all indexes.
func (c *coll) release(e *entry, v *version) {
	for ; v != nil; v = v.prev {
		if d := v.doc; d != nil {
			c.trees(func(o *ordered) { o.release(e, d) })
		}
	}
}

// order makes the tree of a new index, with what open transactions have written and may still see.
func (s *Store) order(c *coll, keys D) *ordered {
	o := newOrdered(keys)
	c.each(func(e *entry) bool {
		for v := e.cur; v != nil; v = v.prev {
			if v.doc != nil {
				o.hold(e, v.doc)
			}
		}
		return true
	})
	for t := range s.open {
		for _, w := range t.writes {
			if w.c == c && w.doc != nil {
				o.hold(w.e, w.doc)
			}
		}
	}
	return o
}
