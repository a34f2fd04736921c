package controlplane

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"turnkey/internal/fault"
)

// Answer is what a repeated request gets: the first one's answer, sealed by the caller.
type Answer struct {
	Actor       string
	KeyHash     []byte
	RequestHash []byte
	Sealed      []byte
	CreatedAt   time.Time
}

// answerLife is how long a repeated request gets the first one's answer.
const answerLife = 24 * time.Hour

type answerTx interface {
	// TryAnswerLock reports whether this transaction alone now holds the lock, until it ends.
	TryAnswerLock(ctx context.Context, lock int64) (bool, error)
	// FindAnswer returns NotFound when there is none.
	FindAnswer(ctx context.Context, actor string, keyHash []byte) (Answer, error)
	SaveAnswer(ctx context.Context, a Answer) error
	DeleteOldAnswers(ctx context.Context, before time.Time) (int64, error)
}

// Answers makes requests with an idempotency key happen once.
//
// Work and answer are one transaction: a replica that dies takes both with it and leaves no lock behind
// (the lock belongs to its connection), so a repeat either finds the whole answer or starts afresh.
type Answers struct{ *core }

// errUndo ends a transaction whose work was refused.
var errUndo = errors.New("undone: the request was refused")

// Once runs work, unless the actor sent this key within a day: then it gives the stored answer and
// replayed is true. work returns the sealed answer, and nil when it was refused: then nothing stays and
// the key is free. Conflict while the first request still runs; Invalid when the key came with another request.
func (s *Answers) Once(ctx context.Context, actor Actor, key string, request []byte, work func(context.Context) (sealed []byte, err error)) (stored []byte, replayed bool, err error) {
	a := Answer{Actor: actor.UserID + "/" + actor.TokenID, KeyHash: digest(key), RequestHash: digest(string(request)), CreatedAt: s.now()}
	joined, tx, end, err := s.store.Join(ctx)
	if err != nil {
		return nil, false, err
	}
	stored, replayed, err = s.once(joined, tx, a, work)
	if err = end(err); errors.Is(err, errUndo) {
		err = nil
	}
	return stored, replayed, err
}

func (s *Answers) once(ctx context.Context, tx Tx, a Answer, work func(context.Context) ([]byte, error)) ([]byte, bool, error) {
	free, err := tx.TryAnswerLock(ctx, answerLock(a))
	if err != nil {
		return nil, false, err
	}
	if !free {
		return nil, false, fault.New(fault.Conflict, "idempotency_key_in_use", "The first request with this Idempotency-Key is still running.").
			WithHint("Wait a moment and repeat it.")
	}
	known, err := tx.FindAnswer(ctx, a.Actor, a.KeyHash)
	switch {
	case err == nil && a.CreatedAt.Sub(known.CreatedAt) < answerLife:
		if !bytes.Equal(known.RequestHash, a.RequestHash) {
			return nil, false, fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key came with a different request before.").
				WithHint("Use a new key for each new request.")
		}
		return known.Sealed, true, nil
	case err != nil && !fault.IsKind(err, fault.NotFound):
		return nil, false, err
	}
	a.Sealed, err = work(ctx)
	if err != nil {
		return nil, false, err
	}
	if a.Sealed == nil {
		return nil, false, errUndo
	}
	return nil, false, tx.SaveAnswer(ctx, a)
}

// answerLock is a number for the advisory lock; two keys that share one only wait for each other.
func answerLock(a Answer) int64 {
	sum := sha256.Sum256(append([]byte(a.Actor+"\x00"), a.KeyHash...))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// Sweep removes answers that nobody gets any more; it returns how many.
func (s *Answers) Sweep(ctx context.Context) (n int64, err error) {
	err = s.store.InTx(ctx, func(tx Tx) error {
		n, err = tx.DeleteOldAnswers(ctx, s.now().Add(-answerLife))
		return err
	})
	return n, err
}
