package devmongo

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Err is a command error as the server sends it.
type Err struct {
	Code   int32
	Name   string
	Msg    string
	Labels []string
	Extra  D
}

func (e *Err) Error() string { return e.Msg }
func errf(code int32, name, f string, a ...any) *Err {
	return &Err{Code: code, Name: name, Msg: fmt.Sprintf(f, a...)}
}
func conflict() *Err {
	return &Err{Code: 112, Name: "WriteConflict", Msg: "Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.", Labels: []string{"TransientTransactionError"}}
}

type version struct {
	ts   bson.Timestamp
	doc  D // nil: deleted
	prev *version
}

type entry struct {
	key    string
	id     any
	cur    *version // committed
	locked *txn     // has an uncommitted write
	seq    int64    // insertion order
}

type index struct {
	name           string
	keys           D
	unique, sparse bool
	partial        D
	ttl            int64
	raw            D
	vals           map[string]*uval // unique only
}

type uval struct {
	owner string // entry key
	by    *txn   // reserved by an open transaction
}

type coll struct {
	db, name  string
	docs      map[string]*entry
	order     []*entry
	idx       []*index
	validator D
	opts      D
	uuid      [16]byte
}

func (c *coll) ns() string { return c.db + "." + c.name }

type write struct {
	c    *coll
	e    *entry
	doc  D
	op   string // insert, update, replace, delete
	desc D
}

type txn struct {
	lsid    string
	num     int64
	start   bson.Timestamp
	over    map[*entry]D // own uncommitted state, nil: deleted
	writes  []write
	resv    []func() // undo unique reservations
	created time.Time
}

type event struct {
	ts  bson.Timestamp
	n   int32
	doc D
}

// Store is the whole server state; mu guards everything.
type Store struct {
	mu      sync.Mutex
	cond    *sync.Cond
	dbs     map[string]map[string]*coll
	last    bson.Timestamp
	seq     int64
	log     []event
	trimmed bson.Timestamp // events up to here are gone
	txns    map[string]*txn
	journal *os.File
	buf     *bufio.Writer
	// TxnLifetime ends transactions that stay open longer.
	TxnLifetime time.Duration
	// Sync makes every commit wait for fsync.
	Sync bool
}

func (s *Store) tick() bson.Timestamp {
	t := uint32(time.Now().Unix())
	if t > s.last.T {
		s.last = bson.Timestamp{T: t, I: 1}
	} else {
		s.last.I++
	}
	return s.last
}

func (s *Store) coll(db, name string, create bool) *coll {
	c := s.dbs[db][name]
	if c == nil && create {
		c = &coll{db: db, name: name, docs: map[string]*entry{}}
		id := bson.NewObjectID()
		copy(c.uuid[:], id[:])
		if s.dbs[db] == nil {
			s.dbs[db] = map[string]*coll{}
		}
		s.dbs[db][name] = c
		s.record(D{{Key: "c", Value: c.ns()}, {Key: "create", Value: c.opts}})
	}
	return c
}

