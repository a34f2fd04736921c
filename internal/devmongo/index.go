package devmongo

import "strings"

type index struct {
	name           string
	keys           D
	unique, sparse bool
	partial        D
	ttl            int64
	raw            D
	vals           map[string]*uval // unique only
	order          *ordered
}

type uval struct {
	owner string // entry key
	by    *txn   // reserved by an open transaction
}

// indexVals are the unique keys of a document (none: not indexed).
func (ix *index) indexVals(d D) []string {
	if d == nil {
		return nil
	}
	if ix.partial != nil {
		if ok, _ := match(d, ix.partial); !ok {
			return nil
		}
	}
	out := []string{""}
	any := false
	for _, k := range ix.keys {
		vals := lookup(d, k.Key)
		var ks []string
		for _, v := range vals {
			if a, ok := v.(A); ok && len(a) > 0 {
				for _, x := range a {
					ks = append(ks, key(x))
				}
				any = true
				continue
			}
			if _, m := v.(missing); !m {
				any = true
			}
			ks = append(ks, key(v))
		}
		var next []string
		for _, p := range out {
			for _, x := range ks {
				next = append(next, p+"\x00"+x)
			}
		}
		out = next
	}
	if ix.sparse && !any {
		return nil
	}
	return out
}

var idIndex = &index{name: "_id_", keys: D{{Key: "_id", Value: int32(1)}}}

func contains(l []string, v string) bool {
	for _, x := range l {
		if x == v {
			return true
		}
	}
	return false
}

func (c *coll) dropIndex(n string) bool {
	for i, ix := range c.idx {
		if ix.name == n || n == "*" {
			c.idx = append(c.idx[:i:i], c.idx[i+1:]...)
			if n != "*" {
				return true
			}
			return c.dropIndex(n) || true
		}
	}
	return false
}

func (s *Store) addIndex(c *coll, raw D) (bool, error) {
	ix := &index{name: str(raw, "name"), keys: doc(raw, "key"), unique: truthy(val(raw, "unique")), sparse: truthy(val(raw, "sparse")), partial: doc(raw, "partialFilterExpression"), raw: raw, ttl: -1}
	if v, ok := get(raw, "expireAfterSeconds"); ok {
		ix.ttl = toI(v)
	}
	for _, o := range c.idx {
		equal := cmp(o.keys, ix.keys) == 0 && o.unique == ix.unique && o.sparse == ix.sparse && cmp(o.partial, ix.partial) == 0
		switch {
		case o.name == ix.name && !equal:
			return false, errf(86, "IndexKeySpecsConflict", "An existing index has the same name as the requested index. Requested index: %v, existing index: %v", ix.raw, o.raw)
		case o.name == ix.name && o.ttl == ix.ttl:
			return false, nil
		case o.name == ix.name || cmp(o.keys, ix.keys) == 0 && cmp(o.partial, ix.partial) == 0:
			return false, errf(85, "IndexOptionsConflict", "An index with the same keys exists with a different name or different options: %v", o.raw)
		}
	}
	if ix.unique {
		if twice := ix.fill(c); twice != nil {
			return false, dupErr(c, ix, twice)
		}
	}
	ix.order = s.order(c, ix.keys)
	c.idx = append(c.idx, ix)
	return true, nil
}

// indexLacks refuses the kinds of indexes that we don't have.
func indexLacks(spec D) error {
	if err := lacks("an index", spec, "collation", "weights", "wildcardProjection", "bucketSize"); err != nil {
		return err
	}
	for _, k := range doc(spec, "key") {
		if kind, ok := k.Value.(string); ok {
			return lacking("index of type " + kind)
		}
		if strings.HasSuffix(k.Key, "$**") {
			return lacking("wildcard index")
		}
	}
	return nil
}

// fill enters the committed documents into a unique index; it returns one whose key is taken.
func (ix *index) fill(c *coll) (twice D) {
	ix.vals = map[string]*uval{}
	c.each(func(e *entry) bool {
		if e.cur == nil || e.cur.doc == nil || c.docs[e.key] != e {
			return true
		}
		for _, v := range ix.indexVals(e.cur.doc) {
			if u := ix.vals[v]; u != nil && u.owner != e.key {
				twice = e.cur.doc
				return false
			}
			ix.vals[v] = &uval{owner: e.key}
		}
		return true
	})
	return twice
}
