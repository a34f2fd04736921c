package devmongo

import (
	"fmt"
	"sort"

	"go.mongodb.org/mongo-driver/v2/bson"
)

type watch struct {
	db, coll string
	all      bool
	rest     A // stages after $changeStream
	ts       bson.Timestamp
	n        int32 // last delivered
	full     string
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
		ev := &log[i]
		w.ts, w.n = ev.ts, ev.n
		if !w.all && (ev.db != w.db || w.coll != "" && ev.coll != w.coll) {
			continue
		}
		d := ev.document(w.full != "")
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

// event is a change as the log keeps it.
type event struct {
	ts       bson.Timestamp
	n        int32 // within the commit
	op       string
	db, coll string
	id       any
	doc      D
	txn      *txnID
}

type txnID struct {
	lsid D
	num  int64
}

// document is the event as change streams deliver it. We do not keep which fields an update changed.
func (ev *event) document(full bool) D {
	d := D{{Key: "_id", Value: D{{Key: "_data", Value: token(ev.ts, ev.n)}}}, {Key: "operationType", Value: ev.op}, {Key: "clusterTime", Value: ev.ts},
		{Key: "wallTime", Value: bson.DateTime(int64(ev.ts.T) * 1000)}}
	if ev.txn != nil {
		d = append(d, E{Key: "lsid", Value: ev.txn.lsid}, E{Key: "txnNumber", Value: ev.txn.num})
	}
	if ev.op == "insert" || ev.op == "replace" || ev.op == "update" && full {
		d = append(d, E{Key: "fullDocument", Value: ev.doc})
	}
	d = append(d, E{Key: "ns", Value: D{{Key: "db", Value: ev.db}, {Key: "coll", Value: ev.coll}}})
	if ev.op != "drop" {
		d = append(d, E{Key: "documentKey", Value: D{{Key: "_id", Value: ev.id}}})
	}
	if ev.op == "update" {
		d = append(d, E{Key: "updateDescription", Value: D{{Key: "updatedFields", Value: D{}}, {Key: "removedFields", Value: A{}}, {Key: "truncatedArrays", Value: A{}}}})
	}
	return d
}

func token(ts bson.Timestamp, n int32) string {
	return fmt.Sprintf("82%08X%08X2B%08X", ts.T, ts.I, uint32(n))
}
