package controlplane

import (
	"context"
	"encoding/hex"

	"turnkey/internal/fault"
)

// Erasures removes what is kept of one user of an instance.
type Erasures struct {
	*core
	// source, when set, has runtimes erase the user's rejections and conflicts in the instance's source;
	// it reports whether there were any.
	source func(ctx context.Context, actor Actor, instance, user string) (bool, error)
}

// EraseUser removes a user's log entries. What the user did until now and is still on its way from a
// runtime is not kept when it arrives. Counters name no users. The user's id goes nowhere, the audit
// log included: the event has the SHA-256 of instance and user. NotFound when nothing is kept of the user.
func (s *Erasures) EraseUser(ctx context.Context, actor Actor, instance, user string) (entries int64, err error) {
	elsewhere := false
	if s.source != nil {
		if elsewhere, err = s.source(ctx, actor, instance, user); err != nil {
			return 0, err
		}
	}
	hash := userHash(instance, user)
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.GetInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		if entries, err = s.eraseLogs(ctx, tx, instance, user); err != nil {
			return Event{}, err
		}
		if entries == 0 && !elsewhere {
			return Event{}, fault.New(fault.NotFound, "not_found", "Nothing is kept of such a user.")
		}
		e := Event{Kind: UserDataErased, Organization: i.Organization, Target: instance, Changes: Changes{
			"user_sha256": {From: hex.EncodeToString(hash[:])}, "log_entries": {From: entries, To: 0},
		}}
		return e, nil
	})
	return entries, err
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
