package devmongo

import (
	"errors"
	"sync"
	"time"

	"github.com/tidwall/btree"
	"go.mongodb.org/mongo-driver/v2/bson"
)

type coll struct {
	db, name  string
	docs      map[string]*entry
	order     *btree.BTreeG[*entry] // by seq
	ids       *ordered
	idx       []*index
	validator D
	opts      D
	uuid      [16]byte
}

func (c *coll) ns() string { return c.db + "." + c.name }

// Options of a store.
type Options struct {
	// Path of the journal; empty: in memory only.
	Path string
	// Sync makes every acknowledged commit wait until the journal is on disk. Without it a commit waits
	// for the operating system only: it survives a kill -9 of the process, but no power cut.
	Sync bool
	// CompactAfter is by how many bytes the journal grows before it is compacted. Zero: 64 MB.
	CompactAfter int64
	// Events is how many of the newest changes are kept for change streams that resume. Zero: 200,000.
	Events int
	// TransactionLifetime ends transactions that stay open longer, as transactionLifetimeLimitSeconds
	// does. Zero: 60 s.
	TransactionLifetime time.Duration
	// Now is the clock of commit times, transactions, sessions and TTL indexes. Nil: time.Now.
	Now func() time.Time
}

const defaultEvents = 200_000

// Store is the whole server state; mu guards everything.
type Store struct {
	mu       sync.Mutex
	cond     *sync.Cond // something was committed, aborted or killed
	dbs      map[string]map[string]*coll
	last     bson.Timestamp
	seq      int64
	log      []event
	trimmed  bson.Timestamp // events up to here are gone
	sessions map[string]*session
	open     map[*txn]struct{} // transactions in progress
	graves   []grave
	now      func() time.Time
	lifetime time.Duration

	journal      *journal // nil: in memory only
	appended     int64    // sequence number of the newest record
	compactAfter int64
	events       int
	background   sync.WaitGroup
}

// Open makes a store and replays its journal. A torn tail, from a kill in mid-write, is dropped: it was
// never acknowledged.
func Open(o Options) (*Store, error) {
	s := &Store{dbs: map[string]map[string]*coll{}, sessions: map[string]*session{}, open: map[*txn]struct{}{},
		now: o.Now, lifetime: o.TransactionLifetime, compactAfter: o.CompactAfter, events: o.Events}
	if s.now == nil {
		s.now = time.Now
	}
	if s.lifetime == 0 {
		s.lifetime = 60 * time.Second
	}
	if s.events == 0 {
		s.events = defaultEvents
	}
	if s.compactAfter == 0 {
		s.compactAfter = defaultCompactAfter
	}
	s.cond = sync.NewCond(&s.mu)
	if o.Path != "" {
		j, err := openJournal(o.Path, o.Sync, s.replay)
		if err != nil {
			return nil, err
		}
		s.rebuild()
		s.journal, s.appended = j, j.appended
	}
	s.trimmed = s.tick() // change streams can't resume from before
	return s, nil
}

// Dropped is how many bytes of a torn record Open found at the journal's end and cut off. They were
// never acknowledged.
func (s *Store) Dropped() int64 {
	if s.journal == nil {
		return 0
	}
	return s.journal.dropped
}

// Close ends the store's work and closes the journal. The server must have been closed before.
func (s *Store) Close() error {
	s.background.Wait()
	if s.journal == nil {
		return nil
	}
	return s.journal.close()
}

// durable returns when the records up to seq can't be lost any more.
func (s *Store) durable(seq int64) error {
	if s.journal == nil {
		return nil
	}
	return s.journal.wait(seq)
}

var errClosing = errors.New("the development MongoDB is closing")

func (s *Store) tick() bson.Timestamp {
	t := uint32(s.now().Unix())
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
		c = &coll{db: db, name: name, docs: map[string]*entry{}, ids: newOrdered(idIndex.keys)}
		c.order = btree.NewBTreeGOptions(func(a, b *entry) bool { return a.seq < b.seq }, btree.Options{NoLocks: true})
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
	c.order.Set(e)
	return e
}

// drop takes an entry that nobody sees out of the collection.
func (c *coll) drop(e *entry) {
	if c.docs[e.key] == e {
		delete(c.docs, e.key)
	}
	c.order.Delete(e)
}

// each calls f for the entries in the order of insertion; f returns false to stop.
func (c *coll) each(f func(*entry) bool) { c.order.Scan(f) }
