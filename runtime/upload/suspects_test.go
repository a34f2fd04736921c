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
