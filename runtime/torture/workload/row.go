package workload

import (
	"fmt"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
)

// tasks is W6: devices create, change, delete and re-create the same few rows.
func tasks() Workload {
	const table, most = "tasks", 30
	return Workload{
		Name: "W6 delete and re-create", Table: table, Devices: 8, Shared: true,
		Next: func(m *Maker, view client.View) []history.Op {
			id := fmt.Sprintf("t%02d", m.Rand.IntN(most))
			row, here := view[history.Key(table, id)]
			switch n := m.Rand.IntN(10); {
			case !here:
				return []history.Op{m.op("PUT", table, id, map[string]any{"n": int64(1)}, nil)}
			case n < 5:
				op := m.op("PATCH", table, id, map[string]any{"n": row.N + 1}, map[string]any{"n": row.N, "tag": row.Tag})
				op.Optional = true // somebody may delete the row first
				return []history.Op{op}
			}
			return []history.Op{m.op("DELETE", table, id, nil, map[string]any{"n": row.N, "tag": row.Tag})}
		},
	}
}

// Refused is the value of n that the rule of W8's table denies.
const Refused = -1

// orders is W8: rows of the device's own, created, changed and deleted; every fifth transaction has an
// operation that the rules refuse.
func orders() Workload {
	const table = "orders"
	return Workload{
		Name: "W8 mixed with rejections", Table: table, Devices: 10,
		Next: func(m *Maker, view client.View) []history.Op {
			var ops []history.Op
			touched := map[string]bool{}
			for range 1 + m.Rand.IntN(4) {
				ops = append(ops, order(m, view, table, touched))
			}
			if m.Rand.IntN(5) == 0 {
				bad := m.op("PUT", table, "", map[string]any{"n": int64(Refused)}, nil)
				bad.ID = "bad-" + bad.Tag
				ops = append(ops, bad)
			}
			return ops
		},
	}
}

// order changes one of the device's rows that this transaction has not touched, or makes one.
func order(m *Maker, view client.View, table string, touched map[string]bool) history.Op {
	id := fmt.Sprintf("%s-%d", m.Device, m.Rand.IntN(20))
	row, here := view[history.Key(table, id)]
	if touched[id] {
		here = false
		id = fmt.Sprintf("%s-x%d", m.Device, m.made)
	}
	touched[id] = true
	switch {
	case !here:
		return m.op("PUT", table, id, map[string]any{"n": m.Rand.Int64N(100)}, nil)
	case m.Rand.IntN(4) == 0:
		return m.op("DELETE", table, id, nil, map[string]any{"n": row.N, "tag": row.Tag})
	}
	op := m.op("PATCH", table, id, map[string]any{"n": m.Rand.Int64N(100)}, map[string]any{"n": row.N, "tag": row.Tag})
	op.Optional = true // the transaction that made the row may have been refused
	return op
}
