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
// Changes and answer are one transaction: a replica that dies takes both with it and leaves no lock
// behind (the lock belongs to its connection), so a repeat either finds the whole answer or starts
// afresh. The transaction begins with the request's first change. What comes before, such as a runtime
// that prepares a source for half a minute, holds no connection; of two equal requests at that point
// both may prepare, but only one of them changes anything.
type Answers struct{ *core }

// errKnown ends a request at its first change: an equal one was answered while it prepared. No caller
// sees it.
var errKnown = fault.New(fault.Conflict, "idempotency_key_answered", "An equal request was answered meanwhile.")

// Once runs work, unless the actor sent this key within a day: then it gives the stored answer and
// replayed is true. work returns the sealed answer, and nil when it was refused: then nothing stays and
// the key is free. Conflict while the first request changes things; Invalid when the key came with another request.
func (s *Answers) Once(ctx context.Context, actor Actor, key string, request []byte, work func(context.Context) (sealed []byte, err error)) (stored []byte, replayed bool, err error) {
	a := Answer{Actor: actor.UserID + "/" + actor.TokenID, KeyHash: digest(key), RequestHash: digest(string(request)), CreatedAt: s.now()}
	claim := func(tx Tx) (err error) {
		if stored, err = claimAnswer(ctx, tx, a); err == nil && stored != nil {
			err = errKnown
		}
		return err
	}
	// A repeat is answered before any work; the lock of this look ends with it.
	if err := s.store.InTx(ctx, claim); err != nil {
		return known(stored, err)
	}
	joined, end := s.store.Join(ctx, claim)
	a.Sealed, err = work(joined)
	switch {
	case stored != nil: // work was refused at its first change, and says so in its own words
		err = errKnown
	case err == nil && a.Sealed == nil:
		return nil, false, ignore(end(errUndo, nil), errUndo)
	}
	return known(stored, end(err, func(tx Tx) error { return tx.SaveAnswer(ctx, a) }))
}

// errUndo ends a transaction whose work was refused.
var errUndo = errors.New("undone: the request was refused")

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// known turns errKnown into the stored answer.
func known(stored []byte, err error) ([]byte, bool, error) {
	if errors.Is(err, errKnown) {
		return stored, true, nil
	}
	return nil, false, err
}

// claimAnswer gives the stored answer of an equal request, nil when there is none; the key is then this
// transaction's alone until it ends.
func claimAnswer(ctx context.Context, tx Tx, a Answer) (stored []byte, err error) {
	free, err := tx.TryAnswerLock(ctx, answerLock(a))
	if err != nil {
		return nil, err
	}
	if !free {
		return nil, fault.New(fault.Conflict, "idempotency_key_in_use", "The first request with this Idempotency-Key is still running.").
			WithHint("Wait a moment and repeat it.")
	}
	first, err := tx.FindAnswer(ctx, a.Actor, a.KeyHash)
	switch {
	case fault.IsKind(err, fault.NotFound), err == nil && a.CreatedAt.Sub(first.CreatedAt) >= answerLife:
		return nil, nil
	case err != nil:
		return nil, err
	case !bytes.Equal(first.RequestHash, a.RequestHash):
		return nil, fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key came with a different request before.").
			WithHint("Use a new key for each new request.")
	}
	return first.Sealed, nil
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
