package controlplane

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// tokenKind says what a string that was given out once is for.
type tokenKind struct {
	name, prefix string
	life         time.Duration
	// perHour is how many one account gets.
	perHour int64
}

var (
	verificationToken = tokenKind{"verification", verifyPrefix, 24 * time.Hour, 5}
	resetToken        = tokenKind{"reset", resetPrefix, time.Hour, 5}
	// An email_change goes to the address that is to be the user's.
	emailChangeToken = tokenKind{"email_change", emailPrefix, 24 * time.Hour, 5}
	// A second_factor is what a right password is worth where a code is asked for, too.
	secondFactorToken = tokenKind{"second_factor", challengePrefix, 10 * time.Minute, 60}
)

// AccountToken is a string that somebody comes back with, once.
type AccountToken struct {
	TokenHash            []byte
	Kind                 string
	UserID, Email        string
	CreatedAt, ExpiresAt time.Time
}

type accountTokenTx interface {
	InsertAccountToken(ctx context.Context, t AccountToken) error
	// FindAccountToken holds the row until the transaction ends: of two that come with it, one succeeds.
	FindAccountToken(ctx context.Context, kind string, tokenHash []byte) (AccountToken, error)
	// DeleteAccountTokens voids all of a kind.
	DeleteAccountTokens(ctx context.Context, kind, userID string) error
	CountAccountTokens(ctx context.Context, kind, userID string, since time.Time) (int64, error)
	DeleteDeadAccountTokens(ctx context.Context, now time.Time) error
}

// giveToken makes a string for a user. ok is false when they got many in the last hour: whoever asks in
// their name must not flood them.
func (k *core) giveToken(ctx context.Context, tx Tx, kind tokenKind, user User) (secret redact.Secret, ok bool, err error) {
	now := k.now()
	n, err := tx.CountAccountTokens(ctx, kind.name, user.ID, now.Add(-time.Hour))
	if err != nil || n >= kind.perHour {
		return secret, false, err
	}
	if secret, err = k.newSecret(kind.prefix); err != nil {
		return secret, false, err
	}
	return secret, true, tx.InsertAccountToken(ctx, AccountToken{
		TokenHash: digest(secret.Reveal()), Kind: kind.name, UserID: user.ID, Email: user.Email, CreatedAt: now, ExpiresAt: now.Add(kind.life),
	})
}

func voidToken() error {
	return fault.New(fault.NotFound, "token_void", "This link is used up, expired or incomplete.").WithHint("Ask for a new one.")
}

// redeem gives the user that a string was given to, who is locked and still has the address that it went to. All of
// the kind stay until use voids them.
func (k *core) redeem(ctx context.Context, tx Tx, kind tokenKind, secret string) (User, error) {
	t, user, err := k.redeemToken(ctx, tx, kind, secret)
	if err == nil && user.Email != t.Email {
		err = voidToken()
	}
	return user, err
}

// redeemToken is redeem for strings that went to any address.
func (k *core) redeemToken(ctx context.Context, tx Tx, kind tokenKind, secret string) (t AccountToken, user User, err error) {
	if !wellFormed(kind.prefix, secret) {
		return t, user, voidToken()
	}
	t, err = tx.FindAccountToken(ctx, kind.name, digest(secret))
	if fault.IsKind(err, fault.NotFound) || err == nil && !k.now().Before(t.ExpiresAt) {
		return t, user, voidToken()
	}
	if err != nil {
		return t, user, err
	}
	user, err = tx.LockUser(ctx, t.UserID)
	if err == nil && user.DisabledAt != nil {
		err = voidToken()
	}
	return t, user, err
}
