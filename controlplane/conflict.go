package controlplane

import (
	"context"

	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// Conflicts is the service of writes that met what somebody else had changed. They lie in customers' databases, as
// rejections do: every call is an order to a runtime that serves the instance.
type Conflicts struct{ *core }

// List gives an instance's conflicts, newest first unless the filter says otherwise.
func (s *Conflicts) List(ctx context.Context, actor Actor, instance string, f source.ConflictFilter, page Page) (list []source.ConflictRecord, next string, err error) {
	f.After, f.Limit = page.After, page.size()+1
	if err := s.ask(ctx, actor, instance, command.ConflictList, f, &list); err != nil {
		return nil, "", err
	}
	list, next = cut(page, list, func(c source.ConflictRecord) string { return c.ID })
	return list, next, nil
}

// Get gives one with everything that was recorded, and with what is stored today.
func (s *Conflicts) Get(ctx context.Context, actor Actor, instance, id string) (c command.ConflictShown, err error) {
	return c, s.ask(ctx, actor, instance, command.ConflictGet, id, &c)
}

// Resolve writes what somebody decided, and closes the conflict. Of one that was left open the whole case is
// closed.
func (s *Conflicts) Resolve(ctx context.Context, actor Actor, instance string, order command.ResolveOrder) (out source.CaseOutcome, err error) {
	if err := s.ask(ctx, actor, instance, command.ConflictResolve, order, &out); err != nil {
		return out, err
	}
	changes := Changes{"status": {To: source.ConflictResolved}, "take": {To: order.Take}}
	if n := len(order.Fields) + len(order.Values); n > 0 { // values are users' and stay in their database
		changes["columns"] = Change{To: n}
	}
	if order.WithoutRules {
		changes["without_rules"] = Change{To: true}
	}
	if order.Overwrite {
		changes["overwrite"] = Change{To: true}
	}
	return out, s.tell(ctx, actor, instance, Event{Kind: ConflictResolved, Target: order.ID, Changes: changes})
}

// Dismiss lets a conflict be, and gives up the rejection of one that was left open.
func (s *Conflicts) Dismiss(ctx context.Context, actor Actor, instance, id string) (out source.CaseOutcome, err error) {
	if err := s.ask(ctx, actor, instance, command.ConflictDismiss, id, &out); err != nil {
		return out, err
	}
	return out, s.tell(ctx, actor, instance, Event{Kind: ConflictDismissed, Target: id, Changes: Changes{"discarded": {To: len(out.Rejections)}}})
}
