package devmongo

func (s *Server) findAndModify(db string, c *coll, cmd D, t *txn) (D, error) {
	q, u := doc(cmd, "query"), val(cmd, "update")
again:
	var he *entry
	var hd D
	if so := doc(cmd, "sort"); len(so) > 0 {
		l, err := s.query(c, t, q, so, 0, 1)
		if err != nil {
			return nil, err
		}
		if len(l) > 0 {
			hd = l[0]
			he = c.docs[key(val(hd, "_id"))]
		}
	} else if err := s.St.scan(c, t, q, func(e *entry, d D) bool { he, hd = e, d; return false }); err != nil {
		return nil, err
	}
	fields := doc(cmd, "fields")
	out := func(d D) any {
		if d == nil {
			return nil
		}
		p, err := project(d, fields)
		if err != nil {
			return d
		}
		return p
	}
	if truthy(val(cmd, "remove")) {
		if he == nil {
			return D{{Key: "lastErrorObject", Value: D{{Key: "n", Value: int32(0)}}}, {Key: "value", Value: nil}}, nil
		}
		if err := s.put(t, c, he, nil, "delete"); err == errRetry {
			goto again
		} else if err != nil {
			return nil, err
		}
		return D{{Key: "lastErrorObject", Value: D{{Key: "n", Value: int32(1)}}}, {Key: "value", Value: out(hd)}}, nil
	}
	if he == nil {
		if !truthy(val(cmd, "upsert")) {
			return D{{Key: "lastErrorObject", Value: D{{Key: "n", Value: int32(0)}, {Key: "updatedExisting", Value: false}}}, {Key: "value", Value: nil}}, nil
		}
		d, err := s.upsert(c, q, u, t)
		if err == errRetry {
			goto again
		}
		if err != nil {
			return nil, err
		}
		var v any
		if truthy(val(cmd, "new")) {
			v = out(d)
		}
		return D{{Key: "lastErrorObject", Value: D{{Key: "n", Value: int32(1)}, {Key: "updatedExisting", Value: false}, {Key: "upserted", Value: val(d, "_id")}}}, {Key: "value", Value: v}}, nil
	}
	d, err := applyUpdate(hd, u, false, s.St.last)
	if err != nil {
		return nil, err
	}
	if !same(hd, d) {
		op := "update"
		if isReplace(u) {
			op = "replace"
		}
		if err := s.put(t, c, he, d, op); err == errRetry {
			goto again
		} else if err != nil {
			return nil, err
		}
	}
	v := out(hd)
	if truthy(val(cmd, "new")) {
		v = out(d)
	}
	return D{{Key: "lastErrorObject", Value: D{{Key: "n", Value: int32(1)}, {Key: "updatedExisting", Value: true}}}, {Key: "value", Value: v}}, nil
}
