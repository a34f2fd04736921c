package workload

import (
	"fmt"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
)

const (
	hotCounters = 10
	// Accounts is how many accounts W5 has, each with Balance at the start.
	Accounts = 20
	Balance  = 1_000
)

// counters is W2: 64 devices add to 10 hot rows.
func counters() Workload {
	const table = "counters"
	return Workload{
		Name: "W2 counters", Table: table, Merge: "counter", Devices: 64, Shared: true, Seeds: seeds(hotCounters, "c", 0),
		Next: func(m *Maker, view client.View) []history.Op {
			var ops []history.Op
			for _, i := range m.some(1+m.Rand.IntN(2), hotCounters) {
				if id := fmt.Sprintf("c%02d", i); here(view, table, id) {
					ops = append(ops, add(m, view, table, id, 1+m.Rand.Int64N(9)))
				}
			}
			return ops
		},
	}
}

// accounts is W5: a transfer changes two rows and keeps the sum.
func accounts() Workload {
	const table = "accounts"
	return Workload{
		Name: "W5 transfers", Table: table, Merge: "counter", Whole: true, Devices: 8, Shared: true, Seeds: seeds(Accounts, "a", Balance),
		Next: func(m *Maker, view client.View) []history.Op {
			pair, amount := m.some(2, Accounts), 1+m.Rand.Int64N(50)
			from, to := fmt.Sprintf("a%02d", pair[0]), fmt.Sprintf("a%02d", pair[1])
			if !here(view, table, from) || !here(view, table, to) {
				return nil
			}
			return []history.Op{add(m, view, table, from, -amount), add(m, view, table, to, amount)}
		},
	}
}

// add changes a number as an app does: it writes the new value, and the SDK adds the old one.
func add(m *Maker, view client.View, table, id string, delta int64) history.Op {
	n := view[history.Key(table, id)].N
	op := m.op("PATCH", table, id, map[string]any{"n": n + delta}, map[string]any{"n": n})
	op.Delta = delta
	return op
}
