package devmongo

import (
	"sort"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func (s *Server) dispatch(r *request) (D, error) {
	st, db, cmd, t := s.St, r.db, r.cmd, r.txn
	cn, _ := cmd[0].Value.(string)
	switch r.name {
	case "hello", "ismaster":
		if client := doc(cmd, "client"); client != nil {
			r.conn.app = str(doc(client, "application"), "name")
		}
		return D{{Key: "helloOk", Value: true}, {Key: "ismaster", Value: true}, {Key: "isWritablePrimary", Value: true}, {Key: "secondary", Value: false}, {Key: "setName", Value: "rs0"}, {Key: "setVersion", Value: int32(1)}, {Key: "electionId", Value: s.elect},
			{Key: "hosts", Value: A{s.addr}}, {Key: "me", Value: s.addr}, {Key: "primary", Value: s.addr}, {Key: "lastWrite", Value: D{{Key: "opTime", Value: D{{Key: "ts", Value: st.last}, {Key: "t", Value: int64(1)}}}, {Key: "lastWriteDate", Value: now()}}},
			{Key: "maxBsonObjectSize", Value: int32(16 << 20)}, {Key: "maxMessageSizeBytes", Value: int32(48000000)}, {Key: "maxWriteBatchSize", Value: int32(100000)}, {Key: "localTime", Value: now()},
			{Key: "logicalSessionTimeoutMinutes", Value: int32(30)}, {Key: "connectionId", Value: r.conn.id}, {Key: "minWireVersion", Value: int32(0)}, {Key: "maxWireVersion", Value: int32(21)}, {Key: "readOnly", Value: false}}, nil
	case "ping", "refreshsessions", "fsync", "logrotate":
		return D{}, nil
	case "endsessions", "killsessions", "killallsessions":
		return D{}, st.killSessions(r)
	case "buildinfo":
		return D{{Key: "modules", Value: A{Marker}}, {Key: "version", Value: "7.0.0"}, {Key: "versionArray", Value: A{int32(7), int32(0), int32(0), int32(0)}}, {Key: "bits", Value: int32(64)}, {Key: "maxBsonObjectSize", Value: int32(16 << 20)}}, nil
	case "serverstatus":
		return D{{Key: "host", Value: s.addr}, {Key: "version", Value: "7.0.0"}, {Key: "process", Value: "turnkey-devmongo"}, {Key: "repl", Value: D{{Key: "setName", Value: "rs0"}}}}, nil
	case "connectionstatus":
		return D{{Key: "authInfo", Value: D{{Key: "authenticatedUsers", Value: A{}}, {Key: "authenticatedUserRoles", Value: A{}}, {Key: "authenticatedUserPrivileges", Value: A{}}}}}, nil
	case "configurefailpoint":
		return s.configureFailPoint(cmd)
	case "getparameter":
		return D{{Key: "featureCompatibilityVersion", Value: D{{Key: "version", Value: "7.0"}}}, {Key: lifetimeParameter, Value: int32(st.lifetime / time.Second)}}, nil
	case "setparameter":
		return s.setParameter(cmd)
	case "replsetgetstatus":
		return D{{Key: "set", Value: "rs0"}, {Key: "myState", Value: int32(1)}, {Key: "members", Value: A{D{{Key: "_id", Value: int32(0)}, {Key: "name", Value: s.addr}, {Key: "state", Value: int32(1)}, {Key: "stateStr", Value: "PRIMARY"}, {Key: "self", Value: true}}}}}, nil
	case "committransaction", "aborttransaction":
		return D{}, st.end(r)
	case "listdatabases":
		var l A
		for n, cs := range st.dbs {
			if len(cs) > 0 {
				l = append(l, D{{Key: "name", Value: n}, {Key: "sizeOnDisk", Value: int64(1)}, {Key: "empty", Value: false}})
			}
		}
		sort.Slice(l, func(i, j int) bool { return str(l[i].(D), "name") < str(l[j].(D), "name") })
		return D{{Key: "databases", Value: l}, {Key: "totalSize", Value: int64(1)}}, nil
	case "listcollections":
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
	case "create":
		if st.dbs[db][cn] != nil {
			return nil, errf(48, "NamespaceExists", "Collection %s.%s already exists.", db, cn)
		}
		o := D{}
		for _, e := range cmd[1:] {
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
	case "collmod":
		c := st.coll(db, cn, false)
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
	case "drop":
		c := st.coll(db, cn, false)
		if c == nil {
			return nil, errf(26, "NamespaceNotFound", "ns not found")
		}
		s.drop(c)
		return D{{Key: "ns", Value: db + "." + cn}, {Key: "nIndexesWas", Value: int32(len(c.idx) + 1)}}, nil
	case "dropdatabase":
		for _, c := range st.dbs[db] {
			s.drop(c)
		}
		delete(st.dbs, db)
		return D{{Key: "dropped", Value: db}}, nil
	case "createindexes":
		c := st.coll(db, cn, true)
		before := len(c.idx) + 1
		for _, x := range arr(cmd, "indexes") {
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
	case "listindexes":
		c := st.coll(db, cn, false)
		if c == nil {
			return nil, errf(26, "NamespaceNotFound", "ns does not exist: %s.%s", db, cn)
		}
		l := []D{{{Key: "v", Value: int32(2)}, {Key: "key", Value: D{{Key: "_id", Value: int32(1)}}}, {Key: "name", Value: "_id_"}}}
		for _, ix := range c.idx {
			l = append(l, ix.raw)
		}
		return s.first(c.ns(), l, 0, false)
	case "dropindexes":
		c := st.coll(db, cn, false)
		n := str(cmd, "index")
		if c == nil || n != "*" && !c.dropIndex(n) {
			return nil, errf(27, "IndexNotFound", "index not found with name [%s]", n)
		}
		if n == "*" {
			c.idx = nil
		}
		st.record(D{{Key: "c", Value: c.ns()}, {Key: "dropIndex", Value: n}})
		return D{}, nil
	case "insert":
		return s.writes(r, arr(cmd, "documents"), func(x D) (outcome, error) {
			o := outcome{n: 1}
			return o, s.insert(r, st.coll(db, cn, true), x, o)
		})
	case "update":
		return s.writes(r, arr(cmd, "updates"), func(x D) (outcome, error) { return s.update(r, st.coll(db, cn, true), x) })
	case "delete":
		return s.writes(r, arr(cmd, "deletes"), func(x D) (outcome, error) { return s.remove(r, st.coll(db, cn, false), x) })
	case "findandmodify":
		return s.findAndModify(r, st.coll(db, cn, true))
	case "find":
		if err := lacks("find", cmd, "collation", "let", "min", "max", "returnKey", "showRecordId", "tailable"); err != nil {
			return nil, err
		}
		c := st.coll(db, cn, false)
		l, err := s.query(c, t, doc(cmd, "filter"), doc(cmd, "sort"), num(cmd, "skip"), num(cmd, "limit"))
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
	case "count":
		l, err := s.query(st.coll(db, cn, false), t, doc(cmd, "query"), nil, num(cmd, "skip"), num(cmd, "limit"))
		return D{{Key: "n", Value: int32(len(l))}}, err
	case "distinct":
		l, err := s.query(st.coll(db, cn, false), t, doc(cmd, "query"), nil, 0, 0)
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
	case "aggregate":
		return s.aggregate(r)
	case "getmore":
		return s.getMore(cmd)
	case "killcursors":
		k := A{}
		for _, id := range arr(cmd, "cursors") {
			delete(s.cursors, toI(id))
			k = append(k, id)
		}
		st.cond.Broadcast()
		return D{{Key: "cursorsKilled", Value: k}, {Key: "cursorsNotFound", Value: A{}}, {Key: "cursorsAlive", Value: A{}}, {Key: "cursorsUnknown", Value: A{}}}, nil
	}
	return nil, unknown("command", r.name, theirCommands, errf(59, "CommandNotFound", "no such command: '%s'", cmd[0].Key))
}

func (s *Server) drop(c *coll) {
	st := s.St
	delete(st.dbs[c.db], c.name)
	st.log = append(st.log, event{ts: st.tick(), op: "drop", db: c.db, coll: c.name})
	st.record(D{{Key: "c", Value: c.ns()}, {Key: "drop", Value: true}})
	st.cond.Broadcast()
}
