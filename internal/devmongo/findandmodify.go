package devmongo

import "slices"

// findAndModify changes, inserts or deletes the first match and tells it as it was or as it is.
func (s *Server) findAndModify(r *request, c *coll) (D, error) {
	r.stmt = r.statement(0)
	o, done := r.outcome()
	if done {
		r.retried = append(r.retried, r.stmt)
		return slices.Clip(o.reply), nil // the session keeps it
	}
	o, err := again(func() (outcome, error) { return s.modifyFirst(r, c) })
	return slices.Clip(o.reply), err
}

func (s *Server) modifyFirst(r *request, c *coll) (outcome, error) {
	cmd := r.cmd
	u, fields := s.change(val(cmd, "update"), arr(cmd, "arrayFilters")), doc(cmd, "fields")
	if err := lacks("findAndModify", cmd, "collation", "let"); err != nil {
		return outcome{}, err
	}
	e, before, err := s.firstMatch(r, c)
	if err != nil {
		return outcome{}, err
	}
	if truthy(val(cmd, "remove")) {
		if e == nil {
			return outcome{reply: found(D{{Key: "n", Value: int32(0)}}, nil, nil)}, nil
		}
		o := outcome{n: 1, reply: found(D{{Key: "n", Value: int32(1)}}, before, fields)}
		return o, s.put(r, c, e, nil, "delete", o)
	}
	if e == nil {
		if !truthy(val(cmd, "upsert")) {
			return outcome{reply: found(D{{Key: "n", Value: int32(0)}, {Key: "updatedExisting", Value: false}}, nil, nil)}, nil
		}
		var o outcome
		_, err := s.upsert(r, c, doc(cmd, "query"), u, func(d D) outcome {
			last := D{{Key: "n", Value: int32(1)}, {Key: "updatedExisting", Value: false}, {Key: "upserted", Value: val(d, "_id")}}
			if !truthy(val(cmd, "new")) {
				d = nil
			}
			o = outcome{n: 1, reply: found(last, d, fields)}
			return o
		})
		return o, err
	}
	after, err := u.apply(before)
	if err != nil {
		return outcome{}, err
	}
	shown := before
	if truthy(val(cmd, "new")) {
		shown = after
	}
	o := outcome{n: 1, modified: 1, reply: found(D{{Key: "n", Value: int32(1)}, {Key: "updatedExisting", Value: true}}, shown, fields)}
	if identical(before, after) {
		return o, nil
	}
	op := "update"
	if isReplace(u.u) {
		op = "replace"
	}
	return o, s.put(r, c, e, after, op, o)
}

func (s *Server) firstMatch(r *request, c *coll) (e *entry, d D, err error) {
	q, order := doc(r.cmd, "query"), doc(r.cmd, "sort")
	if len(order) == 0 {
		err = s.St.scan(c, r.txn, q, func(x *entry, found D) bool { e, d = x, found; return false })
		return e, d, err
	}
	l, err := s.query(c, r.txn, q, order, 0, 1)
	if err != nil || len(l) == 0 {
		return nil, nil, err
	}
	return c.docs[key(val(l[0], "_id"))], l[0], nil
}

// found is the answer of findAndModify; d is nil when there is nothing to show.
func found(last, d, fields D) D {
	var shown any
	if d != nil {
		shown = d
		if p, err := project(d, fields); err == nil {
			shown = p
		}
	}
	return D{{Key: "lastErrorObject", Value: last}, {Key: "value", Value: shown}}
}
