package controlplane

import (
	"context"
	"errors"
	"fmt"
)

// SealedRow is one value that the vault keeps, wherever it lies.
type SealedRow struct {
	Label  string // what it is sealed under; also says where it lies
	Sealed []byte
}

type vaultTx interface {
	// ScanSealed gives sealed values of all customers after a label, in order.
	ScanSealed(ctx context.Context, after string, limit int) ([]SealedRow, error)
	// ReplaceSealed writes a value anew if it is still the one that was read.
	ReplaceSealed(ctx context.Context, row SealedRow, sealed []byte) (replaced bool, err error)
}

// Keyring is the service of operators for what is sealed: it moves values to a new key-encryption key,
// and proves that a database and a keyset belong together.
type Keyring struct{ *core }

// KeyringReport says what was found and done.
type KeyringReport struct {
	Values    int // sealed values
	Old       int // of them, sealed with a key that is not the newest (before rewrapping)
	Rewrapped int
	Broken    []string // labels of values that do not open
}

const vaultPage = 200

// Verify opens every sealed value. Run it after restoring a backup: it fails when a value does not open.
func (s *Keyring) Verify(ctx context.Context) (KeyringReport, error) { return s.walk(ctx, false) }

// Rewrap seals every value with the newest key. It may be stopped and started again at any time, and
// run beside working replicas; a value that changes meanwhile is new by itself.
func (s *Keyring) Rewrap(ctx context.Context) (KeyringReport, error) { return s.walk(ctx, true) }

func (s *Keyring) walk(ctx context.Context, rewrap bool) (r KeyringReport, err error) {
	for after := ""; ; {
		var page []SealedRow
		err := s.read(ctx, func(tx Tx) error {
			page, err = tx.ScanSealed(ctx, after, vaultPage)
			return err
		})
		if err != nil {
			return r, err
		}
		for _, row := range page {
			after = row.Label
			if err := s.visit(ctx, row, rewrap, &r); err != nil {
				return r, err
			}
		}
		if len(page) < vaultPage {
			break
		}
	}
	if len(r.Broken) > 0 {
		return r, fmt.Errorf("%d of %d sealed values do not open, the first is %s: %w", len(r.Broken), r.Values, r.Broken[0], errBroken)
	}
	return r, nil
}

var errBroken = errors.New("the key-encryption keyset is not the one of this database, or rows were altered")

func (s *Keyring) visit(ctx context.Context, row SealedRow, rewrap bool, r *KeyringReport) error {
	r.Values++
	plain, err := s.vault.Open(row.Sealed, row.Label)
	if err != nil {
		r.Broken = append(r.Broken, row.Label)
		return nil
	}
	if s.vault.Current(row.Sealed) {
		return nil
	}
	r.Old++
	if !rewrap {
		return nil
	}
	sealed, err := s.vault.Seal(plain, row.Label)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		done, err := tx.ReplaceSealed(ctx, row, sealed)
		if done {
			r.Rewrapped++
		}
		return err
	})
}
