package store

import (
	"context"
	"time"

	"turnkey/controlplane/store/internal/db"
	"turnkey/runtime/telemetry"
)

// AddRefused implements controlplane.Tx.
func (t tx) AddRefused(ctx context.Context, list []telemetry.RefusedCredential) error {
	if len(list) == 0 {
		return nil
	}
	var p db.PutRefusedParams
	for _, c := range list {
		p.Instances, p.Places, p.Codes = append(p.Instances, c.Instance), append(p.Places, string(c.Where)), append(p.Codes, c.Code)
		p.Issuers, p.KeyIds, p.Audiences = append(p.Issuers, c.Issuer), append(p.KeyIds, c.KeyID), append(p.Audiences, c.Audience)
		p.Messages, p.RequestIds = append(p.Messages, c.Message), append(p.RequestIds, c.RequestID)
		p.Firsts, p.Lasts, p.Numbers = append(p.Firsts, c.First), append(p.Lasts, c.Last), append(p.Numbers, c.N)
	}
	return translate(t.q.PutRefused(ctx, p))
}

// ListRefused implements controlplane.Tx.
func (t tx) ListRefused(ctx context.Context, instances []string, since time.Time, n int) ([]telemetry.RefusedCredential, error) {
	rows, err := t.q.ListRefused(ctx, db.ListRefusedParams{Instances: instances, KeptSince: since, MaxRows: limit(n)})
	return each(rows, func(r db.RefusedCredential) telemetry.RefusedCredential {
		return telemetry.RefusedCredential{
			Instance: r.InstanceID, Where: telemetry.Kind(r.Place), Code: r.Code, Credential: telemetry.Credential{Issuer: r.Issuer, KeyID: r.KeyID, Audience: r.Audience},
			Message: r.Message, RequestID: r.RequestID, First: r.FirstAt.UTC(), Last: r.LastAt.UTC(), N: r.N,
		}
	}), translate(err)
}

// DeleteOldRefused implements controlplane.Tx.
func (t tx) DeleteOldRefused(ctx context.Context, at time.Time) error {
	return translate(t.q.DeleteOldRefused(ctx, at))
}
