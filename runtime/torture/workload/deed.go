package workload

import (
	_ "embed"
	"strings"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
)

// DeedsHook is the hook file of W7's table. It writes a line into Ledger for each change and counts the changes of
// each device in Tallies, by ctx.db, adds HookAdds to n, and tells a receiver of each change (DeedsOutbox) and, after
// the commit, of those whose n is a multiple of ToldAfterwards (AfterCommit, CommitsOutbox).
//
//go:embed deeds.ts
var DeedsHook string

// What W7's hook knows; deeds.ts has the same numbers and names.
const (
	Deeds    = "deeds"
	Ledger   = "ledger"
	Tallies  = "tallies"
	HookAdds = 1000

	DeedsOutbox    = "deeds"
	AfterCommit    = "after" // no outbox: the lane of what is fetched
	CommitsOutbox  = "commits"
	ToldAfterwards = 3

	// HookTag begins the tags of rows that the hook writes; what follows is the operation's.
	HookTag = "hook:"

	// refusedID begins the ids of rows that are not to be.
	refusedID = "bad-"

	deedRejected = -2 // ctx.reject
	deedThrows   = -3
	deedLoops    = -4
	deedSlow     = -5 // a good part of its time
)

// deeds is W7: rows of the device's own whose hook takes its time now and then, or throws, loops or rejects.
func deeds() Workload {
	return Workload{
		Name: "W7 hooks", Table: Deeds, Hook: DeedsHook, Writes: []string{Ledger, Tallies}, Outboxes: []string{DeedsOutbox, CommitsOutbox}, Devices: 8,
		Next: func(m *Maker, view client.View) []history.Op {
			var ops []history.Op
			touched := map[string]bool{}
			for range 1 + m.Rand.IntN(4) {
				ops = append(ops, deed(m, view, touched))
			}
			if n := m.Rand.IntN(300); n < 13 {
				bad := m.op("PUT", Deeds, "", map[string]any{"n": doomed(n)}, nil)
				bad.ID, bad.Doomed = refusedID+bad.Tag, true
				ops = append(ops, bad)
			}
			return ops
		},
	}
}

// doomed is what goes wrong in a transaction; a loop costs everybody who shares the instance's workers.
func doomed(n int) int64 {
	switch {
	case n == 0:
		return deedLoops
	case n < 6:
		return deedThrows
	}
	return deedRejected
}

// deed makes a row, or changes one that this transaction has not touched.
func deed(m *Maker, view client.View, touched map[string]bool) history.Op {
	n := m.Rand.Int64N(100)
	if m.Rand.IntN(40) == 0 {
		n = deedSlow
	}
	var id string
	for key := range view { // any; which one does not matter
		if _, id = history.Split(key); !strings.HasPrefix(id, refusedID) {
			break
		}
		id = "" // others would be refused because of it, one after the other
	}
	if id != "" && !touched[id] && m.Rand.IntN(2) == 0 {
		touched[id] = true
		row := view[history.Key(Deeds, id)]
		op := m.op("PATCH", Deeds, id, map[string]any{"n": n}, map[string]any{"n": row.N, "tag": row.Tag})
		op.Optional = true // the transaction that made the row may have been refused
		return op
	}
	op := m.op("PUT", Deeds, "", map[string]any{"n": n}, nil)
	op.ID = op.Tag
	touched[op.ID] = true
	return op
}
