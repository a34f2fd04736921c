package devmongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// sessionTimeout is logicalSessionTimeoutMinutes, as hello announces it.
const sessionTimeout = 30 * time.Minute

// reap ends what has outlived its time: transactions, sessions, and documents with a TTL index. The
// caller holds mu.
func (s *Store) reap() {
	for t := range s.open {
		s.expire(t)
	}
	for k, se := range s.sessions {
		if se.txn == nil && !se.busy && s.now().Sub(se.used) > sessionTimeout {
			delete(s.sessions, k)
		}
	}
	for _, cs := range s.dbs {
		for _, c := range cs {
			for _, ix := range c.idx {
				if ix.ttl >= 0 && len(ix.keys) == 1 {
					s.reapDocuments(c, ix)
				}
			}
		}
	}
}

// expire aborts a transaction that is older than it may be.
func (s *Store) expire(t *txn) bool {
	if t == nil || s.now().Sub(t.created) <= s.lifetime {
		return false
	}
	s.abort(t)
	return true
}

func (s *Store) reapDocuments(c *coll, ix *index) {
	cut := bson.NewDateTimeFromTime(s.now()) - bson.DateTime(ix.ttl*1000)
	var gone []*entry
	old := span{lo: edge{rank(cut), false}, hi: cut}
	ix.order.walk(old.reach(nil, ix.order.down[0]), false, func(it *item) bool {
		e := it.e
		if e.cur == nil || e.cur.doc == nil || e.locked != nil {
			return true
		}
		if v, ok := at(e.cur.doc, ix.keys[0].Key); ok {
			if t, ok := v.(bson.DateTime); ok && t <= cut {
				gone = append(gone, e)
			}
		}
		return true
	})
	for _, e := range gone {
		if e.cur != nil && e.cur.doc != nil { // it may be there under two keys
			_ = s.put(nil, c, e, nil, "delete", nil) // a conflict: next time
		}
	}
}
