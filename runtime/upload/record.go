package upload

import (
	"encoding/json"

	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/value"
)

// policyDeletesLose is what records name as the policy that dropped a deletion.
const policyDeletesLose = "deletes: lose"

// excerptBytes bounds what a user's devices get of a conflict.
const excerptBytes = 64 << 10

// fullValues is a conflict's record in full: columns in the client's names and form.
type fullValues struct {
	Base    map[string]json.RawMessage `json:"base"`
	Server  map[string]json.RawMessage `json:"server"`
	Client  map[string]json.RawMessage `json:"client"`
	Decided map[string]json.RawMessage `json:"decided"`
}

func clientJSON(v value.Value) json.RawMessage { return value.AppendJSON(nil, value.ClientForm(v)) }

// conflictsOf counts the conflicts of an update, and records them where something else becomes of the row than
// the device wrote. Of a refused update only policy record leaves a conflict.
func (a *attempt) conflictsOf(op *Operation, r *row, w *weighed, d *conflict.Decision) {
	if len(d.Conflicts) == 0 {
		return
	}
	counts := a.tally(op.Table)
	outcome, records := conflict.Outcome(""), a.request.rehearsal
	fields := make([]source.ConflictField, 0, len(d.Conflicts))
	for _, i := range d.Conflicts {
		of := conflict.TookClient
		if d.Refused != nil {
			of = d.Refused.Outcome()
		} else {
			of = d.Fields[i].Outcome
		}
		count(counts, of)
		records = records || of != conflict.TookClient && of != conflict.Rejected
		if outcome == "" {
			outcome = of
		} else if outcome != of {
			outcome = conflict.Merged
		}
		fields = append(fields, source.ConflictField{Name: w.fields[i].name, Policy: fieldPolicy(r.table, w.fields[i]), Outcome: string(of)})
	}
	if !records {
		return
	}
	full := fullValues{map[string]json.RawMessage{}, map[string]json.RawMessage{}, map[string]json.RawMessage{}, map[string]json.RawMessage{}}
	for i := range w.changes { // all that a policy might read, if it is to decide once more
		name, c := w.fields[i].name, &w.changes[i]
		if c.Absent {
			continue
		}
		full.Server[name], full.Client[name], full.Decided[name] = clientJSON(c.Server), clientJSON(c.Client), clientJSON(c.Server)
		if c.HasBase {
			full.Base[name] = clientJSON(c.Base)
		}
		if d.Refused == nil {
			full.Decided[name] = clientJSON(d.Fields[i].Value)
		}
	}
	record := a.record(op, r, string(r.table.policy.OnConflict.Policy), outcome, fields, &full)
	record.ClientData = excerpt(fields, full.Client)
	if a.plan.showServer && a.ruled() {
		record.ServerData = excerpt(fields, full.Server)
	}
	a.recorded = append(a.recorded, record)
}

// droppedDelete records a deletion that lost.
func (a *attempt) droppedDelete(op *Operation, r *row, w *weighed, d conflict.Deletion) {
	a.tally(op.Table).Server++
	full := fullValues{map[string]json.RawMessage{}, map[string]json.RawMessage{}, nil, map[string]json.RawMessage{}}
	fields := make([]source.ConflictField, 0, len(d.Conflicts))
	for _, i := range d.Conflicts {
		name, c := w.fields[i].name, &w.changes[i]
		fields = append(fields, source.ConflictField{Name: name, Policy: policyDeletesLose, Outcome: string(conflict.KeptServer)})
		full.Base[name], full.Server[name], full.Decided[name] = clientJSON(c.Base), clientJSON(c.Server), clientJSON(c.Server)
	}
	record := a.record(op, r, policyDeletesLose, conflict.KeptServer, fields, &full)
	record.ClientData = []byte("null")
	if a.plan.showServer && a.ruled() && a.readable(r) {
		record.ServerData = excerpt(fields, full.Server)
	}
	a.recorded = append(a.recorded, record)
}

// readable reports that the update rule lets the user touch the row as it is.
func (a *attempt) readable(r *row) bool {
	return a.authorize(r.table.update, "update", r.table, rule.Input{User: a.user, Old: r.now, New: r.now}) == nil
}

// ruled reports that rules are asked: without, nobody has said that the user may see the row.
func (a *attempt) ruled() bool { return a.replay == nil || !a.replay.WithoutRules }

func (a *attempt) record(op *Operation, r *row, policy string, outcome conflict.Outcome, fields []source.ConflictField, full *fullValues) source.ConflictRecord {
	values, err := json.Marshal(full)
	if err != nil { // it is JSON already
		values = nil
	}
	c := source.ConflictRecord{
		ID: a.engine.conflictID(), UserID: a.user.ID, TableName: storable(op.Table), RowID: storable(r.name.RowID), Status: source.ConflictDecided, CreatedAt: a.engine.now(),
		Owner: a.ids.holder, ClientID: storable(a.request.upload.ClientID), RequestID: a.request.id, Deployment: a.engine.deployment, Operation: a.at, Op: string(op.Op),
		Policy: policy, Outcome: string(outcome), Provider: a.user.Provider, Fields: fields, Values: values,
	}
	if outcome == conflict.Recorded {
		c.Status = source.ConflictOpen
	}
	if claims, err := json.Marshal(a.user.Claims); err == nil { // they came from JSON
		c.Claims = claims
	}
	return c
}

// excerpt is a JSON object of as many of the columns as fit.
func excerpt(fields []source.ConflictField, values map[string]json.RawMessage) []byte {
	out, size := make(map[string]json.RawMessage, len(fields)), 2
	for _, f := range fields {
		if n := len(f.Name) + len(values[f.Name]) + 8; size+n <= excerptBytes {
			out[f.Name], size = values[f.Name], size+n
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return text
}

func fieldPolicy(t *table, f *field) string {
	if t.policy.OnConflict.Policy != bundle.RowMerge {
		return string(t.policy.OnConflict.Policy)
	}
	if f.policy.Merge.Policy == "" {
		return string(bundle.MergeLastWrite)
	}
	return string(f.policy.Merge.Policy)
}

// tally finds the counts of a table.
func (a *attempt) tally(table string) *telemetry.Conflicts { return &place(&a.counts, table).Conflicts }

func count(c *telemetry.Conflicts, o conflict.Outcome) {
	switch o {
	case conflict.TookClient:
		c.Client++
	case conflict.KeptServer:
		c.Server++
	case conflict.Merged:
		c.Merged++
	case conflict.Rejected:
		c.Rejected++
	case conflict.Recorded:
		c.Recorded++
	}
}
