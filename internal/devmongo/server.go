package devmongo

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/internal/fault"
)

// Server serves one Store.
type Server struct {
	St      *Store
	l       net.Listener
	addr    string
	cursors map[int64]*cursor
	nextCur int64
	connID  atomic.Int32
	done    map[string]*retry // retryable writes: last reply per session
	elect   bson.ObjectID
	stop    chan struct{}
	once    sync.Once
	wg      sync.WaitGroup
	connMu  sync.Mutex
	conns   map[net.Conn]struct{}
}

type retry struct {
	num   int64
	reply D
}

type cursor struct {
	ns    string
	docs  []D
	watch *watch
}

type watch struct {
	db, coll string
	all      bool
	rest     A // stages after $changeStream
	ts       bson.Timestamp
	n        int32 // last delivered
	full     string
}

// Marker is in buildInfo.modules, so that clients can tell this server from MongoDB.
const Marker = "turnkey-devmongo"

// Listen starts a server on addr, which must be on loopback: there is no authentication.
func Listen(st *Store, addr string) (*Server, error) {
	if host, _, err := net.SplitHostPort(addr); err != nil || host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return nil, fault.New(fault.Invalid, "devmongo_address", "The development MongoDB listens on loopback only, not on "+addr+".").
			WithHint("For anything else run a real MongoDB replica set and set TURNKEY_MONGODB_URI.")
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "devmongo_address", "The development MongoDB cannot listen on "+addr+".")
	}
	s := &Server{
		St: st, l: l, addr: l.Addr().String(), cursors: map[int64]*cursor{}, done: map[string]*retry{}, elect: bson.NewObjectID(),
		stop: make(chan struct{}), conns: map[net.Conn]struct{}{},
	}
	s.wg.Go(s.accept)
	s.wg.Go(s.reap)
	return s, nil
}

func (s *Server) accept() {
	for {
		c, err := s.l.Accept()
		if err != nil {
			return
		}
		s.connMu.Lock()
		select {
		case <-s.stop:
			_ = c.Close()
		default:
			s.conns[c] = struct{}{}
			s.wg.Go(func() { s.serve(c) })
		}
		s.connMu.Unlock()
	}
}

// reap ends what has outlived its time, once a second.
func (s *Server) reap() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.St.mu.Lock()
			s.St.reap()
			s.St.mu.Unlock()
		}
	}
}

// URI of the server.
func (s *Server) URI() string { return "mongodb://" + s.addr + "/?replicaSet=rs0" }

// Close ends every connection and waits for everything that was started.
func (s *Server) Close() {
	s.once.Do(func() {
		s.connMu.Lock()
		close(s.stop)
		_ = s.l.Close()
		for c := range s.conns {
			_ = c.Close()
		}
		s.connMu.Unlock()
		s.St.mu.Lock()
		s.St.cond.Broadcast() // wakes change streams that wait
		s.St.mu.Unlock()
	})
	s.wg.Wait()
}

func (s *Server) closing() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

func (s *Server) forget(c net.Conn) {
	_ = c.Close()
	s.connMu.Lock()
	delete(s.conns, c)
	s.connMu.Unlock()
}

func (s *Server) serve(c net.Conn) {
	defer s.forget(c)
	id := s.connID.Add(1)
	r := bufio.NewReaderSize(c, 64<<10)
	var hdr [16]byte
	for {
		if _, err := io.ReadFull(r, hdr[:]); err != nil {
			return
		}
		n := int(binary.LittleEndian.Uint32(hdr[:]))
		if n < 16 || n > 48<<20+1<<16 {
			return
		}
		b := make([]byte, n-16)
		if _, err := io.ReadFull(r, b); err != nil {
			return
		}
		reqID := binary.LittleEndian.Uint32(hdr[4:])
		op := binary.LittleEndian.Uint32(hdr[12:])
		var cmd D
		var err error
		flags := uint32(0)
		switch op {
		case 2013:
			cmd, flags, err = parseMsg(b)
		case 2004:
			cmd, err = parseQuery(b)
		default:
			return
		}
		if err != nil {
			return
		}
		reply := s.run(cmd, id)
		if op == 2013 && flags&2 != 0 { // moreToCome: no answer wanted
			continue
		}
		out, err := bson.Marshal(reply)
		if err != nil {
			out, _ = bson.Marshal(D{{Key: "ok", Value: 0.0}, {Key: "code", Value: int32(1)}, {Key: "errmsg", Value: err.Error()}})
		}
		var m []byte
		if op == 2013 {
			m = make([]byte, 0, len(out)+21)
			m = binary.LittleEndian.AppendUint32(m, uint32(len(out)+21))
			m = binary.LittleEndian.AppendUint32(m, reqID+1)
			m = binary.LittleEndian.AppendUint32(m, reqID)
			m = binary.LittleEndian.AppendUint32(m, 2013)
			m = append(m, 0, 0, 0, 0, 0)
		} else {
			m = binary.LittleEndian.AppendUint32(m, uint32(len(out)+36))
			m = binary.LittleEndian.AppendUint32(m, reqID+1)
			m = binary.LittleEndian.AppendUint32(m, reqID)
			m = binary.LittleEndian.AppendUint32(m, 1)
			m = append(m, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0)
		}
		if _, err := c.Write(append(m, out...)); err != nil {
			return
		}
	}
}

