package devmongo

import "sort"

func sortDocs(l []D, spec D) {
	pick := func(d D, k E) any {
		vs := lookup(d, k.Key)
		if len(vs) == 0 {
			return missing{}
		}
		return vs[0]
	}
	sort.SliceStable(l, func(i, j int) bool {
		for _, k := range spec {
			c := cmp(pick(l[i], k), pick(l[j], k))
			if f, _ := toF(k.Value); f < 0 {
				c = -c
			}
			if c != 0 {
				return c < 0
			}
		}
		return false
	})
}

// query answers a find: what matches, in order, from the skipped to the limit (0: none, and negative as
// positive). If an index has the order, it reads no more than that.
func (s *Server) query(c *coll, t *txn, f, so D, skip, limit int64) ([]D, error) {
	if c == nil {
		return nil, nil
	}
	if limit < 0 {
		limit = -limit
	}
	if len(so) > 0 && so[0].Key == "$natural" {
		so = nil
	}
	var l []D
	p := c.plan(f, so)
	sorted := len(so) == 0 || p != nil && p.sorted
	err := s.St.search(c, t, f, p, func(_ *entry, d D) bool {
		l = append(l, d)
		return !sorted || limit == 0 || int64(len(l)) < skip+limit
	})
	if err != nil {
		return nil, err
	}
	if !sorted {
		sortDocs(l, so)
	}
	if skip > 0 {
		l = l[min(int64(len(l)), skip):]
	}
	if limit > 0 && int64(len(l)) > limit {
		l = l[:limit]
	}
	return l, nil
}

// scan calls f for each visible match; f returns false to stop.
func (s *Store) scan(c *coll, t *txn, filter D, f func(*entry, D) bool) error {
	if c == nil {
		return nil
	}
	return s.search(c, t, filter, c.plan(filter, nil), f)
}

// search is scan by a plan, in its order. Without one it looks at everything, in the order of insertion.
func (s *Store) search(c *coll, t *txn, filter D, p *plan, f func(*entry, D) bool) error {
	if _, err := match(D{}, filter); err != nil { // report bad filters also on empty collections
		return err
	}
	try := func(e *entry, d D) (bool, error) {
		ok, err := match(d, filter)
		if err != nil || !ok {
			return err == nil, err
		}
		return f(e, d), nil
	}
	if p != nil {
		return s.candidates(t, p, try)
	}
	var err error
	c.each(func(e *entry) (more bool) {
		d := s.read(e, t)
		if d == nil {
			return true
		}
		more, err = try(e, d)
		return more
	})
	return err
}

// candidates calls f once for each visible document of a plan. It may be in the index under keys that
// other versions have: in a plan that sorts, only its own is its place.
func (s *Store) candidates(t *txn, p *plan, f func(*entry, D) (bool, error)) (err error) {
	seen := map[*entry]struct{}{}
	for _, part := range p.parts {
		visit := func(it *item) (more bool) {
			if _, again := seen[it.e]; again {
				return true
			}
			d := s.read(it.e, t)
			if d == nil || p.sorted && part.order.compare(it, &item{vals: part.order.keys(d)[0], seq: it.seq}) != 0 {
				return true
			}
			seen[it.e] = struct{}{}
			more, err = f(it.e, d)
			return more
		}
		for _, r := range part.reaches {
			if !part.order.walk(r, p.back, visit) {
				return err
			}
		}
	}
	return nil
}
