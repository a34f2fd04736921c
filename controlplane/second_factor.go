package controlplane

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// SecondFactor is the cause of mfa_required: the password was right, and a code is asked for.
type SecondFactor struct {
	// Challenge comes back with the code, within ten minutes.
	Challenge redact.Secret
}

// Error implements error.
func (*SecondFactor) Error() string { return "a second factor is asked for" }

func (f *SecondFactor) fault() error {
	return fault.Wrap(f, fault.Unauthenticated, "mfa_required", "Type the code of your authenticator app.").
		WithHint("Send it with the challenge to /auth/login/code.")
}

// askSecondFactor gives a challenge where the user's account has a second factor, nil where not.
func (s *Accounts) askSecondFactor(ctx context.Context, tx Tx, user User) (*SecondFactor, error) {
	t, err := tx.GetTOTP(ctx, user.ID)
	if fault.IsKind(err, fault.NotFound) || err == nil && !t.Enabled() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	challenge, ok, err := s.giveToken(ctx, tx, secondFactorToken, user)
	if err == nil && !ok {
		err = fault.New(fault.Limited, "too_many_attempts", "Somebody began to sign in to this account many times within the last hour.").WithHint("Try again in an hour.")
	}
	return &SecondFactor{challenge}, err
}

// LogInCode is the second step of a sign-in.
type LogInCode struct {
	Challenge, Code string
	Browser
}

// LogInByCode takes a code of the authenticator app, or a recovery code, and starts a session.
func (s *Accounts) LogInByCode(ctx context.Context, actor Actor, in LogInCode) (user User, secret redact.Secret, err error) {
	if secret, err = s.newSecret(sessionPrefix); err != nil {
		return user, secret, err
	}
	var refused error
	err = s.store.InTx(ctx, func(tx Tx) error {
		if user, err = s.redeem(ctx, tx, secondFactorToken, in.Challenge); err != nil {
			return err
		}
		t, err := tx.LockTOTP(ctx, user.ID)
		if err != nil {
			return err
		}
		if refused, err = s.tryCode(ctx, tx, t, in.Code); err != nil || refused != nil {
			return err // a wrong code is counted, and the challenge stays
		}
		if err := tx.DeleteAccountTokens(ctx, secondFactorToken.name, user.ID); err != nil {
			return err
		}
		return s.enter(ctx, tx, actor, user, in.Browser, secret, Changes{"by": {To: "password and code"}})
	})
	switch {
	case fault.IsKind(err, fault.NotFound):
		err = fault.New(fault.Unauthenticated, "challenge_void", "This sign-in took too long, or is finished.").WithHint("Begin again with your password.")
	case err == nil:
		err = refused
	}
	return user, secret, err
}

func wrongCode() *fault.Error {
	return fault.New(fault.Forbidden, "wrong_code", "That code is not right, or was used before.").
		WithDetails(fault.Detail{Path: "body.code", Code: "wrong_code", Message: "not the code"})
}

const (
	// codeTries is how many wrong codes in a row block the app's codes, for blockFor at first and twice
	// that each time again, at most a day. Recovery codes are too long to be guessed and always work.
	codeTries = 5
	blockFor  = 15 * time.Minute
	maxBlock  = 24 * time.Hour
)

// tryCode uses a code of an enabled TOTP, or a recovery code. A refusal is to be committed: it counts.
func (s *Accounts) tryCode(ctx context.Context, tx Tx, t TOTP, code string) (refused, err error) {
	now := s.now()
	if text, is := recoveryCode(code); is {
		used, err := tx.UseRecoveryCode(ctx, t.UserID, digest(text))
		if err == nil && !used {
			refused = wrongCode()
		}
		return refused, err
	}
	if t.BlockedUntil != nil && now.Before(*t.BlockedUntil) {
		return fault.New(fault.Limited, "codes_blocked", "Too many wrong codes: codes of the app are not taken for a while.").
			WithHint("Use a recovery code, or wait until " + t.BlockedUntil.Format(time.RFC3339) + "."), nil
	}
	step, err := s.stepOf(t, code)
	if err != nil {
		return nil, err
	}
	if step > 0 {
		t.LastStep, t.Failures, t.BlockedUntil = step, 0, nil
		return nil, tx.UpdateTOTP(ctx, t)
	}
	if t.Failures++; t.Failures%codeTries == 0 {
		until := now.Add(min(blockFor<<min(t.Failures/codeTries-1, 10), maxBlock))
		t.BlockedUntil = &until
	}
	return wrongCode(), tx.UpdateTOTP(ctx, t)
}

// totpStep is how long a code holds; those of the step before and after are taken, too, for clocks differ.
const totpStep = 30

// stepOf gives the step whose code it is, 0 when it is none that may still be taken.
func (s *Accounts) stepOf(t TOTP, code string) (int64, error) {
	secret, err := s.vault.Open(t.Sealed, totpLabel(t.UserID))
	if err != nil {
		return 0, err
	}
	code = strings.ReplaceAll(code, " ", "")
	now, found := s.now().Unix()/totpStep, int64(0)
	for step := now - 1; step <= now+1; step++ {
		want, err := hotp.GenerateCode(string(secret), uint64(step))
		if err != nil {
			return 0, fmt.Errorf("compute a code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > t.LastStep {
			found = step
		}
	}
	return found, nil
}

const (
	recoveryCodes = 10
	// recoveryBytes are 80 bits: enough to keep a plain hash of.
	recoveryBytes = 10
	// recoveryGroup is how many characters are written together.
	recoveryGroup = 4
)

// newRecoveryCodes makes codes as people get them, and what is kept of them.
func (k *core) newRecoveryCodes() (codes []redact.Secret, hashes [][]byte, err error) {
	for range recoveryCodes {
		raw := make([]byte, recoveryBytes)
		if _, err := io.ReadFull(k.random, raw); err != nil {
			return nil, nil, fmt.Errorf("read randomness for a recovery code: %w", err)
		}
		text := crockford.EncodeToString(raw)
		var groups []string
		for i := 0; i < len(text); i += recoveryGroup {
			groups = append(groups, text[i:i+recoveryGroup])
		}
		codes, hashes = append(codes, redact.New(strings.Join(groups, "-"))), append(hashes, digest(text))
	}
	return codes, hashes, nil
}

// recoveryCode reads what somebody typed; is says that it can be a recovery code.
func recoveryCode(typed string) (text string, is bool) {
	text = strings.NewReplacer(" ", "", "-", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(typed))
	return text, len(text) == crockford.EncodedLen(recoveryBytes)
}
