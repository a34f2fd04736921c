package controlplane

import (
	"context"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// ForgetPassword mails a link to choose a new password, if the address has an account. Whether it has, or
// was mailed too often already, does not show in the result.
func (s *Accounts) ForgetPassword(ctx context.Context, actor Actor, email string) error {
	if err := s.needMail(); err != nil {
		return err
	}
	email, err := checkEmail(email)
	if err != nil {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		user, err := tx.FindUserByEmail(ctx, email)
		if err != nil {
			return err
		}
		if user.DisabledAt != nil {
			return notFound("account")
		}
		secret, ok, err := s.giveToken(ctx, tx, resetToken, user)
		if err != nil || !ok {
			return err
		}
		if err := s.post(ctx, tx, s.mailing.reset(user.Email, secret)); err != nil {
			return err
		}
		actor.UserID, actor.Email = user.ID, user.Email
		return s.record(ctx, tx, actor, Event{Kind: ResetRequested, Target: user.ID, Changes: Changes{"email": {To: user.Email}}})
	})
	if fault.IsKind(err, fault.NotFound) {
		return nil
	}
	return err
}

// ResetPassword gives the user of a mailed string a new password and ends all of their sessions. The mail
// also proves the address. A second factor stays: who reads the mail is not who has the phone.
func (s *Accounts) ResetPassword(ctx context.Context, actor Actor, token string, password redact.Secret) error {
	err := s.store.View(ctx, func(tx Tx) error { // before a hash is paid for
		_, err := s.redeem(ctx, tx, resetToken, token)
		return err
	})
	if err != nil {
		return err
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		user, err := s.redeem(ctx, tx, resetToken, token)
		if err != nil {
			return err
		}
		if user.EmailVerifiedAt == nil {
			now := s.now()
			user.EmailVerifiedAt = &now
		}
		ended, err := s.setPassword(ctx, tx, user, hash, "")
		if err != nil {
			return err
		}
		actor.UserID, actor.Email = user.ID, user.Email
		return s.record(ctx, tx, actor, Event{Kind: PasswordReset, Target: user.ID, Changes: Changes{"password": {To: password}, "sessions": {From: ended}}})
	})
}

// ChangePassword gives the actor a new password, who knows the old one, and ends their other sessions.
func (s *Accounts) ChangePassword(ctx context.Context, actor Actor, old, password redact.Secret) error {
	before, err := s.confirm(ctx, actor, old)
	if err != nil {
		return err
	}
	if before.PasswordHash == "" {
		return fault.New(fault.Conflict, "no_password", "Your account has no password: you sign in with a provider or a passkey.").
			WithHint("To get one, sign out and ask for a new password by mail.")
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		user, err := tx.LockUser(ctx, actor.UserID)
		if err == nil && user.PasswordHash != before.PasswordHash {
			err = fault.New(fault.Conflict, "password_changed", "The password was changed meanwhile.")
		}
		if err != nil {
			return Event{}, err
		}
		ended, err := s.setPassword(ctx, tx, user, hash, actor.SessionID)
		return Event{Kind: PasswordChanged, Target: user.ID, Changes: Changes{"password": {To: password}, "other_sessions": {From: ended}}}, err
	})
}

// setPassword writes the hash, voids mailed links and half sign-ins, ends all sessions but one, and tells
// the user by mail.
func (s *Accounts) setPassword(ctx context.Context, tx Tx, user User, hash, kept string) (ended int64, err error) {
	user.PasswordHash = hash
	if err := tx.UpdateUser(ctx, user); err != nil {
		return 0, err
	}
	for _, kind := range []tokenKind{resetToken, secondFactorToken, emailChangeToken} {
		if err := tx.DeleteAccountTokens(ctx, kind.name, user.ID); err != nil {
			return 0, err
		}
	}
	if ended, err = tx.DeleteSessionsBut(ctx, user.ID, kept); err != nil {
		return 0, err
	}
	return ended, s.post(ctx, tx, s.mailing.changed(user.Email, "the password was changed", s.now()))
}

// confirm asks the actor's password again before what a stolen session must not do. An account without one
// passes: its identity provider or passkey is all there is to ask.
func (s *Accounts) confirm(ctx context.Context, actor Actor, password redact.Secret) (User, error) {
	user, err := s.Me(ctx, actor)
	if err != nil || user.PasswordHash == "" {
		return user, err
	}
	ok, err := s.passwords.matches(ctx, password, user.PasswordHash)
	if err == nil && !ok {
		err = fault.New(fault.Forbidden, "wrong_password", "That is not your password.").
			WithDetails(fault.Detail{Path: "body.password", Code: "wrong_password", Message: "not your password"})
	}
	return user, err
}

// Rename changes the actor's own name.
func (s *Accounts) Rename(ctx context.Context, actor Actor, name string) (user User, err error) {
	if name, err = checkName(name); err != nil {
		return user, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if user, err = tx.LockUser(ctx, actor.UserID); err != nil {
			return Event{}, err
		}
		e := Event{Kind: AccountUpdated, Target: user.ID, Changes: Changes{"name": {From: user.Name, To: name}}}
		user.Name = name
		return e, tx.UpdateUser(ctx, user)
	})
	return user, err
}