func parseMsg(b []byte) (D, uint32, error) {
	bad := errors.New("bad message")
	if len(b) < 5 {
		return nil, 0, bad
	}
	flags := binary.LittleEndian.Uint32(b)
	end := len(b)
	if flags&1 != 0 {
		end -= 4
	}
	var cmd D
	seqs := D{}
	for p := 4; p < end; {
		kind := b[p]
		p++
		if p+4 > end {
			return nil, 0, bad
		}
		n := int(binary.LittleEndian.Uint32(b[p:]))
		if n < 5 || p+n > end {
			return nil, 0, bad
		}
		sec := b[p : p+n]
		p += n
		if kind == 0 {
			if err := bson.Unmarshal(sec, &cmd); err != nil {
				return nil, 0, err
			}
			continue
		}
		sec = sec[4:]
		i := strings.IndexByte(string(sec), 0)
		if i < 0 {
			return nil, 0, bad
		}
		name := string(sec[:i])
		sec = sec[i+1:]
		var docs A
		for len(sec) >= 5 {
			m := int(binary.LittleEndian.Uint32(sec))
			if m < 5 || m > len(sec) {
				return nil, 0, bad
			}
			var d D
			if err := bson.Unmarshal(sec[:m], &d); err != nil {
				return nil, 0, err
			}
			docs = append(docs, d)
			sec = sec[m:]
		}
		seqs = append(seqs, E{Key: name, Value: docs})
	}
	return append(cmd, seqs...), flags, nil
}

func parseQuery(b []byte) (D, error) {
	i := strings.IndexByte(string(b[4:]), 0)
	if i < 0 || len(b) < 4+i+1+8+5 {
		return nil, errors.New("bad query")
	}
	var d D
	err := bson.Unmarshal(b[4+i+1+8:], &d)
	if q, ok := val(d, "$query").(D); ok {
		d = q
	}
	db, _, _ := strings.Cut(string(b[4:4+i]), ".")
	return append(d, E{Key: "$db", Value: db}), err
}

