package devmongo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"turnkey/internal/fault"
)

// journal is the store's file. Records are appended in the order of commits and get sequence numbers;
// wait makes them durable, many commits with one fsync: who finds no flush under way flushes what all
// have appended so far, the others wait for that flush or do the next one.
//
//	commit A ── append 7 ── wait(7): flushes 7 ──────────────► acknowledged
//	commit B ──── append 8 ── wait(8): A flushes, waits ─► flushes 8 and 9 ─► acknowledged
//	commit C ────── append 9 ── wait(9): waits ─────────────────────────────► acknowledged
type journal struct {
	path string
	sync bool // wait for the disk, not only for the operating system
	lock *os.File

	mu          sync.Mutex
	turn        *sync.Cond // a flush has ended
	file        *os.File
	size        int64  // of the file
	pending     []byte // frames that are not in the file yet
	spare       []byte // the buffer of the last flush, used again
	appended    int64  // sequence number of the last record
	durable     int64  // and of the last one that a crash can't take
	flushing    bool
	fsyncs      int64
	dropped     int64  // bytes of the torn tail that opening cut off
	err         error  // the first failure; nothing is acknowledged after it
	copying     bool   // a compaction is under way:
	tail        []byte // the frames since its snapshot
	base        int64  // size of the file after the last compaction
	compactions int64
}

// openJournal opens the file of path, gives its records to replay and drops a torn tail.
func openJournal(path string, synced bool, replay func(body []byte) error) (j *journal, err error) {
	j = &journal{path: path, sync: synced}
	j.turn = sync.NewCond(&j.mu)
	if err := j.takeLock(); err != nil {
		return nil, err
	}
	lock := j.lock
	defer func() {
		if err != nil {
			_ = lock.Close()
		}
	}()
	_ = os.Remove(path + newSuffix) // of a compaction that was killed
	all, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	good, last, ours, err := eachFrame(all, replay)
	if err != nil {
		return nil, err
	}
	if !ours {
		return nil, fault.New(fault.Invalid, "devmongo_journal", path+" is no journal of this version of the development MongoDB.").
			WithHint("Move it away to start with empty databases.")
	}
	if j.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	j.dropped = int64(len(all) - good)
	if err := j.cut(good); err != nil {
		return nil, errors.Join(err, j.file.Close())
	}
	j.appended, j.durable = last, last
	return j, nil
}

// cut ends the file after its good bytes, and writes the magic line of a new one.
func (j *journal) cut(good int) error {
	if err := j.file.Truncate(int64(good)); err != nil {
		return err
	}
	if _, err := j.file.Seek(int64(good), 0); err != nil {
		return err
	}
	j.size = int64(good)
	if good == 0 {
		if _, err := j.file.WriteString(magic); err != nil {
			return err
		}
		j.size = int64(len(magic))
	}
	j.base = j.size
	if !j.sync {
		return nil
	}
	return errors.Join(j.file.Sync(), syncFolder(j.path))
}

// takeLock keeps a second server off the journal. The kernel gives the lock back however we end.
func (j *journal) takeLock() (err error) {
	if j.lock, err = os.OpenFile(j.path+".lock", os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err := syscall.Flock(int(j.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = j.lock.Close()
		return fault.Wrap(err, fault.Conflict, "devmongo_journal_in_use", "Another development MongoDB is using "+j.path+".").
			WithHint("Stop it, or choose another journal.")
	}
	return nil
}

// append adds a record and returns its sequence number. It does not wait.
func (j *journal) append(body []byte) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.appended++
	j.pending = appendFrame(j.pending, j.appended, body)
	if j.copying {
		j.tail = appendFrame(j.tail, j.appended, body)
	}
	return j.appended
}

// wait returns when the records up to seq are durable, or an error when they may not be.
func (j *journal) wait(seq int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.durable < seq && j.err == nil {
		if j.flushing {
			j.turn.Wait()
			continue
		}
		j.flush()
	}
	if j.durable < seq {
		return j.err
	}
	return nil
}

// flush writes what is pending. The caller holds mu, which is released meanwhile.
func (j *journal) flush() {
	b, upTo, file := j.pending, j.appended, j.file
	j.pending, j.spare = j.spare[:0], nil
	j.flushing = true
	j.mu.Unlock()
	_, err := file.Write(b)
	if err == nil && j.sync {
		err = file.Sync()
	}
	j.mu.Lock()
	j.flushing = false
	if j.sync {
		j.fsyncs++
	}
	if err != nil {
		j.err = fmt.Errorf("write the journal: %w", err)
	} else {
		j.durable = upTo
		j.size += int64(len(b))
	}
	if cap(b) <= maxSpare {
		j.spare = b
	}
	j.turn.Broadcast()
}

// maxSpare is the largest buffer that is kept for the next flush.
const maxSpare = 4 << 20

// close writes what is pending and gives the lock back.
func (j *journal) close() error {
	j.mu.Lock()
	last := j.appended
	j.mu.Unlock()
	return errors.Join(j.wait(last), j.file.Close(), j.lock.Close())
}

// syncFolder makes a file's name in its folder durable.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
