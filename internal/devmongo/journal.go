package devmongo

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

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

// Close writes what is buffered and closes the journal. The server must have been closed before.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buf == nil {
		return nil
	}
	return errors.Join(s.buf.Flush(), s.journal.Close())
}
