package devmongo

import (
	"bufio"
	"os"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

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
					s.put(nil, c, e, nil, "delete")
				}
			}
		}
	}
}
