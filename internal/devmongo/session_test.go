package devmongo

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// wire sends commands of hand-made sessions, as a client whose connections die and come back: each
// call may be another connection, and the server can't tell.
type wire struct {
	t *testing.T
	s *Server
}

var wireLsid = D{{Key: "id", Value: bson.Binary{Subtype: 4, Data: []byte("0123456789abcdef")}}}

// call runs a command and returns its reply as a client would decode it.
func (w wire) call(cmd D) D {
	w.t.Helper()
	raw, err := encode(append(cmd, E{Key: "$db", Value: "d"}))
	if err != nil {
		w.t.Fatal(err)
	}
	var sent D
	if err := bson.Unmarshal(raw, &sent); err != nil {
		w.t.Fatal(err)
	}
	reply, ok := w.s.perform(&conn{}, sent)
	if !ok {
		w.t.Fatal("the journal failed")
	}
	if raw, err = encode(reply); err != nil {
		w.t.Fatal(err)
	}
	if reply, err = decode(raw); err != nil {
		w.t.Fatal(err)
	}
	return reply
}

// numbered adds session and transaction number.
func numbered(num int64, cmd D, more ...E) D {
	return append(append(slices.Clip(cmd), E{Key: "lsid", Value: wireLsid}, E{Key: "txnNumber", Value: num}), more...)
}

func inTxn(num int64, cmd D) D { return numbered(num, cmd, E{Key: "autocommit", Value: false}) }

func begins(num int64, cmd D) D {
	return numbered(num, cmd, E{Key: "autocommit", Value: false}, E{Key: "startTransaction", Value: true})
}

func inserts(id any) D {
	return D{{Key: "insert", Value: "c"}, {Key: "documents", Value: A{D{{Key: "_id", Value: id}}}}}
}

func increments(id any) D {
	return D{{Key: "update", Value: "c"}, {Key: "updates", Value: A{D{{Key: "q", Value: D{{Key: "_id", Value: id}}}, {Key: "u", Value: D{{Key: "$inc", Value: D{{Key: "n", Value: int32(1)}}}}}, {Key: "upsert", Value: true}}}}}
}

var (
	commits = D{{Key: "commitTransaction", Value: 1}}
	aborts  = D{{Key: "abortTransaction", Value: 1}}
)

// answers fails unless the reply has the code (0: ok), and the label with it exactly if labelled.
func (w wire) answers(what string, reply D, code int64, labelled bool) {
	w.t.Helper()
	has := slices.Contains(arr(reply, "errorLabels"), any(labelTransient))
	if num(reply, "code") != code || (num(reply, "ok") == 1) != (code == 0) || has != labelled {
		w.t.Errorf("%s: %v", what, reply)
	}
}

func (w wire) count(id any) int {
	w.t.Helper()
	reply := w.call(D{{Key: "count", Value: "c"}, {Key: "query", Value: D{{Key: "_id", Value: id}}}})
	return int(num(reply, "n"))
}

