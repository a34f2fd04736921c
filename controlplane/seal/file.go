package seal

import (
	"os"
	"sync"
	"time"
)

// File is a keyset in a file that an operator may rotate while the program runs: it is read again
// when the file has changed. Safe for concurrent use.
type File struct {
	path string

	mu      sync.Mutex
	keys    *Keyset
	changed time.Time
	size    int64
}

// OpenFile reads the file for the first time.
func OpenFile(path string) (*File, error) {
	f := &File{path: path}
	return f, f.refresh()
}

// refresh reads the file if it is not the one that was read last.
func (f *File) refresh() error {
	info, err := os.Stat(f.path)
	if err == nil && f.keys != nil && info.ModTime().Equal(f.changed) && info.Size() == f.size {
		return nil
	}
	keys, err := ReadFile(f.path)
	if err != nil {
		return err
	}
	f.keys = keys
	if info != nil {
		f.changed, f.size = info.ModTime(), info.Size()
	}
	return nil
}

// current gives the file's keyset. A file that cannot be read any more does not take away the keyset
// that was read before: everything sealed so far still opens with it.
func (f *File) current() *Keyset {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.refresh()
	return f.keys
}

// Seal is Keyset.Seal with the newest key in the file.
func (f *File) Seal(plain []byte, label string) ([]byte, error) {
	return f.current().Seal(plain, label)
}

// Open is Keyset.Open with the keys in the file.
func (f *File) Open(sealed []byte, label string) ([]byte, error) {
	return f.current().Open(sealed, label)
}

// Current is Keyset.Current with the newest key in the file.
func (f *File) Current(sealed []byte) bool { return f.current().Current(sealed) }
