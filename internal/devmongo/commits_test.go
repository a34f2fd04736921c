package devmongo

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// TestReadCommits: every commit comes once, in order and whole, while the server runs.
func TestReadCommits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	w, st := open1(t, Options{Path: path, Sync: true})
	for n := range 3 {
		w.call(begins(int64(n), inserts(2*n)))
		w.call(inTxn(int64(n), inserts(2*n+1)))
		w.answers("commit", w.call(inTxn(int64(n), commits)), 0, false)
	}
	w.call(begins(9, inserts(99))) // never committed
	var got []string
	err := ReadCommits(path, func(writes []Write) error {
		line := ""
		for _, x := range writes {
			line += fmt.Sprintf("%s %v %t; ", x.Namespace, x.ID, x.Doc != nil)
		}
		got = append(got, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"d.c 0 true; d.c 1 true; ", "d.c 2 true; d.c 3 true; ", "d.c 4 true; d.c 5 true; "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	w.s.Close()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ReadCommits(path+".lock", func([]Write) error { return nil }); err != nil {
		t.Errorf("an empty file is a journal without commits: %v", err)
	}
}
