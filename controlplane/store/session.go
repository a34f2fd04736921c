package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// InsertSession implements controlplane.Tx.
func (t tx) InsertSession(ctx context.Context, s controlplane.Session) error {
	return translate(t.q.InsertSession(ctx, db.InsertSessionParams{
		ID: s.ID, TokenHash: s.TokenHash, UserID: s.UserID, Ip: s.IP, UserAgent: s.UserAgent,
		CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt,
	}))
}

// FindSession implements controlplane.Tx.
func (t tx) FindSession(ctx context.Context, tokenHash []byte) (controlplane.Session, controlplane.User, error) {
	r, err := t.q.FindSession(ctx, tokenHash)
	return controlplane.Session{
		ID: r.Session.ID, UserID: r.Session.UserID, IP: r.Session.Ip, UserAgent: r.Session.UserAgent, TokenHash: r.Session.TokenHash,
		CreatedAt: r.Session.CreatedAt, LastSeenAt: r.Session.LastSeenAt, ExpiresAt: r.Session.ExpiresAt,
	}, user(r.User), translate(err)
}

// TouchSession implements controlplane.Tx.
func (t tx) TouchSession(ctx context.Context, id string, at time.Time) error {
	return translate(t.q.TouchSession(ctx, db.TouchSessionParams{ID: id, LastSeenAt: at}))
}

// DeleteSession implements controlplane.Tx.
func (t tx) DeleteSession(ctx context.Context, tokenHash []byte) error {
	return translate(t.q.DeleteSession(ctx, tokenHash))
}

// DeleteDeadSessions implements controlplane.Tx.
func (t tx) DeleteDeadSessions(ctx context.Context, now, idleSince time.Time) (int64, error) {
	n, err := t.q.DeleteDeadSessions(ctx, db.DeleteDeadSessionsParams{Now: now, IdleSince: idleSince})
	return n, translate(err)
}
