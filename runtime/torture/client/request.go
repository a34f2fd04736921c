package client

import (
	"encoding/json"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// wireEntry has the members of both spellings, in the order of CrudEntry.toJSON and of our connector.
// Which ones are present depends on the form.
type wireEntry struct {
	OpID     int64          `json:"op_id,omitempty"`
	Op       string         `json:"op"`
	Type     string         `json:"type,omitempty"`
	Table    string         `json:"table,omitempty"`
	ID       string         `json:"id"`
	TxID     int64          `json:"tx_id,omitempty"`
	Tx       int64          `json:"transaction_id,omitempty"`
	Data     map[string]any `json:"data,omitempty"`
	Old      map[string]any `json:"old,omitempty"`
	OpData   map[string]any `json:"op_data,omitempty"`
	Previous map[string]any `json:"previous_values,omitempty"`
}

type wireTransaction struct {
	Tx   int64       `json:"transaction_id"`
	Crud []wireEntry `json:"crud"`
}

type wireClient struct {
	ID         string `json:"id"`
	SDK        string `json:"sdk"`
	QueueCount int    `json:"queue_count"`
}

// part is what one result answers: a run of queue entries of one transaction.
type part struct{ from, to int }

// request is a body and which queue entries it carries.
type request struct {
	body  []byte
	parts []part
}

// compose takes from the head of the queue what the connector would send now. How much that is
// changes from try to try, as it does when an app update changes a limit.
func (d *Device) compose() request {
	q := d.disk.queue
	var r request
	if d.opt.Form == Batch {
		limit := min(len(q), 1+d.opt.Rand.IntN(24))
		r.parts = runs(q[:limit])
	} else {
		r.parts = runs(q)
		r.parts = r.parts[:min(len(r.parts), 1+d.opt.Rand.IntN(6))]
	}
	r.body = d.encode(r.parts)
	return r
}

// runs groups neighbours of one local transaction.
func runs(q []entry) []part {
	var out []part
	for i := range q {
		if len(out) > 0 && q[i].tx == q[i-1].tx {
			out[len(out)-1].to = i + 1
			continue
		}
		out = append(out, part{i, i + 1})
	}
	return out
}

func (d *Device) encode(parts []part) []byte {
	q := d.disk.queue
	body := map[string]any{}
	switch d.opt.Form {
	case Batch:
		var batch []wireEntry
		for _, p := range parts {
			for _, e := range q[p.from:p.to] {
				batch = append(batch, wireEntry{OpID: e.id, Op: e.op.Verb, Type: e.op.Table, ID: e.op.ID, TxID: e.tx, Data: sent(e.op.Data), Old: sent(e.op.Old)})
			}
		}
		body["batch"] = batch
	default:
		transactions := make([]wireTransaction, len(parts))
		for i, p := range parts {
			t := wireTransaction{Tx: q[p.from].tx}
			for _, e := range q[p.from:p.to] {
				w := wireEntry{Op: e.op.Verb, Table: e.op.Table, ID: e.op.ID, Tx: e.tx, OpData: sent(e.op.Data)}
				if d.opt.Form == Connector {
					w.OpID, w.Previous = e.id, sent(e.op.Old)
				}
				t.Crud = append(t.Crud, w)
			}
			transactions[i] = t
		}
		body["transactions"] = transactions
		if d.opt.Form == Connector {
			body["client"] = wireClient{ID: d.disk.clientID, SDK: "turnkey-torture/1", QueueCount: len(q)}
		}
	}
	out, err := json.Marshal(body)
	if err != nil { // our own maps of strings and numbers
		panic(err)
	}
	return out
}

// sent spells values as SQLite columns hold them: arrays travel as JSON text.
func sent(columns map[string]any) map[string]any {
	items, ok := columns["items"].([]string)
	if !ok {
		return columns
	}
	out := make(map[string]any, len(columns))
	for k, v := range columns {
		out[k] = v
	}
	text, err := json.Marshal(items)
	if err != nil {
		panic(err)
	}
	out["items"] = string(text)
	return out
}
