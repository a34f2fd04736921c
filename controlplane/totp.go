package controlplane

import (
	"context"
	"encoding/base32"
	"fmt"
	"io"
	"net/url"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// TOTP is a user's authenticator app (RFC 6238: SHA-1, six digits, 30 seconds, as all apps know it).
type TOTP struct {
	UserID      string
	Sealed      []byte
	CreatedAt   time.Time
	ConfirmedAt *time.Time // nil: begun, and not asked for yet
	// LastStep is that of the last code that was taken. No code is taken twice.
	LastStep     int64
	Failures     int // wrong codes in a row
	BlockedUntil *time.Time
	// RecoveryCodes is how many are left; only GetTOTP gives it.
	RecoveryCodes int
}

// Enabled reports whether signing in asks for a code.
func (t TOTP) Enabled() bool { return t.ConfirmedAt != nil }

type totpTx interface {
	// PutTOTP begins anew, whatever was there.
	PutTOTP(ctx context.Context, t TOTP) error
	GetTOTP(ctx context.Context, userID string) (TOTP, error)
	LockTOTP(ctx context.Context, userID string) (TOTP, error)
	UpdateTOTP(ctx context.Context, t TOTP) error
	// DeleteTOTP takes the recovery codes with it.
	DeleteTOTP(ctx context.Context, userID string) error
	// PutRecoveryCodes replaces all of a user's.
	PutRecoveryCodes(ctx context.Context, userID string, hashes [][]byte) error
	// UseRecoveryCode reports whether there was such a code; it is gone then.
	UseRecoveryCode(ctx context.Context, userID string, hash []byte) (bool, error)
}

func totpLabel(userID string) string { return "totp/" + userID }

// totpBytes is the length of a secret: that of the hash, as RFC 4226 advises.
const totpBytes = 20

// TOTP gives the actor's own authenticator app; NotFound when there is none.
func (s *Accounts) TOTP(ctx context.Context, actor Actor) (t TOTP, err error) {
	err = s.read(ctx, func(tx Tx) error {
		t, err = tx.GetTOTP(ctx, actor.UserID)
		return err
	})
	return t, err
}

// BeginTOTP makes a secret for an authenticator app, and the same as an otpauth address for a QR code.
// Nothing asks for its codes until EnableTOTP.
func (s *Accounts) BeginTOTP(ctx context.Context, actor Actor, password redact.Secret) (secret, uri redact.Secret, err error) {
	user, err := s.confirm(ctx, actor, password)
	if err != nil {
		return secret, uri, err
	}
	raw := make([]byte, totpBytes)
	if _, err := io.ReadFull(s.random, raw); err != nil {
		return secret, uri, fmt.Errorf("read randomness for a TOTP: %w", err)
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
	sealed, err := s.vault.Seal([]byte(text), totpLabel(user.ID))
	if err != nil {
		return secret, uri, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if _, err := tx.LockUser(ctx, user.ID); err != nil {
			return Event{}, err
		}
		switch t, err := tx.LockTOTP(ctx, user.ID); {
		case err == nil && t.Enabled():
			return Event{}, fault.New(fault.Conflict, "totp_enabled", "Your account has an authenticator app.").WithHint("Remove it first.")
		case err != nil && !fault.IsKind(err, fault.NotFound):
			return Event{}, err
		}
		return Event{Kind: TOTPBegun, Target: user.ID}, tx.PutTOTP(ctx, TOTP{UserID: user.ID, Sealed: sealed, CreatedAt: s.now()})
	})
	return redact.New(text), redact.New(otpauth(user.Email, text)), err
}

// otpauth is the address that apps read from a QR code.
func otpauth(account, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {"Turnkey"}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape("Turnkey:"+account) + "?" + q.Encode()
}

// EnableTOTP confirms the app by one of its codes, and gives the recovery codes, which are shown once.
func (s *Accounts) EnableTOTP(ctx context.Context, actor Actor, code string) (codes []redact.Secret, err error) {
	codes, hashes, err := s.newRecoveryCodes()
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		t, err := tx.LockTOTP(ctx, actor.UserID)
		switch {
		case err != nil:
			return Event{}, err
		case t.Enabled():
			return Event{}, fault.New(fault.Conflict, "totp_enabled", "Your authenticator app is confirmed already.")
		}
		step, err := s.stepOf(t, code)
		if err != nil {
			return Event{}, err
		}
		if step == 0 {
			return Event{}, wrongCode().WithHint("Type the code that the app shows now. If none works, look whether the phone's clock is right.")
		}
		now := s.now()
		t.ConfirmedAt, t.LastStep, t.Failures, t.BlockedUntil = &now, step, 0, nil
		if err := tx.UpdateTOTP(ctx, t); err != nil {
			return Event{}, err
		}
		if err := tx.PutRecoveryCodes(ctx, actor.UserID, hashes); err != nil {
			return Event{}, err
		}
		return Event{Kind: TOTPEnabled, Target: actor.UserID, Changes: Changes{"recovery_codes": {To: len(codes)}}},
			s.post(ctx, tx, s.mailing.changed(actor.Email, "an authenticator app was added", now))
	})
	return codes, err
}

// RemoveTOTP ends asking for codes.
func (s *Accounts) RemoveTOTP(ctx context.Context, actor Actor, p Proof) error {
	return s.proved(ctx, actor, p, func(tx Tx) (Event, error) {
		if err := tx.DeleteTOTP(ctx, actor.UserID); err != nil {
			return Event{}, err
		}
		return Event{Kind: TOTPRemoved, Target: actor.UserID}, s.post(ctx, tx, s.mailing.changed(actor.Email, "the authenticator app was removed", s.now()))
	})
}

// RenewRecoveryCodes makes new recovery codes, shown once; the old ones are void.
func (s *Accounts) RenewRecoveryCodes(ctx context.Context, actor Actor, p Proof) (codes []redact.Secret, err error) {
	codes, hashes, err := s.newRecoveryCodes()
	if err != nil {
		return nil, err
	}
	err = s.proved(ctx, actor, p, func(tx Tx) (Event, error) {
		return Event{Kind: RecoveryCodesMade, Target: actor.UserID, Changes: Changes{"recovery_codes": {To: len(codes)}}}, tx.PutRecoveryCodes(ctx, actor.UserID, hashes)
	})
	return codes, err
}

// proved runs a change of an enabled TOTP for an actor who shows the password or a code.
func (s *Accounts) proved(ctx context.Context, actor Actor, p Proof, change func(Tx) (Event, error)) error {
	return s.prove(ctx, actor, p, func(tx Tx) (Event, error) {
		t, err := tx.LockTOTP(ctx, actor.UserID)
		if err == nil && !t.Enabled() {
			err = notFound("authenticator app")
		}
		if err != nil {
			return Event{}, err
		}
		return change(tx)
	})
}
