package devmongo

func (s *Server) find(r *request) (D, error) {
	st := s.St
	db, cn, cmd := r.db, r.collection(), r.cmd
	if err := lacks("find", cmd, "collation", "let", "min", "max", "returnKey", "showRecordId", "tailable"); err != nil {
		return nil, err
	}
	c := st.coll(db, cn, false)
	l, err := s.query(c, r.txn, doc(cmd, "filter"), doc(cmd, "sort"), num(cmd, "skip"), num(cmd, "limit"))
	if err != nil {
		return nil, err
	}
	if p := doc(cmd, "projection"); len(p) > 0 {
		for i := range l {
			if l[i], err = project(l[i], p); err != nil {
				return nil, err
			}
		}
	}
	bs := int64(101)
	if v, ok := get(cmd, "batchSize"); ok {
		bs = toI(v)
	}
	return s.first(db+"."+cn, l, bs, truthy(val(cmd, "singleBatch")))
}

func (s *Server) count(r *request) (D, error) {
	st := s.St
	cmd := r.cmd
	l, err := s.query(st.coll(r.db, r.collection(), false), r.txn, doc(cmd, "query"), nil, num(cmd, "skip"), num(cmd, "limit"))
	return D{{Key: "n", Value: int32(len(l))}}, err
}

func (s *Server) distinct(r *request) (D, error) {
	st := s.St
	cmd := r.cmd
	l, err := s.query(st.coll(r.db, r.collection(), false), r.txn, doc(cmd, "query"), nil, 0, 0)
	seen, out := map[string]bool{}, A{}
	for _, d := range l {
		for _, v := range lookup(d, str(cmd, "key")) {
			vs := A{v}
			if a, ok := v.(A); ok {
				vs = a
			}
			for _, x := range vs {
				if _, m := x.(missing); !m && !seen[key(x)] {
					seen[key(x)] = true
					out = append(out, x)
				}
			}
		}
	}
	return D{{Key: "values", Value: out}}, err
}

func (s *Server) killCursors(r *request) (D, error) {
	st := s.St
	k := A{}
	for _, id := range arr(r.cmd, "cursors") {
		delete(s.cursors, toI(id))
		k = append(k, id)
	}
	st.cond.Broadcast()
	return D{{Key: "cursorsKilled", Value: k}, {Key: "cursorsNotFound", Value: A{}}, {Key: "cursorsAlive", Value: A{}}, {Key: "cursorsUnknown", Value: A{}}}, nil
}
