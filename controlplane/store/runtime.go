package store

import (
	"context"
	"encoding/json"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// PutRuntime implements controlplane.Tx.
func (t tx) PutRuntime(ctx context.Context, r controlplane.Runtime) error {
	put := db.PutRuntimeParams{
		ID: r.ID, Address: r.Address, Version: r.Version, Format: int32(r.Format), Capabilities: r.Capabilities,
		StartedAt: r.StartedAt, LastSeenAt: r.LastSeenAt, LeftAt: r.LeftAt,
	}
	if r.Sandbox != nil {
		text, err := json.Marshal(r.Sandbox)
		if err != nil {
			return err
		}
		said := string(text)
		put.Sandbox = &said
	}
	return translate(t.q.PutRuntime(ctx, put))
}

// ListRuntimes implements controlplane.Tx.
func (t tx) ListRuntimes(ctx context.Context, since time.Time) ([]controlplane.Runtime, error) {
	rows, err := t.q.ListRuntimes(ctx, since)
	return each(rows, func(r db.Runtime) controlplane.Runtime {
		out := controlplane.Runtime{
			ID: r.ID, Address: r.Address, Version: r.Version, Format: int(r.Format), Capabilities: r.Capabilities,
			StartedAt: r.StartedAt, LastSeenAt: r.LastSeenAt, LeftAt: r.LeftAt,
		}
		if r.Sandbox != nil && json.Unmarshal([]byte(*r.Sandbox), &out.Sandbox) != nil {
			out.Sandbox = nil // a newer version's, which says it otherwise
		}
		return out
	}), translate(err)
}

// DeleteOldRuntimes implements controlplane.Tx.
func (t tx) DeleteOldRuntimes(ctx context.Context, before time.Time) error {
	return translate(t.q.DeleteOldRuntimes(ctx, before))
}

// PutAck implements controlplane.Tx.
func (t tx) PutAck(ctx context.Context, a controlplane.Ack) error {
	if a.Code == "" {
		return translate(t.q.PutAck(ctx, db.PutAckParams{RuntimeID: a.Runtime, InstanceID: a.Instance, Revision: a.Revision, UpdatedAt: a.UpdatedAt}))
	}
	return translate(t.q.PutRefusal(ctx, db.PutRefusalParams{
		RuntimeID: a.Runtime, InstanceID: a.Instance, Refused: a.Refused, Code: a.Code, Message: a.Message, UpdatedAt: a.UpdatedAt,
	}))
}

// ListAcks implements controlplane.Tx.
func (t tx) ListAcks(ctx context.Context, instance string, since time.Time) ([]controlplane.Ack, error) {
	rows, err := t.q.ListAcks(ctx, db.ListAcksParams{InstanceID: instance, Since: since})
	return each(rows, func(r db.RuntimeAck) controlplane.Ack {
		return controlplane.Ack{
			Runtime: r.RuntimeID, Instance: r.InstanceID, Revision: r.Revision, Refused: r.Refused, Code: r.Code, Message: r.Message, UpdatedAt: r.UpdatedAt,
		}
	}), translate(err)
}

// ReplaceConditions implements controlplane.Tx. A heartbeat repeats what is known, maybe of a thousand
// instances: rows that stay as they are are not written again.
func (t tx) ReplaceConditions(ctx context.Context, runtime string, list []controlplane.Condition) error {
	put := db.PutConditionsParams{RuntimeID: runtime}
	var kept []string
	seen := map[string]bool{}
	for _, c := range list {
		key := c.Instance + " " + c.Code
		if seen[key] {
			continue
		}
		seen[key] = true
		kept = append(kept, key)
		put.Instances, put.Codes = append(put.Instances, c.Instance), append(put.Codes, c.Code)
		put.Messages, put.Since = append(put.Messages, c.Message), append(put.Since, c.Since)
	}
	if err := t.q.ClearConditions(ctx, db.ClearConditionsParams{RuntimeID: runtime, Kept: append([]string{}, kept...)}); err != nil {
		return translate(err)
	}
	if len(kept) == 0 {
		return nil
	}
	return translate(t.q.PutConditions(ctx, put))
}

// ListConditions implements controlplane.Tx.
func (t tx) ListConditions(ctx context.Context, instance string, since time.Time) ([]controlplane.Condition, error) {
	rows, err := t.q.ListConditions(ctx, db.ListConditionsParams{InstanceID: instance, Since: since})
	return each(rows, func(r db.RuntimeCondition) controlplane.Condition {
		return controlplane.Condition{Runtime: r.RuntimeID, Instance: r.InstanceID, Code: r.Code, Message: r.Message, Since: r.Since}
	}), translate(err)
}