func open1(t *testing.T, o Options) (wire, *Store) {
	t.Helper()
	st, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(st, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return wire{t, s}, st
}

// other is a transaction of another session that wants the same document.
func (w wire) other(num int64) D {
	cmd := D{}
	for _, e := range begins(num, increments("hot")) {
		if e.Key == "lsid" {
			e.Value = D{{Key: "id", Value: bson.Binary{Subtype: 4, Data: []byte("another session!")}}}
		}
		cmd = append(cmd, e)
	}
	return w.call(cmd)
}

// TestOrphans: a transaction whose client is gone keeps its locks until something ends it.
func TestOrphans(t *testing.T) {
	var clock atomic.Int64
	clock.Store(time.Now().Unix())
	for what, c := range map[string]struct {
		end func(wire) D
		ok  bool // the orphan was ended
		old bool // by a higher number
	}{
		"nothing":                    {func(w wire) D { return nil }, false, false},
		"its lifetime":               {func(w wire) D { clock.Add(61); return nil }, true, false},
		"less than its lifetime":     {func(w wire) D { clock.Add(59); return nil }, false, false},
		"killSessions":               {func(w wire) D { return D{{Key: "killSessions", Value: A{wireLsid}}} }, true, false},
		"killSessions of others":     {func(w wire) D { return D{{Key: "killSessions", Value: A{D{{Key: "id", Value: "x"}}}}} }, false, false},
		"killAllSessions":            {func(w wire) D { return D{{Key: "killAllSessions", Value: A{}}} }, true, false},
		"endSessions":                {func(w wire) D { return D{{Key: "endSessions", Value: A{wireLsid}}} }, true, false},
		"abortTransaction":           {func(w wire) D { return inTxn(5, aborts) }, true, false},
		"a higher number":            {func(w wire) D { return begins(6, D{{Key: "find", Value: "c"}}) }, true, true},
		"a higher number, no txn":    {func(w wire) D { return numbered(6, inserts("y")) }, true, true},
		"a statement out of nowhere": {func(w wire) D { return inTxn(6, inserts("y")) }, false, false},
	} {
		t.Run(what, func(t *testing.T) {
			w, _ := open1(t, Options{Now: func() time.Time { return time.Unix(clock.Load(), 0) }})
			w.answers("prepare", w.call(increments("hot")), 0, false)
			w.answers("orphan", w.call(begins(5, increments("hot"))), 0, false)
			w.answers("while it is open", w.other(1), 112, true)
			if cmd := c.end(w); cmd != nil {
				w.call(cmd)
			}
			if !c.ok {
				w.answers("another's write", w.other(2), 112, true)
				w.answers("its commit", w.call(inTxn(5, commits)), 0, false)
				return
			}
			w.answers("another's write", w.other(2), 0, false)
			code, labelled := int64(251), true
			if c.old {
				code, labelled = 225, false
			}
			w.answers("its commit", w.call(inTxn(5, commits)), code, labelled)
			w.answers("its next statement", w.call(inTxn(5, increments("hot"))), code, labelled)
		})
	}
}

func TestTransactionNumbers(t *testing.T) {
	w, _ := open1(t, Options{})
	w.answers("statement of nothing", w.call(inTxn(1, inserts(1))), 251, true)
	w.answers("commit of nothing", w.call(inTxn(1, commits)), 251, true)
	w.answers("begin", w.call(begins(1, inserts(1))), 0, false)
	w.answers("begin twice", w.call(begins(1, inserts(2))), 50911, false)
	w.answers("commit", w.call(inTxn(1, commits)), 0, false)
	w.answers("commit again", w.call(inTxn(1, commits)), 0, false)
	w.answers("statement after commit", w.call(inTxn(1, inserts(3))), 256, false)
	w.answers("abort after commit", w.call(inTxn(1, aborts)), 256, false)
	w.answers("retryable write under its number", w.call(numbered(1, inserts(3))), 50911, false)
	w.answers("begin", w.call(begins(2, inserts(3))), 0, false)
	w.answers("abort", w.call(inTxn(2, aborts)), 0, false)
	w.answers("abort again", w.call(inTxn(2, aborts)), 251, true)
	w.answers("commit after abort", w.call(inTxn(2, commits)), 251, true)
	w.answers("an older number", w.call(begins(1, inserts(4))), 225, false)
	w.answers("an error", w.call(begins(3, inserts(1))), 0, false) // writeErrors
	w.answers("after an error", w.call(inTxn(3, inserts(5))), 251, true)
	w.answers("not in a transaction", w.call(begins(4, D{{Key: "count", Value: "c"}})), 263, false)
	if w.count(1) != 1 || w.count(2)+w.count(3)+w.count(4)+w.count(5) != 0 {
		t.Error("the documents are not those of the committed transaction")
	}
}

// TestRepeatedStatements: retryable writes and commits are applied once, also after a restart.
func TestRepeatedStatements(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	w, st := open1(t, Options{Path: path, CompactAfter: 1})
	modify := D{{Key: "findAndModify", Value: "c"}, {Key: "query", Value: D{{Key: "_id", Value: "m"}}}, {Key: "update", Value: D{{Key: "$inc", Value: D{{Key: "n", Value: int32(1)}}}}}, {Key: "upsert", Value: true}, {Key: "new", Value: true}}
	second := D{{Key: "id", Value: "second"}}
	third := D{{Key: "id", Value: "third"}}
	with := func(lsid, cmd D) D { return set(cmd, "lsid", lsid) }
	check := func(when string, retried bool) {
		t.Helper()
		for what, reply := range map[string]D{
			"increment": w.call(numbered(9, increments("a"))), "findAndModify": w.call(with(second, numbered(9, modify))),
		} {
			if _, again := get(reply, "retriedStmtIds"); num(reply, "ok") != 1 || again != retried || num(reply, "n") != 1 && num(doc(reply, "value"), "n") != 1 {
				t.Errorf("%s, %s: %v", when, what, reply)
			}
		}
	}
	check("first", false)
	check("again", true)
	w.answers("transaction", w.call(with(third, begins(1, increments("t")))), 0, false)
	w.answers("commit", w.call(with(third, inTxn(1, commits))), 0, false)
	for round := range 2 {
		w.s.Close()
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		w, st = open1(t, Options{Path: path, CompactAfter: 1})
		check("after a restart", true)
		w.answers("commit again", w.call(with(third, inTxn(1, commits))), 0, false)
		for _, id := range []any{"a", "m", "t"} {
			reply := w.call(D{{Key: "count", Value: "c"}, {Key: "query", Value: D{{Key: "_id", Value: id}, {Key: "n", Value: 1}}}})
			if num(reply, "n") != 1 {
				t.Errorf("round %d: %v was not applied once", round, id)
			}
		}
		w.call(inserts(round)) // something to compact
	}
	// Of a batch that was done in part, the rest is done.
	batch := func(ids ...any) D {
		docs := A{}
		for _, id := range ids {
			docs = append(docs, D{{Key: "_id", Value: id}})
		}
		return numbered(10, D{{Key: "insert", Value: "c"}, {Key: "documents", Value: docs}})
	}
	w.call(batch("x"))
	if reply := w.call(batch("x", "y")); num(reply, "n") != 2 || len(arr(reply, "retriedStmtIds")) != 1 || w.count("y") != 1 {
		t.Errorf("the rest of a batch: %v", reply)
	}
}

// TestPhantomDuplicate: what was inserted after a transaction began is a write conflict for it, not a
// duplicate, as in MongoDB.
func TestPhantomDuplicate(t *testing.T) {
	w, _ := open1(t, Options{})
	w.call(D{{Key: "createIndexes", Value: "c"}, {Key: "indexes", Value: A{D{{Key: "key", Value: D{{Key: "e", Value: 1}}}, {Key: "name", Value: "e"}, {Key: "unique", Value: true}}}}})
	w.answers("begin", w.call(begins(1, D{{Key: "find", Value: "c"}})), 0, false)
	w.call(D{{Key: "insert", Value: "c"}, {Key: "documents", Value: A{D{{Key: "_id", Value: 1}, {Key: "e", Value: 1}}}}})
	w.answers("same _id", w.call(inTxn(1, inserts(1))), 112, true)
	w.answers("begin", w.call(begins(2, D{{Key: "find", Value: "c"}})), 0, false)
	w.call(D{{Key: "insert", Value: "c"}, {Key: "documents", Value: A{D{{Key: "_id", Value: 2}, {Key: "e", Value: 2}}}}})
	w.answers("same key", w.call(inTxn(2, D{{Key: "insert", Value: "c"}, {Key: "documents", Value: A{D{{Key: "_id", Value: 3}, {Key: "e", Value: 2}}}}})), 112, true)
}

// TestDeadConnection: with the real driver, whose client is closed in mid-transaction.
func TestDeadConnection(t *testing.T) {
	s, cl := start(t, "")
	gone, err := mongo.Connect(options.Client().ApplyURI(s.URI()))
	if err != nil {
		t.Fatal(err)
	}
	session, err := gone.StartSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.StartTransaction(); err != nil {
		t.Fatal(err)
	}
	c := gone.Database("d").Collection("c")
	if _, err := c.InsertOne(mongo.NewSessionContext(t.Context(), session), bson.D{{Key: "_id", Value: 1}}); err != nil {
		t.Fatal(err)
	}
	s.connMu.Lock()
	for c := range s.conns { // all connections die, also those that would end the session
		_ = c.Close()
	}
	s.connMu.Unlock()
	insert := func() error {
		other, err := cl.StartSession()
		if err != nil {
			return err
		}
		defer other.EndSession(t.Context())
		if err := other.StartTransaction(); err != nil {
			return err
		}
		if _, err = cl.Database("d").Collection("c").InsertOne(mongo.NewSessionContext(t.Context(), other), bson.D{{Key: "_id", Value: 1}}); err != nil {
			return err
		}
		return other.CommitTransaction(t.Context())
	}
	if err := cl.Ping(t.Context(), nil); err != nil {
		_ = cl.Ping(t.Context(), nil) // the pool has learnt that its connections are dead
	}
	var said mongo.CommandError
	if err := insert(); !errors.As(err, &said) || said.Code != 112 || !said.HasErrorLabel(labelTransient) {
		t.Fatalf("beside the orphan: %v", err)
	}
	id := session.ID()
	if err := cl.Database("admin").RunCommand(t.Context(), bson.D{{Key: "killSessions", Value: bson.A{id}}}).Err(); err != nil {
		t.Fatal(err)
	}
	if err := insert(); err != nil {
		t.Fatalf("after killSessions: %v", err)
	}
	_ = gone.Disconnect(context.Background())
}
