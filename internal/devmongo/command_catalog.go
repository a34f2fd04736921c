package devmongo

import (
	"sort"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func (s *Server) listCollections(r *request) (D, error) {
	st := s.St
	db, cmd := r.db, r.cmd
	var l []D
	for n, c := range st.dbs[db] {
		o := c.opts
		if o == nil {
			o = D{}
		}
		d := D{{Key: "name", Value: n}, {Key: "type", Value: "collection"}, {Key: "options", Value: o}, {Key: "info", Value: D{{Key: "readOnly", Value: false}, {Key: "uuid", Value: bson.Binary{Subtype: 4, Data: c.uuid[:]}}}}, {Key: "idIndex", Value: D{{Key: "v", Value: int32(2)}, {Key: "key", Value: D{{Key: "_id", Value: int32(1)}}}, {Key: "name", Value: "_id_"}}}}
		if ok, err := match(d, doc(cmd, "filter")); err != nil {
			return nil, err
		} else if ok {
			l = append(l, d)
		}
	}
	sort.Slice(l, func(i, j int) bool { return str(l[i], "name") < str(l[j], "name") })
	return s.first(db+".$cmd.listCollections", l, 0, false)
}

func (s *Server) create(r *request) (D, error) {
	st := s.St
	db, cn := r.db, r.collection()
	if st.dbs[db][cn] != nil {
		return nil, errf(48, "NamespaceExists", "Collection %s.%s already exists.", db, cn)
	}
	o := D{}
	for _, e := range r.cmd[1:] {
		switch e.Key {
		case "validator", "validationLevel", "validationAction", "changeStreamPreAndPostImages", "capped", "size", "max":
			o = append(o, e)
		case "collation", "timeseries", "viewOn":
			return nil, lacking("create with " + e.Key)
		}
	}
	if _, err := match(D{}, doc(o, "validator")); err != nil {
		return nil, err
	}
	c := st.coll(db, cn, true)
	c.opts, c.validator = o, doc(o, "validator")
	st.record(D{{Key: "c", Value: c.ns()}, {Key: "create", Value: o}})
	return D{}, nil
}

func (s *Server) collMod(r *request) (D, error) {
	st := s.St
	cmd := r.cmd
	c := st.coll(r.db, r.collection(), false)
	if c == nil {
		return nil, errf(26, "NamespaceNotFound", "ns does not exist")
	}
	if _, err := match(D{}, doc(cmd, "validator")); err != nil {
		return nil, err
	}
	for _, e := range cmd[1:] {
		switch e.Key {
		case "validator", "validationLevel", "validationAction", "changeStreamPreAndPostImages":
			c.opts = set(c.opts, e.Key, e.Value)
		}
	}
	c.validator = doc(c.opts, "validator")
	st.record(D{{Key: "c", Value: c.ns()}, {Key: "create", Value: c.opts}})
	return D{}, nil
}

func (s *Server) dropCollection(r *request) (D, error) {
	st := s.St
	db, cn := r.db, r.collection()
	c := st.coll(db, cn, false)
	if c == nil {
		return nil, errf(26, "NamespaceNotFound", "ns not found")
	}
	s.drop(c)
	return D{{Key: "ns", Value: db + "." + cn}, {Key: "nIndexesWas", Value: int32(len(c.idx) + 1)}}, nil
}

func (s *Server) dropDatabase(r *request) (D, error) {
	st := s.St
	db := r.db
	for _, c := range st.dbs[db] {
		s.drop(c)
	}
	delete(st.dbs, db)
	return D{{Key: "dropped", Value: db}}, nil
}

func (s *Server) createIndexes(r *request) (D, error) {
	st := s.St
	c := st.coll(r.db, r.collection(), true)
	before := len(c.idx) + 1
	for _, x := range arr(r.cmd, "indexes") {
		raw := x.(D)
		if err := indexLacks(raw); err != nil {
			return nil, err
		}
		if str(raw, "name") == "_id_" {
			continue
		}
		made, err := st.addIndex(c, append(D{{Key: "v", Value: int32(2)}}, unset(raw, "v")...))
		if err != nil {
			return nil, err
		}
		if made {
			st.record(D{{Key: "c", Value: c.ns()}, {Key: "index", Value: raw}})
		}
	}
	return D{{Key: "numIndexesBefore", Value: int32(before)}, {Key: "numIndexesAfter", Value: int32(len(c.idx) + 1)}, {Key: "createdCollectionAutomatically", Value: false}}, nil
}

func (s *Server) listIndexes(r *request) (D, error) {
	st := s.St
	db, cn := r.db, r.collection()
	c := st.coll(db, cn, false)
	if c == nil {
		return nil, errf(26, "NamespaceNotFound", "ns does not exist: %s.%s", db, cn)
	}
	l := []D{{{Key: "v", Value: int32(2)}, {Key: "key", Value: D{{Key: "_id", Value: int32(1)}}}, {Key: "name", Value: "_id_"}}}
	for _, ix := range c.idx {
		l = append(l, ix.raw)
	}
	return s.first(c.ns(), l, 0, false)
}

func (s *Server) dropIndexes(r *request) (D, error) {
	st := s.St
	c := st.coll(r.db, r.collection(), false)
	n := str(r.cmd, "index")
	if c == nil || n != "*" && !c.dropIndex(n) {
		return nil, errf(27, "IndexNotFound", "index not found with name [%s]", n)
	}
	if n == "*" {
		c.idx = nil
	}
	st.record(D{{Key: "c", Value: c.ns()}, {Key: "dropIndex", Value: n}})
	return D{}, nil
}

func (s *Server) drop(c *coll) {
	st := s.St
	delete(st.dbs[c.db], c.name)
	st.log = append(st.log, event{ts: st.tick(), op: "drop", db: c.db, coll: c.name})
	st.record(D{{Key: "c", Value: c.ns()}, {Key: "drop", Value: true}})
	st.cond.Broadcast()
}