// read gives the document as t (or everyone, t nil) sees it.
func (s *Store) read(e *entry, t *txn) D {
	if t != nil {
		if d, ok := t.over[e]; ok {
			return d
		}
		for v := e.cur; v != nil; v = v.prev {
			if cmp(v.ts, t.start) <= 0 {
				return v.doc
			}
		}
		return nil
	}
	if e.cur == nil {
		return nil
	}
	return e.cur.doc
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

// indexVals are the unique keys of a document (none: not indexed).
func (ix *index) indexVals(d D) []string {
	if d == nil {
		return nil
	}
	if ix.partial != nil {
		if ok, _ := match(d, ix.partial); !ok {
			return nil
		}
	}
	out := []string{""}
	any := false
	for _, k := range ix.keys {
		vals := lookup(d, k.Key)
		var ks []string
		for _, v := range vals {
			if a, ok := v.(A); ok && len(a) > 0 {
				for _, x := range a {
					ks = append(ks, key(x))
				}
				any = true
				continue
			}
			if _, m := v.(missing); !m {
				any = true
			}
			ks = append(ks, key(v))
		}
		var next []string
		for _, p := range out {
			for _, x := range ks {
				next = append(next, p+"\x00"+x)
			}
		}
		out = next
	}
	if ix.sparse && !any {
		return nil
	}
	return out
}

func dupErr(c *coll, ix *index, d D) *Err {
	kv := D{}
	var parts []string
	for _, k := range ix.keys {
		v, _ := at(d, k.Key)
		kv = append(kv, E{Key: k.Key, Value: v})
		parts = append(parts, fmt.Sprintf("%s: %#v", k.Key, v))
	}
	return &Err{Code: 11000, Name: "DuplicateKey", Msg: fmt.Sprintf("E11000 duplicate key error collection: %s index: %s dup key: { %s }", c.ns(), ix.name, strings.Join(parts, ", ")), Extra: D{{Key: "keyPattern", Value: ix.keys}, {Key: "keyValue", Value: kv}}}
}

var idIndex = &index{name: "_id_", keys: D{{Key: "_id", Value: int32(1)}}}

// put stages one write: in the transaction, or at once. The caller holds mu and has checked nothing.
func (s *Store) put(t *txn, c *coll, e *entry, d D, op string, wait time.Time) error {
	if d != nil {
		if b, err := bson.Marshal(d); err != nil {
			return errf(2, "BadValue", "%v", err)
		} else if len(b) > 16<<20 {
			return errf(10334, "BSONObjectTooLarge", "BSONObj size: %d is invalid. Size must be between 0 and 16793600(16MB)", len(b))
		}
		if c.validator != nil {
			if ok, err := match(d, c.validator); err != nil || !ok {
				return &Err{Code: 121, Name: "DocumentValidationFailure", Msg: "Document failed validation", Extra: D{{Key: "errInfo", Value: D{{Key: "failingDocumentId", Value: val(d, "_id")}}}}}
			}
		}
	}
	if t != nil && e.locked == nil && e.cur != nil && cmp(e.cur.ts, t.start) > 0 {
		return conflict()
	}
	if e.locked != nil && e.locked != t {
		return conflict()
	}
	before := s.read(e, t)
	var undo []func()
	for _, ix := range c.idx {
		if !ix.unique {
			continue
		}
		nv, ov := ix.indexVals(d), ix.indexVals(before)
		for _, v := range nv {
			u := ix.vals[v]
			if u != nil && u.owner != e.key && t != nil && u.by == t { // freed earlier in this transaction
				if o := c.docs[u.owner]; o != nil && !contains(ix.indexVals(s.read(o, t)), v) {
					was := u.owner
					u.owner = e.key
					undo = append(undo, func() { u.owner = was })
					continue
				}
			}
			if u != nil && u.owner != e.key {
				for _, f := range undo {
					f()
				}
				if u.by != nil && u.by != t {
					return conflict()
				}
				return dupErr(c, ix, d)
			}
			if u == nil {
				ix.vals[v] = &uval{e.key, t}
				undo = append(undo, func() { delete(ix.vals, v) })
			}
		}
		for _, v := range ov {
			if u := ix.vals[v]; u != nil && u.owner == e.key && !contains(nv, v) {
				if t == nil {
					delete(ix.vals, v)
					undo = append(undo, func() { ix.vals[v] = u })
				} else { // freed only at commit: until then others must conflict
					u.by = t
					undo = append(undo, func() { u.by = nil })
				}
			}
		}
	}
	w := write{c: c, e: e, doc: d, op: op}
	if t != nil {
		if e.locked == nil {
			e.locked = t
		}
		t.over[e] = d
		t.writes = append(t.writes, w)
		t.resv = append(t.resv, undo...)
		return nil
	}
	s.apply([]write{w}, nil, nil)
	return nil
}

func contains(l []string, v string) bool {
	for _, x := range l {
		if x == v {
			return true
		}
	}
	return false
}

// apply commits writes at one timestamp: versions, events, journal.
func (s *Store) apply(ws []write, t *txn, lsid D) bson.Timestamp {
	ts := s.tick()
	keep := len(s.txns) > 0
	rec := make(A, 0, len(ws))
	for i, w := range ws {
		e := w.e
		v := &version{ts: ts, doc: w.doc}
		if keep {
			v.prev = e.cur
			if e.cur != nil && e.cur.ts == ts { // same commit: nobody saw it
				v.prev = e.cur.prev
			}
		}
		e.cur = v
		if w.doc == nil && !keep {
			delete(w.c.docs, e.key)
			e.cur = nil
		} else {
			w.c.docs[e.key] = e // back again, when an earlier write of this commit took it out
		}
		r := D{{Key: "c", Value: w.c.ns()}, {Key: "i", Value: e.id}}
		if w.doc != nil {
			r = append(r, E{Key: "d", Value: w.doc})
		}
		rec = append(rec, r)
		ev := D{{Key: "_id", Value: D{{Key: "_data", Value: token(ts, int32(i))}}}, {Key: "operationType", Value: w.op}, {Key: "clusterTime", Value: ts}, {Key: "wallTime", Value: now()}}
		if t != nil {
			ev = append(ev, E{Key: "lsid", Value: lsid}, E{Key: "txnNumber", Value: t.num})
		}
		if w.op != "delete" {
			ev = append(ev, E{Key: "fullDocument", Value: w.doc})
		}
		ev = append(ev, E{Key: "ns", Value: D{{Key: "db", Value: w.c.db}, {Key: "coll", Value: w.c.name}}}, E{Key: "documentKey", Value: D{{Key: "_id", Value: e.id}}})
		if w.op == "update" {
			ev = append(ev, E{Key: "updateDescription", Value: D{{Key: "updatedFields", Value: D{}}, {Key: "removedFields", Value: A{}}, {Key: "truncatedArrays", Value: A{}}}})
		}
		s.log = append(s.log, event{ts, int32(i), ev})
	}
	if len(s.log) > 200000 {
		s.trimmed = s.log[100000].ts
		s.log = append([]event(nil), s.log[100001:]...)
	}
	s.record(D{{Key: "w", Value: rec}})
	s.cond.Broadcast()
	return ts
}

func token(ts bson.Timestamp, n int32) string {
	return fmt.Sprintf("82%08X%08X2B%08X", ts.T, ts.I, uint32(n))
}

func (s *Store) commit(t *txn, lsid D) {
	for e := range t.over {
		e.locked = nil
	}
	delete(s.txns, t.lsid)
	// settle unique keys
	for _, w := range t.writes {
		for _, ix := range w.c.idx {
			if !ix.unique {
				continue
			}
			final := ix.indexVals(t.over[w.e])
			if w.e.cur != nil {
				for _, v := range ix.indexVals(w.e.cur.doc) {
					if u := ix.vals[v]; u != nil && u.owner == w.e.key && !contains(final, v) {
						delete(ix.vals, v)
					}
				}
			}
			for _, v := range ix.indexVals(w.doc) {
				if u := ix.vals[v]; u != nil && u.owner == w.e.key {
					if contains(final, v) {
						u.by = nil
					} else {
						delete(ix.vals, v)
					}
				}
			}
		}
	}
	if len(t.writes) > 0 {
		s.apply(t.writes, t, lsid)
	}
	s.cond.Broadcast()
}

func (s *Store) abort(t *txn) {
	for i := len(t.resv) - 1; i >= 0; i-- {
		t.resv[i]()
	}
	for e := range t.over {
		e.locked = nil
	}
	for _, w := range t.writes {
		if w.e.cur == nil && w.e.locked == nil {
			delete(w.c.docs, w.e.key)
		}
	}
	delete(s.txns, t.lsid)
	s.cond.Broadcast()
}

func (c *coll) newEntry(s *Store, id any) *entry {
	s.seq++
	e := &entry{key: key(id), id: id, seq: s.seq}
	c.docs[e.key] = e
	c.order = append(c.order, e)
	if len(c.order) > 1024 && len(c.order) > 2*len(c.docs) {
		live := c.order[:0:0]
		for _, x := range c.order {
			if c.docs[x.key] == x {
				live = append(live, x)
			}
		}
		c.order = live
	}
	return e
}

func (c *coll) sorted(s *Store) {
	sort.SliceStable(c.order, func(i, j int) bool { return c.order[i].seq < c.order[j].seq })
}

// --- journal: a stream of BSON documents ---

func (s *Store) record(d D) {
	if s.buf == nil {
		return
	}
	b, err := bson.Marshal(d)
	if err != nil {
		panic(err)
	}
	s.buf.Write(b)
	s.buf.Flush()
	if s.Sync {
		s.journal.Sync()
	}
}

// Options of a store.
type Options struct {
	// Path of the journal; empty: in memory only.
	Path string
	// Sync makes every commit wait until the journal is on disk.
	Sync bool
}

// Open makes a store and replays its journal. A torn tail, from a kill in mid-write, is dropped.
func Open(o Options) (*Store, error) {
	path := o.Path
	s := &Store{dbs: map[string]map[string]*coll{}, txns: map[string]*txn{}, TxnLifetime: 60 * time.Second, Sync: o.Sync}
	s.cond = sync.NewCond(&s.mu)
	s.tick()
	s.trimmed = s.last
	if path == "" {
		return s, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	all, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	r, good := bytes.NewReader(all), 0
	for {
		var d D
		raw, err := bson.ReadDocument(r)
		if err != nil {
			break
		}
		if bson.Unmarshal(raw, &d) != nil {
			break
		}
		good += len(raw)
		s.replay(d)
	}
	if err := f.Truncate(int64(good)); err != nil { // a torn tail is dropped
		return nil, err
	}
	if _, err := f.Seek(int64(good), io.SeekStart); err != nil {
		return nil, err
	}
	for _, cs := range s.dbs { // unique keys are not journalled: built anew
		for _, c := range cs {
			for _, ix := range c.idx {
				if !ix.unique {
					continue
				}
				ix.vals = map[string]*uval{}
				for _, e := range c.order {
					if e.cur != nil {
						for _, v := range ix.indexVals(e.cur.doc) {
							ix.vals[v] = &uval{owner: e.key}
						}
					}
				}
			}
		}
	}
	s.log = nil
	s.trimmed = s.tick()
	s.journal, s.buf = f, bufio.NewWriterSize(f, 1<<16)
	return s, nil
}

func (s *Store) replay(d D) {
	for _, x := range arr(d, "w") {
		w := x.(D)
		db, name, _ := strings.Cut(str(w, "c"), ".")
		c := s.coll(db, name, true)
		id := val(w, "i")
		e := c.docs[key(id)]
		nd := doc(w, "d")
		if nd == nil {
			if e != nil {
				e.cur = nil
				delete(c.docs, e.key)
			}
			continue
		}
		if e == nil {
			e = c.newEntry(s, id)
		}
		e.cur = &version{ts: s.last, doc: nd}
	}
	if ns := str(d, "c"); ns != "" {
		db, name, _ := strings.Cut(ns, ".")
		if _, ok := get(d, "drop"); ok {
			delete(s.dbs[db], name)
			return
		}
		c := s.coll(db, name, true)
		if o, ok := get(d, "create"); ok {
			c.opts, _ = o.(D)
			c.validator = doc(c.opts, "validator")
		}
		if ix, ok := val(d, "index").(D); ok {
			s.addIndex(c, ix)
		}
		if n := str(d, "dropIndex"); n != "" {
			c.dropIndex(n)
		}
	}
}

func (c *coll) dropIndex(n string) bool {
	for i, ix := range c.idx {
		if ix.name == n || n == "*" {
			c.idx = append(c.idx[:i:i], c.idx[i+1:]...)
			if n != "*" {
				return true
			}
			return c.dropIndex(n) || true
		}
	}
	return false
}

func (s *Store) addIndex(c *coll, raw D) (bool, error) {
	ix := &index{name: str(raw, "name"), keys: doc(raw, "key"), unique: truthy(val(raw, "unique")), sparse: truthy(val(raw, "sparse")), partial: doc(raw, "partialFilterExpression"), raw: raw, ttl: -1}
	if v, ok := get(raw, "expireAfterSeconds"); ok {
		ix.ttl = toI(v)
	}
	for _, o := range c.idx {
		if o.name == ix.name {
			if cmp(o.keys, ix.keys) != 0 || o.unique != ix.unique {
				return false, errf(86, "IndexKeySpecsConflict", "An existing index has the same name as the requested index.")
			}
			return false, nil
		}
	}
	if ix.unique {
		ix.vals = map[string]*uval{}
		for _, e := range c.order {
			if e.cur == nil || c.docs[e.key] != e {
				continue
			}
			for _, v := range ix.indexVals(e.cur.doc) {
				if u := ix.vals[v]; u != nil && u.owner != e.key {
					return false, dupErr(c, ix, e.cur.doc)
				}
				ix.vals[v] = &uval{owner: e.key}
			}
		}
	}
	c.idx = append(c.idx, ix)
	return true, nil
}

// reap ends old transactions and expired (TTL) documents; the caller holds mu.
func (s *Store) reap() {
	for _, t := range s.txns {
		if time.Since(t.created) > s.TxnLifetime {
			s.abort(t)
		}
	}
	for _, cs := range s.dbs {
		for _, c := range cs {
			for _, ix := range c.idx {
				if ix.ttl < 0 || len(ix.keys) != 1 {
					continue
				}
				cut := now() - bson.DateTime(ix.ttl*1000)
				var gone []*entry
				for _, e := range c.order {
					if e.cur != nil && e.cur.doc != nil && e.locked == nil {
						if v, ok := at(e.cur.doc, ix.keys[0].Key); ok {
							if t, ok := v.(bson.DateTime); ok && t <= cut {
								gone = append(gone, e)
							}
						}
					}
				}
				for _, e := range gone {
					s.put(nil, c, e, nil, "delete", time.Time{})
				}
			}
		}
	}
}

// Close writes what is buffered and closes the journal. The server must have been closed before.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buf == nil {
		return nil
	}
	return errors.Join(s.buf.Flush(), s.journal.Close())
}
