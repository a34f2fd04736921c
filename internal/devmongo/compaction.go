package devmongo

import (
	"bufio"
	"errors"
	"os"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A journal is compacted when it has grown by more than what the last compaction left, at least by
// compactAfter: so the file is at most about twice what is stored, and each byte is copied a bounded
// number of times.
const (
	defaultCompactAfter = 64 << 20
	newSuffix           = ".new"
	snapshotBatch       = 1 << 20 // about the bytes of documents in one record of a snapshot
)

// snapshot is what a compaction writes: pointers to what was committed at one moment. Documents never
// change once they are committed, so the store goes on meanwhile.
type snapshot struct {
	colls    []collSnapshot
	sessions []D
}

type collSnapshot struct {
	ns      string
	opts    D
	indexes []D
	docs    []D
}

// snapshot of what is committed. The caller holds mu.
func (s *Store) snapshot() *snapshot {
	snap := &snapshot{}
	for _, cs := range s.dbs {
		for _, c := range cs {
			one := collSnapshot{ns: c.ns(), opts: c.opts, docs: make([]D, 0, len(c.docs))}
			for _, ix := range c.idx {
				one.indexes = append(one.indexes, ix.raw)
			}
			c.each(func(e *entry) bool {
				if e.cur != nil && e.cur.doc != nil && c.docs[e.key] == e {
					one.docs = append(one.docs, e.cur.doc)
				}
				return true
			})
			snap.colls = append(snap.colls, one)
		}
	}
	for _, se := range s.sessions {
		if m := se.memory(); m != nil {
			snap.sessions = append(snap.sessions, m)
		}
	}
	return snap
}

// records calls f for each record of the snapshot.
func (snap *snapshot) records(ts bson.Timestamp, f func(D) error) error {
	if err := f(D{{Key: "t", Value: ts}}); err != nil {
		return err
	}
	for _, c := range snap.colls {
		if err := f(D{{Key: "c", Value: c.ns}, {Key: "create", Value: c.opts}}); err != nil {
			return err
		}
		for _, ix := range c.indexes {
			if err := f(D{{Key: "c", Value: c.ns}, {Key: "index", Value: ix}}); err != nil {
				return err
			}
		}
		if err := c.records(f); err != nil {
			return err
		}
	}
	for _, se := range snap.sessions {
		if err := f(D{{Key: "s", Value: se}}); err != nil {
			return err
		}
	}
	return nil
}

func (c collSnapshot) records(f func(D) error) error {
	var batch A
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := f(D{{Key: "w", Value: batch}})
		batch, size = nil, 0
		return err
	}
	for _, d := range c.docs {
		raw, err := encode(d)
		if err != nil {
			return err
		}
		batch = append(batch, D{{Key: "c", Value: c.ns}, {Key: "i", Value: val(d, "_id")}, {Key: "d", Value: raw}})
		if size += len(raw); size > snapshotBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// compactIfDue starts a compaction when the journal has grown enough. The caller holds mu.
func (s *Store) compactIfDue() {
	j := s.journal
	j.mu.Lock()
	due := !j.copying && j.err == nil && j.size-j.base > max(s.compactAfter, j.base)
	if due {
		j.copying, j.tail = true, nil
	}
	seq := j.appended
	j.mu.Unlock()
	if due {
		snap, ts := s.snapshot(), s.last
		s.background.Go(func() { j.compact(snap, seq, ts) })
	}
}

// compact writes the snapshot to a new file, then what was committed meanwhile, and puts the new file
// in the old one's place in one step. A kill at any moment leaves one whole journal. If it fails, the
// old file goes on.
func (j *journal) compact(snap *snapshot, seq int64, ts bson.Timestamp) {
	f, size, err := j.writeSnapshot(snap, seq, ts)
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.flushing {
		j.turn.Wait()
	}
	if err == nil && j.err == nil {
		err = j.replace(f, size)
	}
	if err != nil {
		_ = os.Remove(j.path + newSuffix)
		j.base = j.size // another try when it has grown as much again
	}
	j.copying, j.tail = false, nil
	j.turn.Broadcast()
}

// writeSnapshot writes the records of a snapshot of everything up to seq.
func (j *journal) writeSnapshot(snap *snapshot, seq int64, ts bson.Timestamp) (f *os.File, size int64, err error) {
	if f, err = os.OpenFile(j.path+newSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err != nil {
		return nil, 0, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	n, err := w.WriteString(magic)
	size = int64(n)
	err = errors.Join(err, snap.records(ts, func(d D) error {
		body, err := encode(d)
		if err != nil {
			return err
		}
		n, err := w.Write(appendFrame(nil, seq, body))
		size += int64(n)
		return err
	}))
	if err = errors.Join(err, w.Flush()); err == nil && j.sync {
		err = f.Sync() // most of it now, while commits go on
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, size, nil
}

// replace completes the new file and renames it over the old one. All that was appended is in it then.
// The caller holds mu.
func (j *journal) replace(f *os.File, size int64) error {
	n, err := f.Write(j.tail)
	if err == nil && j.sync {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(j.path+newSuffix, j.path)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if j.sync {
		j.err = syncFolder(j.path)
	}
	_ = j.file.Close() // its name is gone
	j.file, j.base, j.size = f, size, size+int64(n)
	j.pending, j.durable = j.pending[:0], j.appended
	j.compactions++
	return nil
}
