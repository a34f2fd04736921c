package devmongo

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// conn is one connection.
type conn struct {
	net.Conn
	id  int32
	app string // the client's appName, from its hello
}

// request is one command while it runs.
type request struct {
	cmd      D
	name, db string // the name in lower case
	conn     *conn
	session  *session // of a numbered command: a transaction or a retryable write
	txn      *txn
	stmt     int32 // of a retryable write: the statement that runs
	retried  A     // its statements that had been done before
	until    time.Time
}

// numbered reports that the request is a retryable write: its statements are remembered.
func (r *request) numbered() bool { return r.session != nil && r.txn == nil && r.session.is == writing }

// ended remembers the outcome of the statement and returns what the journal keeps of it, in the same
// record as its write.
func (r *request) ended(o outcome) D {
	if !r.numbered() {
		return nil
	}
	r.session.done[r.stmt] = o
	return r.session.mark(r.stmt, o)
}

// statement is the number that the client gives the i-th statement.
func (r *request) statement(i int) int32 {
	if ids := arr(r.cmd, "stmtIds"); i < len(ids) {
		return int32(toI(ids[i]))
	}
	return int32(num(r.cmd, "stmtId")) + int32(i)
}

// outcome of the statement that is to run, if it is a retry.
func (r *request) outcome() (o outcome, done bool) {
	if r.numbered() {
		o, done = r.session.done[r.stmt]
	}
	return o, done
}

// undo takes back what ended told.
func (r *request) undo() {
	if r.numbered() {
		delete(r.session.done, r.stmt)
	}
}

// expired reports that the time which the client gave the command is over.
func (r *request) expired() bool { return !r.until.IsZero() && !time.Now().Before(r.until) }

// allowedInTransaction are the commands that MongoDB takes in a transaction.
var allowedInTransaction = []string{"insert", "update", "delete", "find", "findandmodify", "aggregate", "distinct", "getmore", "killcursors", "create", "createindexes", "committransaction", "aborttransaction"}

// run executes a command from beginning to end and returns the reply, and which record of the journal
// must be durable before it is sent.
func (s *Server) run(c *conn, cmd D) (reply D, after int64) {
	st := s.St
	r := &request{cmd: cmd, name: strings.ToLower(cmd[0].Key), db: str(cmd, "$db"), conn: c}
	if ms := num(cmd, "maxTimeMS"); ms > 0 && r.name != "getmore" {
		r.until = time.Now().Add(time.Duration(ms) * time.Millisecond)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	reply, err := s.execute(r)
	if err != nil {
		reply = s.refuse(r, err)
	}
	if r.session != nil && r.txn == nil && r.session.busy && r.session.is == writing {
		r.session.busy = false
		st.cond.Broadcast()
	}
	if _, ok := get(reply, "ok"); !ok {
		reply = append(reply, E{Key: "ok", Value: 1.0})
	}
	reply = append(reply, E{Key: "$clusterTime", Value: D{{Key: "clusterTime", Value: st.last}, {Key: "signature", Value: signature}}}, E{Key: "operationTime", Value: st.last})
	if r.waits() {
		after = st.appended
	}
	return reply, after
}

// signature of the cluster time: there is no authentication, so nobody checks it.
var signature = D{{Key: "hash", Value: bson.Binary{Data: make([]byte, 20)}}, {Key: "keyId", Value: int64(0)}}

// waits reports that the reply tells of things which must not be lost: a commit or a write, also one
// that changed nothing or met a duplicate, because another's commit may be why; and a majority read.
func (r *request) waits() bool {
	switch r.name {
	case "hello", "ismaster", "ping", "getmore", "killcursors", "endsessions", "aborttransaction":
		return false
	case "find", "aggregate", "count", "distinct":
		level := str(doc(r.cmd, "readConcern"), "level")
		return r.txn == nil && (level == "majority" || level == "linearizable" || level == "snapshot")
	case "committransaction":
		return true
	}
	return r.txn == nil
}

// execute checks session and transaction and dispatches.
func (s *Server) execute(r *request) (reply D, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p) // a request that nobody foresaw must not end the server
		}
	}()
	if _, ok := get(r.cmd, "txnNumber"); ok {
		if err := s.St.admit(r); err != nil {
			return nil, err
		}
	}
	if r.txn != nil && !slices.Contains(allowedInTransaction, r.name) {
		return nil, errf(263, "OperationNotSupportedInTransaction", "Cannot run '%s' in a multi-document transaction.", r.cmd[0].Key)
	}
	if reply, err = s.dispatch(r); err != nil {
		return nil, err
	}
	if r.txn != nil && r.txn.session.txn == r.txn && len(arr(reply, "writeErrors")) > 0 {
		s.St.abort(r.txn)
	}
	if len(r.retried) > 0 {
		reply = append(reply, E{Key: "retriedStmtIds", Value: r.retried})
	}
	return reply, nil
}

// refuse turns an error into a reply. Any error ends the transaction.
func (s *Server) refuse(r *request, err error) D {
	if r.txn != nil && r.txn.session.txn == r.txn {
		s.St.abort(r.txn)
	}
	var e *Err
	if !errors.As(err, &e) {
		e = errf(8, "UnknownError", "%v", err)
	}
	if r.txn == nil && slices.Contains(e.Labels, labelTransient) && e.Code == 112 {
		plain := *e
		plain.Labels = nil // the label is for transactions
		e = &plain
	}
	return fail(e)
}
