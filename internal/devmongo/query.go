package devmongo

import (
	"sort"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

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

func (s *Server) query(c *coll, t *txn, f, so D, skip, limit int64) ([]D, error) {
	var l []D
	if limit < 0 {
		limit = -limit
	}
	err := s.St.scan(c, t, f, func(_ *entry, d D) bool {
		l = append(l, d)
		return len(so) > 0 || limit == 0 || int64(len(l)) < skip+limit
	})
	if err != nil {
		return nil, err
	}
	if len(so) > 0 && so[0].Key != "$natural" {
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

// idKeys returns the candidate _id keys if the filter pins _id, else ok=false.
func idKeys(f D) ([]string, bool) {
	v, ok := get(f, "_id")
	if !ok {
		return nil, false
	}
	switch x := v.(type) {
	case bson.Regex:
		return nil, false
	case D:
		if len(x) > 0 && strings.HasPrefix(x[0].Key, "$") {
			if e, ok := get(x, "$eq"); ok {
				return []string{key(e)}, true
			}
			if l, ok := val(x, "$in").(A); ok {
				var out []string
				for _, e := range l {
					if _, re := e.(bson.Regex); re {
						return nil, false
					}
					out = append(out, key(e))
				}
				return out, true
			}
			return nil, false
		}
	}
	return []string{key(v)}, true
}

// scan calls f for each visible match; f returns false to stop.
func (s *Store) scan(c *coll, t *txn, filter D, f func(*entry, D) bool) error {
	if c == nil {
		return nil
	}
	try := func(e *entry) (bool, error) {
		d := s.read(e, t)
		if d == nil {
			return true, nil
		}
		ok, err := match(d, filter)
		if err != nil || !ok {
			return true, err
		}
		return f(e, d), nil
	}
	if keys, ok := idKeys(filter); ok {
		for _, k := range keys {
			if e := c.docs[k]; e != nil {
				if more, err := try(e); err != nil || !more {
					return err
				}
			}
		}
		return nil
	}
	if len(filter) > 0 {
		if ok, err := match(D{}, filter); err != nil { // report bad filters also on empty collections
			return err
		} else {
			_ = ok
		}
	}
	for _, e := range c.order {
		if e.cur == nil && e.locked == nil {
			continue
		}
		if more, err := try(e); err != nil || !more {
			return err
		}
	}
	return nil
}
