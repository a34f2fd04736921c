package upload

import (
	"fmt"
	"strings"

	"turnkey/runtime/hook"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// effect is something to do outside of the database, if the transaction commits.
type effect struct {
	operation int // -1: the transaction
	kind      source.DeliveryKind
	lane      string
	payload   []byte
}

// keepEffects keeps what a call has enqueued.
func (a *attempt) keepEffects(of asked, o *hook.Outcome) *Refusal {
	for i := range o.Effects {
		e := &o.Effects[i]
		if _, known := a.hooks.program.outboxes[e.Outbox]; !known {
			return a.unusable(of, hook.ClassError, "ctx.enqueue: there is no outbox "+quote(e.Outbox)+".", "Add it under outbox in the instance's configuration.")
		}
		a.effects = append(a.effects, effect{of.operation, source.Webhook, e.Outbox, e.Payload})
	}
	return nil
}

// written is what an operation made of a row, as hooks are told; nil: nothing.
func (a *attempt) written(i int, was *value.Object) *hook.Change {
	r := a.rowOf[i]
	c := r.change(was, i)
	if c == nil {
		return nil
	}
	out := &hook.Change{Op: string(a.ops[i].Op), Table: r.table.Name, ID: r.name.RowID}
	switch c.Kind {
	case source.Insert:
		out.Fields = filled(c.Doc)
	case source.Delete:
		out.Fields = filled(withoutKey(was, r.table.Key))
	default:
		for _, e := range c.Set {
			out.Fields = append(out.Fields, strings.Join(e.Path, "."))
		}
	}
	return out
}

// filled are the members that differ from those of no row.
func filled(doc *value.Object) (names []string) {
	for _, m := range doc.Members {
		if m.Value != nil {
			names = append(names, m.Name)
		}
	}
	return names
}

// commits keeps a change for afterCommit, where no other hook of the transaction runs.
func (a *attempt) commits(i int, was *value.Object) *Refusal {
	r := a.rowOf[i]
	if !r.table.hooks.commit {
		return nil
	}
	change := a.written(i, was)
	if change == nil {
		return nil
	}
	change.Old, change.New = hookRow(r.table, was), hookRow(r.table, r.now)
	return a.committed(i, change)
}

// committed keeps a change for afterCommit.
func (a *attempt) committed(i int, change *hook.Change) *Refusal {
	at := a.moment(i, hook.AfterCommit)
	payload, err := hook.Encode(hook.Committed{User: *a.hookUser(), Change: *change, NowMS: at.NowMS, Seed: at.Seed})
	if err == nil && len(payload) > source.MaxDelivery {
		err = fmt.Errorf("%d bytes", len(payload))
	}
	if err != nil {
		no := refuse(CodePayloadTooLarge, "The row is too large for the hook afterCommit of its table.")
		no.Detail = err.Error()
		return no.at(i, &a.ops[i])
	}
	a.effects = append(a.effects, effect{i, source.AfterCommit, source.AfterCommitLane, payload})
	return nil
}

// cameToSomething reports an operation that changed its row, wrote through ctx.db, or was dropped: whoever drops an
// operation and enqueues has done with it what there was to do.
func (a *attempt) cameToSomething(i int) bool { return a.hooks == nil || a.hooks.said[i].done }

// deliveries are what the transaction's commit puts into the outbox. What an operation enqueued that came to
// nothing, because the row is as it wanted already, is left out: nothing has happened.
func (a *attempt) deliveries() (out []source.Delivery) {
	if len(a.effects) == 0 {
		return nil
	}
	wrote := a.sent || len(a.changes) > 0
	next := map[int]int{} // by operation
	for i := range a.effects {
		e := &a.effects[i]
		n := next[e.operation]
		next[e.operation]++
		if e.operation < 0 && !wrote || e.operation >= 0 && !a.cameToSomething(e.operation) {
			continue
		}
		d := source.Delivery{ID: source.DeliveryID(a.request.arrived, a.seed, e.operation, n), Kind: e.kind, Lane: e.lane, UserID: a.user.ID,
			RequestID: a.request.id, Deployment: a.engine.deployment, CreatedAt: a.engine.now(), Payload: e.payload, PayloadBytes: len(e.payload)}
		if e.operation >= 0 {
			d.TableName, d.RowID = storable(a.ops[e.operation].Table), a.rowOf[e.operation].name.RowID
		}
		out = append(out, d)
	}
	return out
}