func (s *Server) run(cmd D, connID int32) (reply D) {
	if len(cmd) == 0 {
		return fail(errf(9, "FailedToParse", "empty command"))
	}
	st := s.St
	st.mu.Lock()
	defer st.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			reply = fail(errf(8, "UnknownError", "panic: %v", r))
		}
		if _, ok := get(reply, "ok"); !ok {
			reply = append(reply, E{Key: "ok", Value: 1.0})
		}
		reply = append(reply, E{Key: "$clusterTime", Value: D{{Key: "clusterTime", Value: st.last}, {Key: "signature", Value: D{{Key: "hash", Value: bson.Binary{Data: make([]byte, 20)}}, {Key: "keyId", Value: int64(0)}}}}}, E{Key: "operationTime", Value: st.last})
	}()
	name, db := cmd[0].Key, str(cmd, "$db")
	sess := ""
	if l, ok := val(cmd, "lsid").(D); ok {
		sess = key(val(l, "id"))
	}
	tn, hasTxn := get(cmd, "txnNumber")
	ac, hasAC := get(cmd, "autocommit")
	var t *txn
	if hasAC && !truthy(ac) { // multi-document transaction
		num := toI(tn)
		t = st.txns[sess]
		if truthy(val(cmd, "startTransaction")) {
			if t != nil {
				st.abort(t)
			}
			t = &txn{lsid: sess, num: num, start: st.last, over: map[*entry]D{}, created: time.Now()}
			st.txns[sess] = t
		} else if t == nil || t.num != num {
			if name == "abortTransaction" {
				return D{}
			}
			if r := s.done[sess]; r != nil && r.num == num && name == "commitTransaction" {
				return r.reply
			}
			e := errf(251, "NoSuchTransaction", "Given transaction number %d does not match any in-progress transactions.", num)
			e.Labels = []string{"TransientTransactionError"}
			return fail(e)
		}
	} else if hasTxn { // retryable write
		if r := s.done[sess]; r != nil && r.num == toI(tn) {
			return append(append(D{}, r.reply...), E{Key: "retriedStmtIds", Value: A{int32(0)}})
		}
	}
	r, err := s.dispatch(name, db, cmd, t, connID)
	if err != nil {
		if t != nil {
			st.abort(t) // any error ends the transaction
		}
		var e *Err
		if !errors.As(err, &e) {
			e = errf(8, "UnknownError", "%v", err)
		}
		return fail(e)
	}
	if t != nil && len(arr(r, "writeErrors")) > 0 {
		st.abort(t)
	}
	if hasTxn && (t == nil || name == "commitTransaction") {
		s.done[sess] = &retry{toI(tn), r}
	}
	return r
}

func fail(e *Err) D {
	d := D{{Key: "ok", Value: 0.0}, {Key: "errmsg", Value: e.Msg}, {Key: "code", Value: e.Code}, {Key: "codeName", Value: e.Name}}
	if len(e.Labels) > 0 {
		l := A{}
		for _, x := range e.Labels {
			l = append(l, x)
		}
		d = append(d, E{Key: "errorLabels", Value: l})
	}
	return append(d, e.Extra...)
}

