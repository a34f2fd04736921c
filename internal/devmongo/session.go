package devmongo

import (
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

type retry struct {
	num   int64
	reply D
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
