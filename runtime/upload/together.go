package upload

import (
	"context"
	"slices"
	"time"

	"turnkey/internal/crash"
	"turnkey/runtime/source"
)

// Group commit: transactions of several clients in one transaction of the source. Each is decided by itself, on its own
// rows, and its receipts are its own. The members of a group share no row and no client (turn.go), so
// what one of them does is nothing to another, and the order among them does not matter. They commit all or
// none; whatever keeps them from committing, each then goes its own way, as if it had never been in a group.
// So a member is applied exactly once if a transaction is, and its answer is that of a transaction.

// groupTime bounds the work on a group.
const groupTime = 10 * time.Second

// lead works on a group and tells its members, of which the first is the caller's. It calls tried when it is done.
func (e *Engine) lead(ctx context.Context, group []*member, tried func()) {
	followers := group[1:]
	watch := stopwatchOf(ctx)
	since := watch.mark()
	defer func() { // in a panic, too: nobody else would wake them
		for _, m := range group {
			m.watch.shared(watch, since, len(group))
		}
		tried()
		for _, m := range followers {
			m.done <- struct{}{}
		}
	}()
	// The time that the leader's own request has left is not the group's.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), groupTime)
	defer cancel()
	// In the order of their rows, so that two runtimes do not wait for each other in a circle.
	group = slices.SortedStableFunc(slices.Values(group), func(a, b *member) int { return a.first().compare(b.first()) })
	done, failure := e.direct(ctx, group)
	if done {
		for _, m := range group {
			m.settle(verdict{result: result{Status: success}})
		}
		return
	}
	err := error(failure)
	if failure == nil {
		err = e.together(ctx, group)
	}
	if err == nil {
		e.recovered()
		return
	}
	for _, m := range group { // whoever is to blame hears it by itself, and nobody else
		e.recents.forget(m.ids)
	}
	e.turns.part()
}

func (m *member) settle(v verdict) { m.settled, m.end = true, v }

// together decides a group's transactions on one snapshot and commits what they do as one. An error is a
// *source.Failure, and leaves those unsettled that it concerns.
func (e *Engine) together(ctx context.Context, group []*member) error {
	tx, err := e.begin(ctx, source.Session{})
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	attempts, err := e.readAll(ctx, tx, group)
	if err != nil {
		return err
	}
	var changes []source.Change
	all := &source.Finish{}
	for i, m := range group {
		a := attempts[i]
		if a == nil {
			continue
		}
		writes, err := m.decide(ctx, tx, a)
		if err != nil {
			return err
		}
		if !writes {
			attempts[i] = nil
			continue
		}
		f, err := a.finish(ctx)
		if err != nil {
			return err
		}
		changes = append(changes, a.changes...)
		all.Receipts, all.Conflicts = append(all.Receipts, f.Receipts...), append(all.Conflicts, f.Conflicts...)
		all.Tombstones, all.Traces = append(all.Tombstones, f.Tombstones...), append(all.Traces, f.Traces...)
		all.Deliveries = append(all.Deliveries, f.Deliveries...)
	}
	if len(changes) > 0 || len(all.Receipts) > 0 || !all.Bare() {
		for i := range all.Receipts {
			all.Receipts[i].At = all.Receipts[0].At // the source writes receipts of one time at less cost
		}
		crash.At(crash.Decided)
		if err := tx.Apply(ctx, changes, all); err != nil {
			return err
		}
	}
	for i, m := range group {
		if a := attempts[i]; a != nil {
			m.settle(verdict{result: retold(a.memory.worst), counts: a.counts})
			e.recents.wrote(m.ids, a.memory)
		}
	}
	return nil
}

// decide plays a transaction and reports whether it has something to write in this group. Otherwise it is
// settled, or has to go by itself.
func (m *member) decide(ctx context.Context, tx source.Tx, a *attempt) (writes bool, _ error) {
	if v, over := a.told(); over {
		if !a.remembered {
			m.settle(v)
		}
		return false, nil
	}
	no, err := a.play(ctx, tx)
	if no != nil && err == nil && !a.remembered { // else it is decided again, by what is read
		m.settle(a.refused(no))
	}
	return no == nil && !a.reborn, err
}

// readAll reads for all of a group. There is no attempt for a transaction that has to look closer, at the
// rejections that wait for one of its rows.
func (e *Engine) readAll(ctx context.Context, tx source.Tx, group []*member) ([]*attempt, error) {
	attempts := make([]*attempt, len(group))
	claims := make([]*source.Claim, len(group))
	var refs []source.Ref
	var names []source.RowName
	for i, m := range group {
		a := e.attempt(m)
		attempts[i], refs = a, append(refs, a.refs()...)
		if claims[i] = a.claim(); claims[i] == nil {
			claims[i] = &source.Claim{}
		}
	}
	found, known, err := tx.ReadAll(ctx, refs, claims)
	if err != nil {
		return nil, err
	}
	for i, a := range attempts {
		a.learn(found[:len(a.order)], &known[i])
		found = found[len(a.order):]
		for _, r := range a.order {
			names = append(names, r.name)
		}
	}
	if !known[0].Rejected {
		return attempts, nil
	}
	rejected, err := tx.Rejected(ctx, names)
	for _, r := range rejected {
		name := source.RowName{TableName: r.TableName, RowID: r.RowID}
		for i, a := range attempts {
			if a != nil && slices.ContainsFunc(a.order, func(own *row) bool { return own.name == name }) {
				attempts[i] = nil
			}
		}
	}
	return attempts, err
}
