package devmongo

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"turnkey/internal/fault"
)

// reopen gives the documents of d.c in the journal.
func reopen(t *testing.T, path string) []D {
	t.Helper()
	st, err := Open(Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	c := st.coll("d", "c", false)
	if c == nil {
		return nil
	}
	var l []D
	c.each(func(e *entry) bool {
		l = append(l, e.cur.doc)
		return true
	})
	return l
}

// TestTornTail cuts and damages a journal at every byte: what comes back is a prefix of the commits,
// each of them whole, and everything that was written before the damage.
func TestTornTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	w, st := open1(t, Options{Path: path, Sync: true})
	var ends []int64 // of the file, after each commit of two documents
	for n := range 5 {
		w.call(begins(int64(n), inserts(2*n)))
		w.call(inTxn(int64(n), inserts(2*n+1)))
		w.answers("commit", w.call(inTxn(int64(n), commits)), 0, false)
		ends = append(ends, st.journal.size)
	}
	w.s.Close()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged")
	for at := len(whole); at >= 0; at-- {
		want := 0
		for _, end := range ends {
			if int64(at) >= end {
				want += 2
			}
		}
		flipped := append([]byte(nil), whole...)
		if at < len(whole) {
			flipped[at] ^= 0x20
		}
		for what, b := range map[string][]byte{"cut": whole[:at], "damaged": flipped, "cut, with rubbish": append(whole[:at:at], 7, 0, 0, 0, 1, 2)} {
			if at < len(magic) && what != "cut" {
				continue // no journal of ours
			}
			if err := os.WriteFile(damaged, b, 0o600); err != nil {
				t.Fatal(err)
			}
			got := reopen(t, damaged)
			if len(got) != want {
				t.Fatalf("%s at %d: %d documents, want %d", what, at, len(got), want)
			}
			for i, d := range got {
				if num(d, "_id") != int64(i) {
					t.Fatalf("%s at %d: %v", what, at, got)
				}
			}
		}
	}
}

// TestCompaction: the file stays bounded while clients go on, and holds everything.
func TestCompaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	w, st := open1(t, Options{Path: path, Sync: true, CompactAfter: 20000})
	w.call(D{{Key: "createIndexes", Value: "c"}, {Key: "indexes", Value: A{D{{Key: "key", Value: D{{Key: "e", Value: 1}}}, {Key: "name", Value: "e"}, {Key: "sparse", Value: true}, {Key: "unique", Value: true}}}}})
	var clients sync.WaitGroup
	const each = 400
	for g := range 4 {
		clients.Go(func() {
			for range each {
				w.answers("increment", w.call(increments(g)), 0, false)
			}
		})
	}
	clients.Wait()
	w.s.Close()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if st.journal.compactions < 3 || info.Size() > 100000 {
		t.Errorf("%d compactions left %d bytes", st.journal.compactions, info.Size())
	}
	got := reopen(t, path)
	for _, d := range got {
		if num(d, "n") != each {
			t.Errorf("after the last compaction: %v", d)
		}
	}
	if len(got) != 4 {
		t.Errorf("documents: %v", got)
	}
}

// TestGroupCommit: commits that arrive during an fsync share the next one.
func TestGroupCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(path, true, func([]byte) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	j.flushing = true // as if somebody were at it
	const commits = 50
	var waiting sync.WaitGroup
	for i := range commits {
		seq := j.append(fmt.Appendf(nil, "commit %d", i))
		waiting.Go(func() {
			if err := j.wait(seq); err != nil {
				t.Error(err)
			}
		})
	}
	j.mu.Lock()
	j.flushing = false
	j.turn.Broadcast()
	j.mu.Unlock()
	waiting.Wait()
	if j.fsyncs != 1 || j.durable != commits {
		t.Errorf("%d commits took %d fsyncs, %d durable", commits, j.fsyncs, j.durable)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
}

// TestJournalFails: a commit that may be lost is not acknowledged.
func TestJournalFails(t *testing.T) {
	w, st := open1(t, Options{Path: filepath.Join(t.TempDir(), "journal"), Sync: true})
	w.answers("before", w.call(inserts(1)), 0, false)
	_ = st.journal.file.Close()
	if reply, ok := w.s.perform(&conn{}, append(inserts(2), E{Key: "$db", Value: "d"})); ok {
		t.Errorf("it answers %v", reply)
	}
	<-w.s.Failed()
}

func TestJournalInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	st, err := Open(Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Path: path}); !fault.Is(err, "devmongo_journal_in_use") {
		t.Errorf("a second server: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Path: path}); !fault.Is(err, "devmongo_journal") {
		t.Errorf("another file: %v", err)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte(magic), int64(1))
	f.Add(appendFrame(appendFrame([]byte(magic), 1, []byte("a")), 2, nil), int64(9))
	f.Fuzz(func(t *testing.T, b []byte, seq int64) {
		var bodies [][]byte
		good, _, ours, err := eachFrame(b, func(body []byte) error { bodies = append(bodies, body); return nil })
		if err != nil || good > len(b) || !ours && len(bodies) > 0 {
			t.Fatalf("good %d of %d, ours %v, %v", good, len(b), ours, err)
		}
		body, got, size, ok := nextFrame(appendFrame(nil, seq, b), 0)
		if !ok || string(body) != string(b) || got != seq || size != frameHeader+len(b) {
			t.Fatal("a frame does not come back")
		}
	})
}
