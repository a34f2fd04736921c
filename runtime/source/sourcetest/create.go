package sourcetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/runtime/source"
)

func createOnce(t *testing.T, h *Harness) {
	direct, ok := h.Source.(source.Direct)
	if !ok {
		return // a shortcut that a source need not have
	}
	do := func(receipts []source.Receipt, changes ...source.Change) bool {
		done, err := direct.Write(t.Context(), source.Session{}, changes, receipts, false)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	list := func(r ...source.Receipt) []source.Receipt { return r }
	bare := source.Receipt{Owner: ownerOf(2), Block: 7, At: recent(), Prints: []source.Print{print(1)}}
	next := 10
	row := func() source.Change { next++; return h.insert(next, doc("name", "x")) }
	for _, c := range []struct {
		what     string
		want     bool
		receipts []source.Receipt
		rows     int
	}{
		{"a new operation", true, list(receipt(1, 0, recent(), 32)), 1},
		{"the same again", false, list(receipt(1, 0, recent(), 32)), 1},
		{"another of its block", true, list(receipt(1, 0, recent(), 33)), 1},
		{"many of several blocks", true, list(receipt(1, 0, recent(), 34, 35), receipt(1, 0, recent(), 64)), 3},
		{"one known among many", false, list(receipt(1, 0, recent(), 36, 35), receipt(1, 0, recent(), 65)), 3},
		{"another's same operation", true, list(receipt(3, 0, recent(), 32)), 1},
		{"operations without ids", true, list(bare), 1},
		{"operations without ids in a block in use", false, list(bare), 1},
		{"no identity", true, nil, 2},
	} {
		changes := make([]source.Change, c.rows)
		for i := range changes {
			changes[i] = row()
		}
		if got := do(c.receipts, changes...); got != c.want {
			t.Errorf("%s: done %v", c.what, got)
		}
		for _, ch := range changes {
			if stored := h.row(t, ch.Operation) != nil; stored != c.want {
				t.Errorf("%s: row %d stored: %v", c.what, ch.Operation, stored)
			}
		}
	}
	for i, r := range h.history(t, claim(1, 1)).Receipts {
		if r.Seq != int32(i) {
			t.Errorf("receipt %d of the block has number %d", i, r.Seq)
		}
	}
	if do(list(receipt(1, 0, recent(), 200)), h.insert(11, doc("name", "there already"))) || len(h.history(t, claim(1, 6)).Receipts) != 0 {
		t.Error("a row that exists was done, or left a receipt")
	}
	h.mustFinish(t, source.Finish{Receipts: list(receipt(4, 0, at, 500))})
	h.sweep(t, at.Add(time.Hour), source.Retention{Receipts: time.Minute, Rejections: time.Hour, Clients: time.Hour})
	if do(list(receipt(4, 0, recent(), 500)), row()) || do(list(receipt(4, 0, recent(), 70)), row()) || !do(list(receipt(4, 0, recent(), 501)), row()) {
		t.Error("the floor does not divide what is done")
	}
	h.mustFinish(t, source.Finish{Rejection: waiting("rej_w", "open", source.RejectedRow{TableName: "items", RowID: "elsewhere"})})
	if do(list(receipt(1, 0, recent(), 600)), row()) || do(nil, row()) || do(nil, row(), row()) {
		t.Error("rows were done while a rejection waits")
	}
}

func createRace(t *testing.T, h *Harness) {
	direct, ok := h.Source.(source.Direct)
	if !ok {
		return
	}
	for round := range 10 {
		var wg sync.WaitGroup
		var won atomic.Int64
		for i := range 4 {
			wg.Go(func() { // the same operation id with other rows: a cloned device
				done, err := direct.Write(t.Context(), source.Session{}, []source.Change{h.insert(round*4+i, doc("name", fmt.Sprint(i)))}, []source.Receipt{receipt(1, 0, recent(), int64(round))}, false)
				if err != nil {
					t.Error(err)
				}
				if done {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d of 4 creations succeeded", won.Load())
		}
	}
}
