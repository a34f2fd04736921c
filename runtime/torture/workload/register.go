package workload

import (
	"fmt"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
)

const registerCount = 100

// registers is W1, the workload of jepsen-powersync: each transaction reads all of 100 keys and
// writes 4 of them. Last write wins.
func registers() Workload {
	const table = "registers"
	return Workload{
		Name: "W1 registers", Table: table, Devices: 10, Shared: true, Reads: true, Seeds: seeds(registerCount, "k", 0),
		Next: func(m *Maker, view client.View) []history.Op {
			var ops []history.Op
			for _, i := range m.some(4, registerCount) {
				id := fmt.Sprintf("k%02d", i)
				row, ok := view[history.Key(table, id)]
				if !ok {
					continue
				}
				ops = append(ops, m.op("PATCH", table, id, map[string]any{"n": row.N + 1}, map[string]any{"n": row.N, "tag": row.Tag}))
			}
			return ops
		},
	}
}

// uniques is W3: every row is new, and nobody touches it again.
func uniques() Workload {
	const table = "uniques"
	return Workload{
		Name: "W3 unique PUTs", Table: table, Devices: 10,
		Next: func(m *Maker, _ client.View) []history.Op {
			var ops []history.Op
			for range 1 + m.Rand.IntN(6) {
				op := m.op("PUT", table, "", map[string]any{"n": m.Rand.Int64N(1000)}, nil)
				op.ID = op.Tag
				ops = append(ops, op)
			}
			return ops
		},
	}
}
