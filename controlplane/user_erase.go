package controlplane

import (
	"context"
	"encoding/hex"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
)

// Erased is what an erasure removed. Rejections counts conflicts, too.
type Erased struct{ Rejections, Deliveries, LogEntries, Devices int64 }

// EraseUser removes what is kept of one of an instance's users beside their rows: rejections and conflicts with what
// they kept and deliveries, in the source, and log entries. A delivery that was not made yet goes with the rest. What
// the user did until now and is still on its way from a
// runtime is not kept when it arrives. Counters name no users. The user's id goes nowhere, the audit
// log included: the event has the SHA-256 of instance and user. NotFound when nothing is kept of the user.
func (s *Rejections) EraseUser(ctx context.Context, actor Actor, instance, user string) (out Erased, err error) {
	err = s.ask(ctx, actor, instance, command.UserErase, user, &out.Rejections)
	if err == nil {
		err = s.ask(ctx, actor, instance, command.DeliveryErase, user, &out.Deliveries)
	}
	if err != nil && !fault.Is(err, "not_deployed") { // without a deployment nothing was ever refused
		return out, err
	}
	hash := userHash(instance, user)
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.GetInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		if out.LogEntries, err = s.eraseLogs(ctx, tx, instance, user); err != nil {
			return Event{}, err
		}
		if out.Devices, err = tx.DeleteUserDevices(ctx, instance, user); err != nil {
			return Event{}, err
		}
		if out == (Erased{}) {
			return Event{}, fault.New(fault.NotFound, "not_found", "Nothing is kept of such a user.")
		}
		e := Event{Kind: UserDataErased, Organization: i.Organization, Target: instance, Changes: Changes{
			"user_sha256": {From: hex.EncodeToString(hash[:])}, "rejections": {From: out.Rejections, To: 0}, "deliveries": {From: out.Deliveries, To: 0}, "log_entries": {From: out.LogEntries, To: 0},
			"devices": {From: out.Devices, To: 0},
		}}
		return e, nil
	})
	return out, err
}

// eraseLogs removes a user's log entries within a transaction, and remembers that for those still on their way.
func (k *core) eraseLogs(ctx context.Context, tx Tx, instance, user string) (int64, error) {
	if err := tx.LockTelemetry(ctx); err != nil { // an entry that is being stored now is seen, or sees the erasure
		return 0, err
	}
	n, err := tx.DeleteUserLogs(ctx, instance, user)
	if err != nil {
		return 0, err
	}
	return n, tx.PutErasure(ctx, Erasure{Instance: instance, UserHash: userHash(instance, user), At: k.now()})
}
