package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

// TryAnswerLock implements controlplane.Tx.
func (t tx) TryAnswerLock(ctx context.Context, lock int64) (bool, error) {
	ok, err := t.q.TryAnswerLock(ctx, lock)
	return ok, translate(err)
}

// FindAnswer implements controlplane.Tx.
func (t tx) FindAnswer(ctx context.Context, actor string, keyHash []byte) (controlplane.Answer, error) {
	r, err := t.q.FindAnswer(ctx, db.FindAnswerParams{Actor: actor, KeyHash: keyHash})
	return controlplane.Answer{Actor: actor, KeyHash: keyHash, RequestHash: r.RequestHash, Sealed: r.Answer, CreatedAt: r.CreatedAt}, translate(err)
}

// SaveAnswer implements controlplane.Tx.
func (t tx) SaveAnswer(ctx context.Context, a controlplane.Answer) error {
	return translate(t.q.SaveAnswer(ctx, db.SaveAnswerParams{Actor: a.Actor, KeyHash: a.KeyHash, RequestHash: a.RequestHash, Answer: a.Sealed, CreatedAt: a.CreatedAt}))
}

// DeleteOldAnswers implements controlplane.Tx.
func (t tx) DeleteOldAnswers(ctx context.Context, before time.Time) (int64, error) {
	n, err := t.q.DeleteOldAnswers(ctx, before)
	return n, translate(err)
}
