package store

import (
	"context"
	"encoding/json"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// LockAuditHead implements controlplane.Tx.
func (t tx) LockAuditHead(ctx context.Context, chain string) (controlplane.AuditHead, error) {
	r, err := t.q.LockAuditHead(ctx, chain)
	return controlplane.AuditHead{Seq: r.Seq, Hash: r.Hash}, translate(err)
}

// GetAuditHead implements controlplane.Tx.
func (t tx) GetAuditHead(ctx context.Context, chain string) (controlplane.AuditHead, error) {
	r, err := t.q.GetAuditHead(ctx, chain)
	return controlplane.AuditHead{Seq: r.Seq, Hash: r.Hash}, translate(err)
}

// AppendAuditEvent implements controlplane.Tx.
func (t tx) AppendAuditEvent(ctx context.Context, e controlplane.AuditEvent) error {
	err := t.q.InsertAuditEvent(ctx, db.InsertAuditEventParams{
		ID: e.ID, Chain: e.Chain, Seq: e.Seq, OrganizationID: e.Organization, Kind: string(e.Kind), Target: e.Target, UserID: e.UserID,
		TokenID: e.TokenID, Ip: e.IP, RequestID: e.RequestID, Changes: string(e.Changes), At: e.At, Hash: e.Hash,
	})
	if err != nil {
		return translate(err)
	}
	return translate(t.q.MoveAuditHead(ctx, db.MoveAuditHeadParams{Chain: e.Chain, Seq: e.Seq, Hash: e.Hash}))
}

func auditEvent(r db.AuditEvent) controlplane.AuditEvent {
	return controlplane.AuditEvent{
		ID: r.ID, Chain: r.Chain, Seq: r.Seq, Organization: r.OrganizationID, Kind: controlplane.EventKind(r.Kind), Target: r.Target, UserID: r.UserID,
		TokenID: r.TokenID, IP: r.Ip, RequestID: r.RequestID, Changes: json.RawMessage(r.Changes), At: r.At, Hash: r.Hash,
	}
}

// ListAuditEvents implements controlplane.Tx.
func (t tx) ListAuditEvents(ctx context.Context, organization string, f controlplane.AuditFilter, before string, n int) ([]controlplane.AuditEvent, error) {
	rows, err := t.q.ListAuditEvents(ctx, db.ListAuditEventsParams{
		OrganizationID: organization, Before: before, Kind: f.Kind, UserID: f.UserID, Target: f.Target,
		Since: timeOr(f.Since, time.Unix(0, 0)), Until: timeOr(f.Until, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)), MaxRows: limit(n),
	})
	return each(rows, auditEvent), translate(err)
}

// ReadAuditChain implements controlplane.Tx.
func (t tx) ReadAuditChain(ctx context.Context, chain string, after int64, n int) ([]controlplane.AuditEvent, error) {
	rows, err := t.q.ReadAuditChain(ctx, db.ReadAuditChainParams{Chain: chain, AfterSeq: after, MaxRows: limit(n)})
	return each(rows, auditEvent), translate(err)
}
