package check

import (
	"fmt"

	"turnkey/runtime/torture/history"
)

// lost: an acknowledged operation whose change the database never made.
func lost(x *Index) []Violation {
	var out []Violation
	for _, o := range x.order {
		if o.ok && o.Verb != "DELETE" && o.lastOnRow && !o.Optional && len(o.effects) == 0 {
			out = append(out, violation(fmt.Sprintf("%s %s was acknowledged and is not in the database", o.Verb, history.Key(o.Table, o.ID)), o.Tag))
		}
	}
	return append(out, lostRows(x)...)
}

// lostRows: a row that was acknowledged and that nobody deleted must still be there. This looks at the
// rows, not at the log.
func lostRows(x *Index) []Violation {
	deleted := map[string]bool{}
	for _, o := range x.order {
		if o.Verb == "DELETE" {
			deleted[history.Key(o.Table, o.ID)] = true
		}
	}
	var out []Violation
	for _, o := range x.order {
		key := history.Key(o.Table, o.ID)
		if _, here := x.Rows[key]; o.ok && o.Verb == "PUT" && !deleted[key] && !here {
			out = append(out, violation("the acknowledged row "+key+" is missing at the end", o.Tag))
		}
	}
	return out
}

// duplicated: one operation changed the database twice.
func duplicated(x *Index) []Violation {
	var out []Violation
	for _, o := range x.order {
		if len(o.effects) > 1 {
			out = append(out, violation(fmt.Sprintf("%s %s was applied %d times", o.Verb, history.Key(o.Table, o.ID), len(o.effects)), o.Tag))
		}
	}
	return out
}

// phantom: a change that no device asked for, that was never sent, or that was refused.
func phantom(x *Index) []Violation {
	var out []Violation
	for _, c := range x.Changes {
		if c.Verb == "delete" || foreign(c.Row.Tag) || x.settings.Hook.writes(c.Table) {
			continue
		}
		switch o := x.ops[c.Row.Tag]; {
		case o == nil:
			out = append(out, violation(fmt.Sprintf("%s has the tag %q, which nobody wrote", history.Key(c.Table, c.ID), c.Row.Tag), c.Row.Tag))
		case !o.sent:
			out = append(out, violation("an operation was applied that was never sent", o.Tag))
		case o.rejected && !o.ok && o.whole:
			out = append(out, violation("an operation was refused, and applied all the same", o.Tag))
		case c.Table != o.Table || c.ID != o.ID:
			out = append(out, violation(fmt.Sprintf("an operation on %s changed %s", history.Key(o.Table, o.ID), history.Key(c.Table, c.ID)), o.Tag))
		}
	}
	return out
}

// answers: no operation may be both accepted and refused, and no answer may block a queue for ever. A
// transaction that a batch cuts here and there is answered by its worse part.
func answers(x *Index) []Violation {
	var out []Violation
	for _, o := range x.order {
		if o.ok && o.rejected && o.whole {
			out = append(out, violation("an operation was acknowledged once and refused another time", o.Tag))
		}
	}
	for _, e := range x.Events {
		if e.Kind == history.Contract {
			out = append(out, violation(e.Note, e.Tags...))
		}
	}
	return out
}

// order: the changes of one device come in the order of its queue. What it forgot may arrive any time.
func order(x *Index) []Violation {
	type reached struct {
		at  int
		tag string
		tx  string
	}
	far := map[string]reached{} // by device: the furthest change of all earlier transactions
	now := map[string]reached{} // of the current one
	var out []Violation
	for _, o := range x.order {
		if o.dropped || len(o.effects) == 0 {
			continue
		}
		if c := now[o.device]; c.tx != o.tx {
			if c.tx != "" && c.at > far[o.device].at {
				far[o.device] = c
			}
			now[o.device] = reached{at: -1, tx: o.tx}
		}
		first := o.effects[0]
		if f, ok := far[o.device]; ok && first < f.at {
			out = append(out, violation("a later operation of one device was applied before an earlier one", f.tag, o.Tag))
		}
		if c := now[o.device]; first > c.at {
			now[o.device] = reached{first, o.Tag, o.tx}
		}
	}
	return out
}

// atomic: the changes of one client transaction are one commit, all or nothing.
func atomic(x *Index) []Violation {
	type part struct {
		commits map[string]bool
		seen    []string
		missing []string
	}
	parts := map[string]*part{}
	var txs []string
	for _, o := range x.order {
		if !o.whole || o.Verb == "DELETE" || o.Optional || !o.lastOnRow {
			continue
		}
		p := parts[o.tx]
		if p == nil {
			p = &part{commits: map[string]bool{}}
			parts[o.tx] = p
			txs = append(txs, o.tx)
		}
		if len(o.effects) == 0 {
			p.missing = append(p.missing, o.Tag)
			continue
		}
		p.seen = append(p.seen, o.Tag)
		p.commits[x.Changes[o.effects[0]].Commit] = true
	}
	var out []Violation
	for _, tx := range txs {
		switch p := parts[tx]; {
		case len(p.seen) > 0 && len(p.missing) > 0:
			out = append(out, violation(fmt.Sprintf("of transaction %s only %d of %d operations were applied", tx, len(p.seen), len(p.seen)+len(p.missing)), append(p.seen, p.missing...)...))
		case len(p.commits) > 1:
			out = append(out, violation(fmt.Sprintf("transaction %s was applied in %d commits", tx, len(p.commits)), p.seen...))
		}
	}
	return out
}

// drained: after healing every queue empties.
func drained(x *Index) []Violation {
	var out []Violation
	for _, e := range x.Events {
		if e.Kind == history.Stuck {
			out = append(out, violation("the queue of "+e.Device+" did not drain: "+e.Note, e.Tags...))
		}
	}
	return out
}
