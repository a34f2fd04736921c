// Package workload says what the devices do: which tables there are, which rows they start with and
// which operations one local transaction makes. Every PUT and PATCH carries a tag that no other one
// has. It must not know how the operations travel or what is checked.
package workload

import (
	"fmt"
	"math/rand/v2"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
)

// Workload is one of the patterns W1 to W8.
type Workload struct {
	Name  string
	Table string
	// Merge is the policy that the column n or items is configured with, "" for last_write.
	Merge string
	// Hook is the text of the table's hook file, Writes the tables that it writes to, and Outboxes those it enqueues to.
	Hook     string
	Writes   []string
	Outboxes []string
	// Whole transactions only: a connector that cuts them would break what the workload is about.
	Whole bool
	// Devices is how many write at once.
	Devices int
	// Seeds are rows that exist before the first write.
	Seeds map[string]history.Row
	// Shared workloads download the table whenever their queue is empty.
	Shared bool
	// Reads makes devices record what they see.
	Reads bool
	// Next is one local transaction.
	Next func(m *Maker, view client.View) []history.Op
}

// forms are handed out in turn: half of the devices run our connector.
var forms = []client.Form{client.Connector, client.Batch, client.Connector, client.Reference}

// Form is the connector of the workload's i-th device. The reference connector sends no previous
// values, without which there is nothing to merge with.
func (w *Workload) Form(i int) client.Form {
	form := forms[i%len(forms)]
	if form == client.Reference && w.Merge != "" || form == client.Batch && w.Whole {
		return client.Connector
	}
	return form
}

// Maker makes operations of one device.
type Maker struct {
	Device string
	Rand   *rand.Rand
	made   int
}

// tag is unique in the run.
func (m *Maker) tag() string {
	m.made++
	return fmt.Sprintf("%s#%d", m.Device, m.made)
}

func (m *Maker) op(verb, table, id string, data, old map[string]any) history.Op {
	op := history.Op{Tag: m.tag(), Verb: verb, Table: table, ID: id, Data: data, Old: old}
	if verb != "DELETE" {
		if op.Data == nil {
			op.Data = map[string]any{}
		}
		op.Data["tag"] = op.Tag
	}
	return op
}

// here reports that the device has the row. After a log-out it has none until it has downloaded again,
// and SQLite then has nothing to update.
func here(view client.View, table, id string) bool {
	_, ok := view[history.Key(table, id)]
	return ok
}

// some picks n different numbers below most.
func (m *Maker) some(n, most int) []int { return m.Rand.Perm(most)[:min(n, most)] }

func seeds(n int, prefix string, value int64) map[string]history.Row {
	out := make(map[string]history.Row, n)
	for i := range n {
		out[fmt.Sprintf("%s%02d", prefix, i)] = history.Row{Tag: "seed", N: value}
	}
	return out
}

// All are the workloads.
func All() []Workload {
	return []Workload{registers(), counters(), uniques(), lists(), accounts(), tasks(), deeds(), orders()}
}