func (s *Server) dispatch(name, db string, cmd D, t *txn, connID int32) (D, error) {
	st := s.St
	cn := str(cmd, name)
	switch strings.ToLower(name) {
	case "hello", "ismaster":
		return D{{Key: "helloOk", Value: true}, {Key: "ismaster", Value: true}, {Key: "isWritablePrimary", Value: true}, {Key: "secondary", Value: false}, {Key: "setName", Value: "rs0"}, {Key: "setVersion", Value: int32(1)}, {Key: "electionId", Value: s.elect},
			{Key: "hosts", Value: A{s.addr}}, {Key: "me", Value: s.addr}, {Key: "primary", Value: s.addr}, {Key: "lastWrite", Value: D{{Key: "opTime", Value: D{{Key: "ts", Value: st.last}, {Key: "t", Value: int64(1)}}}, {Key: "lastWriteDate", Value: now()}}},
			{Key: "maxBsonObjectSize", Value: int32(16 << 20)}, {Key: "maxMessageSizeBytes", Value: int32(48000000)}, {Key: "maxWriteBatchSize", Value: int32(100000)}, {Key: "localTime", Value: now()},
			{Key: "logicalSessionTimeoutMinutes", Value: int32(30)}, {Key: "connectionId", Value: connID}, {Key: "minWireVersion", Value: int32(0)}, {Key: "maxWireVersion", Value: int32(21)}, {Key: "readOnly", Value: false}}, nil
	case "ping", "endsessions", "killsessions", "refreshsessions", "fsync", "logrotate":
		return D{}, nil
	case "buildinfo":
		return D{{Key: "modules", Value: A{Marker}}, {Key: "version", Value: "7.0.0"}, {Key: "versionArray", Value: A{int32(7), int32(0), int32(0), int32(0)}}, {Key: "bits", Value: int32(64)}, {Key: "maxBsonObjectSize", Value: int32(16 << 20)}}, nil
	case "serverstatus":
		return D{{Key: "host", Value: s.addr}, {Key: "version", Value: "7.0.0"}, {Key: "process", Value: "turnkey-devmongo"}, {Key: "repl", Value: D{{Key: "setName", Value: "rs0"}}}}, nil
	case "connectionstatus":
		return D{{Key: "authInfo", Value: D{{Key: "authenticatedUsers", Value: A{}}, {Key: "authenticatedUserRoles", Value: A{}}, {Key: "authenticatedUserPrivileges", Value: A{}}}}}, nil
	case "getparameter":
		return D{{Key: "featureCompatibilityVersion", Value: D{{Key: "version", Value: "7.0"}}}}, nil
	case "replsetgetstatus":
		return D{{Key: "set", Value: "rs0"}, {Key: "myState", Value: int32(1)}, {Key: "members", Value: A{D{{Key: "_id", Value: int32(0)}, {Key: "name", Value: s.addr}, {Key: "state", Value: int32(1)}, {Key: "stateStr", Value: "PRIMARY"}, {Key: "self", Value: true}}}}}, nil
	case "committransaction":
		if t != nil {
			st.commit(t, doc(cmd, "lsid"))
		}
		return D{}, nil
	case "aborttransaction":
		if t != nil {
			st.abort(t)
		}
		return D{}, nil
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
		return s.first(db+".$cmd.listCollections", l, 0, false), nil
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
				return nil, errf(238, "NotImplemented", "create: %s", e.Key)
			}
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
			for _, e := range raw {
				if e.Key == "collation" || e.Key == "weights" || e.Key == "2dsphereIndexVersion" {
					return nil, errf(238, "NotImplemented", "createIndexes: %s", e.Key)
				}
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
		return s.first(c.ns(), l, 0, false), nil
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
		return s.writes(cmd, arr(cmd, "documents"), t, func(x D) (D, error) {
			c := st.coll(db, cn, true)
			return D{{Key: "n", Value: int32(1)}}, s.insert(c, x, t)
		})
	case "update":
		var upserted A
		i := int32(-1)
		r, err := s.writes(cmd, arr(cmd, "updates"), t, func(x D) (D, error) {
			i++
			r, up, err := s.update(st.coll(db, cn, true), x, t)
			if up != nil {
				upserted = append(upserted, D{{Key: "index", Value: i}, {Key: "_id", Value: val(up, "_id")}})
			}
			return r, err
		})
		if err == nil && upserted != nil {
			r = append(r, E{Key: "upserted", Value: upserted})
		}
		if _, ok := get(r, "nModified"); !ok && err == nil {
			r = append(r, E{Key: "nModified", Value: int32(0)})
		}
		return r, err
	case "delete":
		return s.writes(cmd, arr(cmd, "deletes"), t, func(x D) (D, error) {
			c := st.coll(db, cn, false)
			n := int32(0)
		again:
			var es []*entry
			if err := st.scan(c, t, doc(x, "q"), func(e *entry, _ D) bool { es = append(es, e); return num(x, "limit") != 1 }); err != nil {
				return nil, err
			}
			for _, e := range es {
				if err := s.put(t, c, e, nil, "delete"); err == errRetry {
					goto again
				} else if err != nil {
					return nil, err
				}
				n++
			}
			return D{{Key: "n", Value: n}}, nil
		})
	case "findandmodify":
		return s.findAndModify(db, st.coll(db, str(cmd, name), true), cmd, t)
	case "find":
		c := st.coll(db, cn, false)
		l, err := s.query(c, t, doc(cmd, "filter"), doc(cmd, "sort"), num(cmd, "skip"), num(cmd, "limit"))
		if err != nil {
			return nil, err
		}
		if _, ok := get(cmd, "collation"); ok {
			return nil, errf(238, "NotImplemented", "find: collation")
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
		return s.first(db+"."+cn, l, bs, truthy(val(cmd, "singleBatch"))), nil
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
		return s.aggregate(db, cmd, t)
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
	return nil, errf(59, "CommandNotFound", "no such command: '%s'", name)
}

func (s *Server) drop(c *coll) {
	st := s.St
	delete(st.dbs[c.db], c.name)
	ts := st.tick()
	st.log = append(st.log, event{ts, 0, D{{Key: "_id", Value: D{{Key: "_data", Value: token(ts, 0)}}}, {Key: "operationType", Value: "drop"}, {Key: "clusterTime", Value: ts}, {Key: "ns", Value: D{{Key: "db", Value: c.db}, {Key: "coll", Value: c.name}}}}})
	st.record(D{{Key: "c", Value: c.ns()}, {Key: "drop", Value: true}})
	st.cond.Broadcast()
}

// put outside a transaction waits for a lock held by a transaction; inside, it conflicts at once.
func (s *Server) put(t *txn, c *coll, e *entry, d D, op string) error {
	end := time.Now().Add(30 * time.Second)
	for {
		err := s.St.put(t, c, e, d, op, end)
		var x *Err
		if t != nil || err == nil || !errors.As(err, &x) || x.Code != 112 || time.Now().After(end) {
			return err
		}
		tm := time.AfterFunc(50*time.Millisecond, s.St.cond.Broadcast)
		s.St.cond.Wait()
		tm.Stop()
		if t == nil && op != "insert" {
			return errRetry // the document may have changed meanwhile: evaluate again
		}
	}
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
		if s.St.read(e, t) != nil || e.locked == nil && e.cur != nil && e.cur.doc != nil {
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

// first makes the first batch of a cursor. bs 0: everything (for metadata) or, with watch, nothing.
func (s *Server) first(ns string, l []D, bs int64, single bool) D {
	n := min(len(l), int(bs))
	if bs == 0 && (strings.Contains(ns, "$cmd.list") || single) {
		n = len(l)
	}
	n = fit(l, n)
	id := int64(0)
	if n < len(l) && !single {
		s.nextCur++
		id = s.nextCur<<8 | 1
		s.cursors[id] = &cursor{ns: ns, docs: l[n:]}
	}
	return D{{Key: "cursor", Value: D{{Key: "firstBatch", Value: toA(l[:n])}, {Key: "id", Value: id}, {Key: "ns", Value: ns}}}}
}

// fit keeps a batch under 16 MB.
func fit(l []D, n int) int {
	size := 0
	for i := 0; i < n; i++ {
		b, _ := bson.Marshal(l[i])
		if size += len(b); size > 15<<20 && i > 0 {
			return i
		}
	}
	return n
}

func toA(l []D) A {
	a := make(A, len(l))
	for i := range l {
		a[i] = l[i]
	}
	return a
}

func (s *Server) getMore(cmd D) (D, error) {
	id := num(cmd, "getMore")
	c := s.cursors[id]
	if c == nil {
		return nil, errf(43, "CursorNotFound", "cursor id %d not found", id)
	}
	bs := num(cmd, "batchSize")
	if c.watch != nil {
		wait := time.Second
		if v, ok := get(cmd, "maxTimeMS"); ok {
			wait = time.Duration(toI(v)) * time.Millisecond
		}
		end := time.Now().Add(wait)
		for {
			evs, tok, err := s.poll(c.watch, bs)
			if err != nil {
				delete(s.cursors, id)
				return nil, err
			}
			if len(evs) > 0 || !time.Now().Before(end) || s.closing() {
				return D{{Key: "cursor", Value: D{{Key: "nextBatch", Value: toA(evs)}, {Key: "id", Value: id}, {Key: "ns", Value: c.ns}, {Key: "postBatchResumeToken", Value: tok}}}}, nil
			}
			tm := time.AfterFunc(time.Until(end), s.St.cond.Broadcast)
			s.St.cond.Wait()
			tm.Stop()
			if s.cursors[id] == nil {
				return nil, errf(237, "CursorKilled", "cursor was killed")
			}
		}
	}
	n := len(c.docs)
	if bs > 0 {
		n = min(n, int(bs))
	}
	n = fit(c.docs, n)
	l := c.docs[:n]
	c.docs = c.docs[n:]
	if len(c.docs) == 0 {
		delete(s.cursors, id)
		id = 0
	}
	return D{{Key: "cursor", Value: D{{Key: "nextBatch", Value: toA(l)}, {Key: "id", Value: id}, {Key: "ns", Value: c.ns}}}}, nil
}

// poll delivers the events after the watch position.
func (s *Server) poll(w *watch, max int64) ([]D, D, error) {
	log := s.St.log
	i := sort.Search(len(log), func(i int) bool {
		c := cmp(log[i].ts, w.ts)
		return c > 0 || c == 0 && log[i].n > w.n
	})
	var out []D
	for ; i < len(log); i++ {
		ev := log[i]
		w.ts, w.n = ev.ts, ev.n
		ns := doc(ev.doc, "ns")
		if !w.all && (str(ns, "db") != w.db || w.coll != "" && str(ns, "coll") != w.coll) {
			continue
		}
		d := ev.doc
		if str(d, "operationType") == "update" && w.full == "" {
			d = unset(d, "fullDocument")
		}
		keep := true
		for _, x := range w.rest {
			stg, _ := x.(D)
			if len(stg) != 1 {
				continue
			}
			switch stg[0].Key {
			case "$match":
				f, _ := stg[0].Value.(D)
				ok, err := match(d, f)
				if err != nil {
					return nil, nil, err
				}
				keep = keep && ok
			case "$project":
				p, _ := stg[0].Value.(D)
				var err error
				if d, err = project(d, p); err != nil {
					return nil, nil, err
				}
			}
		}
		if keep {
			out = append(out, d)
			if max > 0 && int64(len(out)) >= max || len(out) >= 5000 {
				return out, D{{Key: "_data", Value: token(w.ts, w.n)}}, nil
			}
		}
	}
	if len(out) == 0 { // caught up: the token may move to now
		if cmp(s.St.last, w.ts) > 0 {
			w.ts, w.n = s.St.last, 1<<30
		}
	}
	return out, D{{Key: "_data", Value: token(w.ts, w.n)}}, nil
}

func (s *Server) openWatch(db, cn string, spec D, rest A, bs int64) (D, error) {
	st := s.St
	w := &watch{db: db, coll: cn, all: truthy(val(spec, "allChangesForCluster")), rest: rest, ts: st.last, n: 1 << 30, full: str(spec, "fullDocument")}
	if w.full == "default" {
		w.full = ""
	}
	tok := doc(spec, "resumeAfter")
	if tok == nil {
		tok = doc(spec, "startAfter")
	}
	if tok != nil {
		var T, I, n uint32
		if k, _ := fmt.Sscanf(str(tok, "_data"), "82%08X%08X2B%08X", &T, &I, &n); k != 3 {
			return nil, errf(260, "InvalidResumeToken", "Bad resume token: %v", tok)
		}
		w.ts, w.n = bson.Timestamp{T: T, I: I}, int32(n)
	} else if ts, ok := val(spec, "startAtOperationTime").(bson.Timestamp); ok {
		w.ts, w.n = ts, -1
	}
	if cmp(w.ts, st.trimmed) < 0 {
		e := errf(286, "ChangeStreamHistoryLost", "Resume of change stream was not possible, as the resume point may no longer be in the oplog.")
		e.Labels = []string{"NonResumableChangeStreamError"}
		return nil, e
	}
	evs, ptok, err := s.poll(w, max(bs, 1))
	if err != nil {
		return nil, err
	}
	s.nextCur++
	id := s.nextCur<<8 | 2
	ns := db + ".$cmd.aggregate"
	if cn != "" {
		ns = db + "." + cn
	}
	s.cursors[id] = &cursor{ns: ns, watch: w}
	return D{{Key: "cursor", Value: D{{Key: "firstBatch", Value: toA(evs)}, {Key: "id", Value: id}, {Key: "ns", Value: ns}, {Key: "postBatchResumeToken", Value: ptok}}}}, nil
}

func (s *Server) aggregate(db string, cmd D, t *txn) (D, error) {
	cn := str(cmd, "aggregate")
	p := arr(cmd, "pipeline")
	bs := int64(101)
	if c, ok := val(cmd, "cursor").(D); ok {
		if v, ok := get(c, "batchSize"); ok {
			bs = toI(v)
		}
	}
	stage := func(i int) (string, any) {
		d, _ := p[i].(D)
		if len(d) != 1 {
			return "", nil
		}
		return d[0].Key, d[0].Value
	}
	if len(p) > 0 {
		if k, v := stage(0); k == "$changeStream" {
			spec, _ := v.(D)
			return s.openWatch(db, cn, spec, p[1:], bs)
		}
	}
	start := D{}
	from := 0
	if len(p) > 0 {
		if k, v := stage(0); k == "$match" {
			start, _ = v.(D)
			from = 1
		}
	}
	l, err := s.query(s.St.coll(db, cn, false), t, start, nil, 0, 0)
	if err != nil {
		return nil, err
	}
	for i := from; i < len(p); i++ {
		k, v := stage(i)
		d, _ := v.(D)
		switch k {
		case "$match":
			var o []D
			for _, x := range l {
				ok, err := match(x, d)
				if err != nil {
					return nil, err
				}
				if ok {
					o = append(o, x)
				}
			}
			l = o
		case "$sort":
			sortDocs(l, d)
		case "$skip":
			l = l[min(int64(len(l)), toI(v)):]
		case "$limit":
			l = l[:min(int64(len(l)), toI(v))]
		case "$sample":
			l = l[:min(int64(len(l)), num(d, "size"))]
		case "$count":
			if len(l) > 0 {
				l = []D{{{Key: v.(string), Value: int32(len(l))}}}
			}
		case "$collStats":
			l = []D{{{Key: "ns", Value: db + "." + cn}, {Key: "count", Value: int32(len(l))}}}
		case "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith":
			o := make([]D, len(l))
			for j := range l {
				if o[j], err = pipeStage(l[j], k, v); err != nil {
					return nil, err
				}
			}
			l = o
		case "$unwind":
			path, _ := v.(string)
			if d != nil {
				path = str(d, "path")
			}
			path = strings.TrimPrefix(path, "$")
			var o []D
			for _, x := range l {
				f, ok := at(x, path)
				a, isA := f.(A)
				if !ok || f == nil {
					continue
				}
				if !isA {
					o = append(o, x)
					continue
				}
				for _, e := range a {
					n, err := setPath(x, path, e)
					if err != nil {
						return nil, err
					}
					o = append(o, n.(D))
				}
			}
			l = o
		case "$lookup":
			o := make([]D, len(l))
			other, err := s.query(s.St.coll(db, str(d, "from"), false), t, nil, nil, 0, 0)
			if err != nil {
				return nil, err
			}
			for j, x := range l {
				lv := lookup(x, str(d, "localField"))
				hits := A{}
				for _, y := range other {
					fv := lookup(y, str(d, "foreignField"))
					if anyOf(fv, func(f any) bool { return anyOf(lv, func(g any) bool { return cmp(f, g) == 0 }) }) {
						hits = append(hits, y)
					}
				}
				o[j] = set(x, str(d, "as"), hits)
			}
			l = o
		case "$group":
			if l, err = group(l, d); err != nil {
				return nil, err
			}
		default:
			return nil, errf(40324, "Location40324", "Unrecognized pipeline stage name: '%s'", k)
		}
	}
	return s.first(db+"."+cn, l, bs, false), nil
}

func group(l []D, spec D) ([]D, error) {
	type g struct {
		id   any
		docs []D
	}
	var order []*g
	m := map[string]*g{}
	for _, x := range l {
		id, err := eval(x, val(spec, "_id"))
		if err != nil {
			return nil, err
		}
		if _, ms := id.(missing); ms {
			id = nil
		}
		k := key(id)
		if m[k] == nil {
			m[k] = &g{id: id}
			order = append(order, m[k])
		}
		m[k].docs = append(m[k].docs, x)
	}
	var out []D
	for _, grp := range order {
		d := D{{Key: "_id", Value: grp.id}}
		for _, f := range spec {
			if f.Key == "_id" {
				continue
			}
			acc, _ := f.Value.(D)
			if len(acc) != 1 {
				return nil, errf(40234, "Location40234", "The field '%s' must be an accumulator object", f.Key)
			}
			var vals A
			for _, x := range grp.docs {
				v, err := eval(x, acc[0].Value)
				if err != nil {
					return nil, err
				}
				vals = append(vals, v)
			}
			var r any
			switch acc[0].Key {
			case "$sum", "$avg", "$count":
				r = int32(0)
				n := 0
				for _, v := range vals {
					if acc[0].Key == "$count" {
						v = int32(1)
					}
					if _, ok := toF(v); ok {
						r, _ = arith("$add", r, v)
						n++
					}
				}
				if acc[0].Key == "$avg" {
					if f, _ := toF(r); n > 0 {
						r = f / float64(n)
					} else {
						r = nil
					}
				}
			case "$max", "$min":
				r, _ = evalOp(D{}, acc[0].Key, A{D{{Key: "$literal", Value: vals}}})
			case "$first":
				r = vals[0]
			case "$last":
				r = vals[len(vals)-1]
			case "$push":
				r = vals
			case "$addToSet":
				o := A{}
				seen := map[string]bool{}
				for _, v := range vals {
					if !seen[key(v)] {
						seen[key(v)] = true
						o = append(o, v)
					}
				}
				r = o
			default:
				return nil, errf(15952, "Location15952", "unknown group operator '%s'", acc[0].Key)
			}
			d = append(d, E{Key: f.Key, Value: r})
		}
		out = append(out, d)
	}
	return out, nil
}
