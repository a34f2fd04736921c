package upload

import (
	"fmt"
	"testing"
	"time"

	"turnkey/runtime/source"
)

// A device can make up tables, as many as it likes: they are not remembered, and say nothing of the write.
func TestTablesThatNobodyHas(t *testing.T) {
	p := &plan{tables: map[string]*table{"lists": {Table: source.Table{Name: "lists"}}}}
	made := func(tables ...string) *Transaction {
		tx := &Transaction{}
		for _, name := range tables {
			tx.Operations = append(tx.Operations, Operation{Op: Put, Table: name})
		}
		return tx
	}
	var many []string
	for n := range 1000 {
		many = append(many, fmt.Sprint("made up ", n))
	}
	if of := tablesOf(made(append(many, "lists")...), p); len(of) != 1 {
		t.Errorf("%d tables are remembered", len(of))
	}
	var s suspects
	ids := &identities{strength: strong, list: []identity{{op: 1, nth: 1}}}
	now := time.Unix(1e9, 0)
	for n := range 2 * poisonTries {
		if s.failed(made("made up"), ids, p, &source.Failure{Class: source.Down}, now) {
			t.Fatalf("given up after %d tries, though nobody has written anything", n+1)
		}
		now = now.Add(time.Hour)
	}
}

// More poison than is watched at a time leaves the queues, too: part after part.
func TestMorePoisonThanIsWatched(t *testing.T) {
	p := &plan{tables: map[string]*table{"lists": {Table: source.Table{Name: "lists"}}}}
	tx := &Transaction{Operations: []Operation{{Op: Put, Table: "lists"}}}
	var s suspects
	now := time.Unix(1e9, 0)
	waiting := map[int64]*identities{}
	for n := range int64(2*mostSuspects + 1) {
		waiting[n] = &identities{strength: strong, list: []identity{{op: n, nth: 1}}}
	}
	for range 3 * poisonTries {
		for n, ids := range waiting {
			now = now.Add(time.Millisecond)
			if s.failed(tx, ids, p, &source.Failure{Class: source.Down}, now) {
				s.ended(tx, ids, false)
				delete(waiting, n)
			}
			if len(s.of) > mostSuspects {
				t.Fatalf("%d are watched", len(s.of))
			}
		}
		now = now.Add(poisonPause)
		s.ended(tx, &identities{strength: strong, list: []identity{{op: -1, nth: 1}}}, true)
	}
	if len(waiting) > 0 {
		t.Errorf("%d are still in their queues", len(waiting))
	}
}

// A write that succeeded at another runtime gives its place back.
func TestSuspectsThatNeverComeAgain(t *testing.T) {
	p := &plan{tables: map[string]*table{"lists": {Table: source.Table{Name: "lists"}}}}
	tx := &Transaction{Operations: []Operation{{Op: Put, Table: "lists"}}}
	var s suspects
	now := time.Unix(1e9, 0)
	for n := range int64(mostSuspects) {
		s.failed(tx, &identities{strength: strong, list: []identity{{op: n, nth: 1}}}, p, &source.Failure{Class: source.Down}, now)
	}
	s.failed(tx, &identities{strength: strong, list: []identity{{op: -1, nth: 1}}}, p, &source.Failure{Class: source.Down}, now.Add(poisonQuiet+time.Second))
	if len(s.of) != 1 {
		t.Errorf("%d are watched", len(s.of))
	}
}
