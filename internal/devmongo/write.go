package devmongo

import (
	"errors"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// put stages the write of a transaction, which conflicts at once with another's lock. Outside of one it
// writes, or waits for the lock and answers errRetry: the document may have changed.
func (s *Server) put(r *request, c *coll, e *entry, d D, op string, o outcome) error {
	err := s.St.put(r.txn, c, e, d, op, r.ended(o))
	if err == nil {
		return nil
	}
	r.undo()
	var x *Err
	if r.txn != nil || !errors.As(err, &x) || x.Code != 112 {
		return err
	}
	if r.expired() {
		return errf(50, "MaxTimeMSExpired", "operation exceeded time limit")
	}
	if s.closing() {
		return errf(91, "ShutdownInProgress", "%v", errClosing)
	}
	tm := time.AfterFunc(50*time.Millisecond, s.St.cond.Broadcast) // for the lock holder's lifetime and ours
	s.St.cond.Wait()
	tm.Stop()
	return errRetry
}

var errRetry = errors.New("evaluate again")

// again runs a statement until it did not have to wait.
func again(f func() (outcome, error)) (outcome, error) {
	for {
		if o, err := f(); err != errRetry {
			return o, err
		}
	}
}

// writes runs the statements of a write command. Those of a retryable write that were done before are
// not done again: their outcome is told again.
func (s *Server) writes(r *request, items A, f func(D) (outcome, error)) (D, error) {
	ordered := true
	if v, ok := get(r.cmd, "ordered"); ok {
		ordered = truthy(v)
	}
	var sum outcome
	var errs, upserted A
	for i, x := range items {
		r.stmt = r.statement(i)
		d, _ := x.(D)
		o, done := r.outcome()
		if done {
			r.retried = append(r.retried, r.stmt)
		} else if err := s.permitted(r, d); err != nil {
			return nil, err
		} else if o, err = again(func() (outcome, error) { return f(d) }); err != nil {
			var e *Err
			if !errors.As(err, &e) || r.txn != nil && len(e.Labels) > 0 || !e.ofStatement() {
				return nil, err
			}
			errs = append(errs, append(D{{Key: "index", Value: int32(i)}, {Key: "code", Value: e.Code}, {Key: "errmsg", Value: e.Msg}}, e.Extra...))
			if ordered || r.txn != nil {
				break
			}
			continue
		}
		sum.n, sum.modified = sum.n+o.n, sum.modified+o.modified
		if o.upserted != nil {
			upserted = append(upserted, D{{Key: "index", Value: int32(i)}, {Key: "_id", Value: o.upserted}})
		}
	}
	reply := D{{Key: "n", Value: sum.n}}
	if r.name == "update" {
		reply = append(reply, E{Key: "nModified", Value: sum.modified})
	}
	if upserted != nil {
		reply = append(reply, E{Key: "upserted", Value: upserted})
	}
	if errs != nil {
		reply = append(reply, E{Key: "writeErrors", Value: errs})
	}
	return reply, nil
}

// permitted refuses what MongoDB can't retry.
func (s *Server) permitted(r *request, x D) error {
	_, limited := get(x, "limit")
	if r.numbered() && (truthy(val(x, "multi")) || limited && num(x, "limit") != 1) {
		return errf(72, "InvalidOptions", "Cannot use retryable writes with multi=true or limit=0")
	}
	return nil
}

// insert adds a document that has no _id of another.
func (s *Server) insert(r *request, c *coll, d D, o outcome) error {
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
	switch {
	case e == nil:
		e = c.newEntry(s.St, id)
	case r.txn != nil && e.locked == nil && s.St.after(r.txn, e):
		return conflict()
	case s.St.read(e, r.txn) != nil && (e.locked == nil || e.locked == r.txn):
		return dupErr(c, idIndex, d)
	}
	err := s.put(r, c, e, d, "insert", o)
	if err != nil && e.cur == nil && e.locked == nil && c.docs[e.key] == e {
		c.drop(e)
	}
	return err
}

// remove deletes one document or all that match.
func (s *Server) remove(r *request, c *coll, x D) (outcome, error) {
	if err := lacks("delete", x, "collation"); err != nil {
		return outcome{}, err
	}
	var es []*entry
	if err := s.St.scan(c, r.txn, doc(x, "q"), func(e *entry, _ D) bool { es = append(es, e); return num(x, "limit") != 1 }); err != nil {
		return outcome{}, err
	}
	for _, e := range es {
		if err := s.put(r, c, e, nil, "delete", outcome{n: 1}); err != nil {
			return outcome{}, err
		}
	}
	return outcome{n: int32(len(es))}, nil
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

// upsert inserts what the filter and the update describe; tell makes the outcome.
func (s *Server) upsert(r *request, c *coll, q D, u change, tell func(D) outcome) (D, error) {
	base := seed(q)
	if isReplace(u.u) {
		if id, ok := get(base, "_id"); ok {
			base = D{{Key: "_id", Value: id}}
		} else {
			base = D{}
		}
	}
	u.inserting = true
	d, err := u.apply(base)
	if err != nil {
		return nil, err
	}
	if _, ok := get(d, "_id"); !ok {
		d = append(D{{Key: "_id", Value: bson.NewObjectID()}}, d...)
	}
	return d, s.insert(r, c, d, tell(d))
}

// update changes one document or all that match, or inserts one.
func (s *Server) update(r *request, c *coll, x D) (outcome, error) {
	if err := lacks("update", x, "collation", "c", "sort"); err != nil {
		return outcome{}, err
	}
	q, u := doc(x, "q"), s.change(val(x, "u"), arr(x, "arrayFilters"))
	op := "update"
	if isReplace(u.u) {
		op = "replace"
	}
	type hit struct {
		e *entry
		d D
	}
	var hits []hit
	if err := s.St.scan(c, r.txn, q, func(e *entry, d D) bool { hits = append(hits, hit{e, d}); return truthy(val(x, "multi")) }); err != nil {
		return outcome{}, err
	}
	if len(hits) == 0 && truthy(val(x, "upsert")) {
		var o outcome
		_, err := s.upsert(r, c, q, u, func(d D) outcome { o = outcome{n: 1, upserted: val(d, "_id")}; return o })
		return o, err
	}
	o := outcome{n: int32(len(hits))}
	for _, h := range hits {
		d, err := u.apply(h.d)
		if err != nil {
			return outcome{}, err
		}
		if identical(h.d, d) {
			continue
		}
		if err := s.put(r, c, h.e, d, op, outcome{n: 1, modified: 1}); err != nil {
			return outcome{}, err
		}
		o.modified++
	}
	return o, nil
}
