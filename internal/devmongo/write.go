package devmongo

import (
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// put outside a transaction waits for the transaction that has written the document, as MongoDB
// does; inside one it conflicts at once. After a wait the statement is evaluated again (errRetry),
// because the document may be another, or exist by now.
func (s *Server) put(t *txn, c *coll, e *entry, d D, op string) error {
	err := s.St.put(t, c, e, d, op)
	var x *Err
	if t != nil || err == nil || !errors.As(err, &x) || x.Code != 112 {
		return err
	}
	if s.closing() {
		return errf(91, "ShutdownInProgress", "The server is shutting down.")
	}
	s.St.cond.Wait()
	return errRetry
}

var errRetry = errors.New("evaluate again")

func (s *Server) writes(cmd D, items A, t *txn, f func(D) (D, error)) (D, error) {
	ordered := true
	if v, ok := get(cmd, "ordered"); ok {
		ordered = truthy(v)
	}
	n, mod, hasMod := int32(0), int32(0), false
	var errs A
	for i, x := range items {
		d, _ := x.(D)
		r, err := f(d)
		for errors.Is(err, errRetry) {
			r, err = f(d)
		}
		if err != nil {
			var e *Err
			if !errors.As(err, &e) {
				return nil, err
			}
			if t != nil && len(e.Labels) > 0 {
				return nil, e
			}
			errs = append(errs, append(D{{Key: "index", Value: int32(i)}, {Key: "code", Value: e.Code}, {Key: "errmsg", Value: e.Msg}}, e.Extra...))
			if ordered || t != nil {
				break
			}
			continue
		}
		n += int32(num(r, "n"))
		if v, ok := get(r, "nModified"); ok {
			mod += int32(toI(v))
			hasMod = true
		}
	}
	r := D{{Key: "n", Value: n}}
	if hasMod {
		r = append(r, E{Key: "nModified", Value: mod})
	}
	if errs != nil {
		r = append(r, E{Key: "writeErrors", Value: errs})
	}
	return r, nil
}

func (s *Server) insert(c *coll, d D, t *txn) error {
	id, ok := get(d, "_id")
	if !ok {
		id = bson.NewObjectID()
		d = append(D{{Key: "_id", Value: id}}, d...)
	}
	if _, ok := id.(A); ok {
		return errf(53, "InvalidIdField", "The '_id' value cannot be of type array")
	}
	if len(d) > 0 && d[0].Key != "_id" {
		d = append(D{{Key: "_id", Value: id}}, unset(d, "_id")...)
	}
	e := c.docs[key(id)]
	if e != nil {
		if s.St.read(e, t) != nil && (e.locked == nil || e.locked == t) {
			return dupErr(c, idIndex, d)
		}
	} else {
		e = c.newEntry(s.St, id)
	}
	err := s.put(t, c, e, d, "insert")
	if err != nil && e.cur == nil && e.locked == nil {
		delete(c.docs, e.key)
	}
	return err
}

// seed is the document an upsert starts from: the equality parts of the filter.
func seed(f D) D {
	var d any = D{}
	var walk func(D)
	walk = func(f D) {
		for _, e := range f {
			if e.Key == "$and" {
				for _, x := range e.Value.(A) {
					if xd, ok := x.(D); ok {
						walk(xd)
					}
				}
				continue
			}
			if strings.HasPrefix(e.Key, "$") {
				continue
			}
			v := e.Value
			if o, ok := v.(D); ok && len(o) > 0 && strings.HasPrefix(o[0].Key, "$") {
				if v, ok = get(o, "$eq"); !ok {
					continue
				}
			}
			if n, err := setPath(d, e.Key, v); err == nil {
				d = n
			}
		}
	}
	walk(f)
	return d.(D)
}

func isReplace(u any) bool {
	d, ok := u.(D)
	return ok && (len(d) == 0 || !strings.HasPrefix(d[0].Key, "$"))
}

func (s *Server) upsert(c *coll, q D, u any, t *txn) (D, error) {
	base := seed(q)
	if isReplace(u) {
		if id, ok := get(base, "_id"); ok {
			base = D{{Key: "_id", Value: id}}
		} else {
			base = D{}
		}
	}
	d, err := applyUpdate(base, u, true, s.St.last)
	if err != nil {
		return nil, err
	}
	if _, ok := get(d, "_id"); !ok {
		d = append(D{{Key: "_id", Value: bson.NewObjectID()}}, d...)
	}
	return d, s.insert(c, d, t)
}

func same(a, b D) bool {
	x, _ := bson.Marshal(a)
	y, _ := bson.Marshal(b)
	return string(x) == string(y)
}

func (s *Server) update(c *coll, x D, t *txn) (D, D, error) {
	q, u := doc(x, "q"), val(x, "u")
	if len(arr(x, "arrayFilters")) > 0 {
		return nil, nil, errf(238, "NotImplemented", "arrayFilters")
	}
	op := "update"
	if isReplace(u) {
		op = "replace"
	}
again:
	type hit struct {
		e *entry
		d D
	}
	var hits []hit
	if err := s.St.scan(c, t, q, func(e *entry, d D) bool { hits = append(hits, hit{e, d}); return truthy(val(x, "multi")) }); err != nil {
		return nil, nil, err
	}
	if len(hits) == 0 && truthy(val(x, "upsert")) {
		d, err := s.upsert(c, q, u, t)
		if err != nil {
			return nil, nil, err
		}
		return D{{Key: "n", Value: int32(1)}, {Key: "nModified", Value: int32(0)}}, d, nil
	}
	mod := int32(0)
	for _, h := range hits {
		d, err := applyUpdate(h.d, u, false, s.St.last)
		if err != nil {
			return nil, nil, err
		}
		if same(h.d, d) {
			continue
		}
		if err := s.put(t, c, h.e, d, op); err == errRetry {
			goto again
		} else if err != nil {
			return nil, nil, err
		}
		mod++
	}
	return D{{Key: "n", Value: int32(len(hits))}, {Key: "nModified", Value: mod}}, nil, nil
}
