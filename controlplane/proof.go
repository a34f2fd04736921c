package controlplane

import (
	"context"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Proof is what the actor shows again before something is done that a stolen session must not do: one of the two.
type Proof struct {
	Password redact.Secret
	Code     string
}

// prove runs a change for an actor who shows the password, or a code of their authenticator app. An account that has
// neither passes: its identity provider or passkey is all there is to ask. A wrong code is counted, and the change
// not made.
func (s *Accounts) prove(ctx context.Context, actor Actor, p Proof, change func(Tx) (Event, error)) error {
	hasPassword := false
	if p.Code == "" {
		user, err := s.confirm(ctx, actor, p.Password)
		if err != nil {
			return err
		}
		hasPassword = user.PasswordHash != ""
	}
	var refused error
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		if !hasPassword {
			if refused, err = s.proveByCode(ctx, tx, actor, p.Code); err != nil || refused != nil {
				return err
			}
		}
		e, err := change(tx)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, actor, e)
	})
	if err == nil {
		err = refused
	}
	return err
}

// proveByCode asks for a code, of those who have an authenticator app.
func (s *Accounts) proveByCode(ctx context.Context, tx Tx, actor Actor, code string) (refused, err error) {
	t, err := tx.LockTOTP(ctx, actor.UserID)
	none := fault.IsKind(err, fault.NotFound) || err == nil && !t.Enabled()
	switch {
	case none && code == "":
		return nil, nil
	case none:
		return nil, notFound("authenticator app")
	case err != nil:
		return nil, err
	case code == "":
		return nil, wrongCode().WithHint("Your account has no password: type a code of the app, or a recovery code.")
	}
	return s.tryCode(ctx, tx, t, code)
}
