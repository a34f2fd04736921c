package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func session(r db.Session) controlplane.Session {
	return controlplane.Session{
		ID: r.ID, UserID: r.UserID, IP: r.Ip, UserAgent: r.UserAgent, TokenHash: r.TokenHash,
		CreatedAt: r.CreatedAt, LastSeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt,
	}
}

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
	return session(r.Session), user(r.User), translate(err)
}

// ListSessions implements controlplane.Tx.
func (t tx) ListSessions(ctx context.Context, userID string, now, idleSince time.Time) ([]controlplane.Session, error) {
	rows, err := t.q.ListSessions(ctx, db.ListSessionsParams{UserID: userID, Now: now, IdleSince: idleSince})
	return each(rows, session), translate(err)
}

// DeleteSessionByID implements controlplane.Tx.
func (t tx) DeleteSessionByID(ctx context.Context, userID, id string) (bool, error) {
	n, err := t.q.DeleteSessionByID(ctx, db.DeleteSessionByIDParams{UserID: userID, ID: id})
	return n > 0, translate(err)
}

// DeleteSessionsBut implements controlplane.Tx.
func (t tx) DeleteSessionsBut(ctx context.Context, userID, kept string) (int64, error) {
	n, err := t.q.DeleteSessionsBut(ctx, db.DeleteSessionsButParams{UserID: userID, Kept: kept})
	return n, translate(err)
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
