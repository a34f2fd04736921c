package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func mail(r db.Mail) controlplane.QueuedMail {
	return controlplane.QueuedMail{
		Mail:   controlplane.Mail{ID: r.ID, Kind: r.Kind, To: r.Recipient, Subject: r.Subject, CreatedAt: r.CreatedAt},
		Sealed: r.Sealed, Attempts: int(r.Attempts), DueAt: r.DueAt, SentAt: r.SentAt,
	}
}

// InsertMail implements controlplane.Tx.
func (t tx) InsertMail(ctx context.Context, m controlplane.QueuedMail, maxWaiting int) (bool, error) {
	n, err := t.q.InsertMail(ctx, db.InsertMailParams{
		ID: m.ID, Kind: m.Kind, Recipient: m.To, Subject: m.Subject, Sealed: m.Sealed, CreatedAt: m.CreatedAt,
		DueAt: m.DueAt, SentAt: m.SentAt, MaxWaiting: int32(maxWaiting),
	})
	return n > 0, translate(err)
}

// ClaimMail implements controlplane.Tx.
func (t tx) ClaimMail(ctx context.Context, now, lease time.Time) (controlplane.QueuedMail, error) {
	r, err := t.q.ClaimMail(ctx, db.ClaimMailParams{Now: now, Lease: lease})
	return mail(r), translate(err)
}

// DelayMail implements controlplane.Tx.
func (t tx) DelayMail(ctx context.Context, id string, due time.Time, failure string) error {
	return translate(t.q.DelayMail(ctx, db.DelayMailParams{ID: id, DueAt: due, Failure: failure}))
}

// EndMail implements controlplane.Tx.
func (t tx) EndMail(ctx context.Context, id string, at *time.Time, failure string) error {
	return translate(t.q.EndMail(ctx, db.EndMailParams{ID: id, SentAt: at, Failure: failure}))
}

// ListKeptMails implements controlplane.Tx.
func (t tx) ListKeptMails(ctx context.Context, n int) ([]controlplane.QueuedMail, error) {
	rows, err := t.q.ListKeptMails(ctx, limit(n))
	return each(rows, mail), translate(err)
}

// DeleteOldMails implements controlplane.Tx.
func (t tx) DeleteOldMails(ctx context.Context, before time.Time) (int64, error) {
	n, err := t.q.DeleteOldMails(ctx, before)
	return n, translate(err)
}
