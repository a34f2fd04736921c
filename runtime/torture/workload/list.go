package workload

import (
	"fmt"
	"slices"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
)

// lists is W4: devices append unique elements to shared lists.
func lists() Workload {
	const table, most = "lists", 40
	return Workload{
		Name: "W4 list append", Table: table, Merge: "append", Devices: 8, Shared: true, Seeds: seeds(most, "l", 0),
		Next: func(m *Maker, view client.View) []history.Op {
			id := fmt.Sprintf("l%02d", m.Rand.IntN(most))
			if !here(view, table, id) {
				return nil
			}
			base := view[history.Key(table, id)].Items
			op := m.op("PATCH", table, id, nil, map[string]any{"items": slices.Clone(orEmpty(base))})
			op.Data["items"] = append(slices.Clone(base), op.Tag)
			return []history.Op{op}
		},
	}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
