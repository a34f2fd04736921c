package controlplane

import (
	"context"

	"turnkey/internal/fault"
)

// AskForEmail mails a link to the address that the actor wants from now on, and a warning to the one that they have.
// Nothing changes before the link is opened.
func (s *Accounts) AskForEmail(ctx context.Context, actor Actor, email string, p Proof) error {
	if err := s.needMail(); err != nil {
		return err
	}
	email, err := checkEmail(email)
	if err != nil {
		return err
	}
	return s.prove(ctx, actor, p, func(tx Tx) (Event, error) {
		user, err := tx.LockUser(ctx, actor.UserID)
		if err != nil {
			return Event{}, err
		}
		e := Event{Kind: EmailChangeRequested, Target: user.ID, Changes: Changes{"email": {From: user.Email, To: email}}}
		if err := s.freeEmail(ctx, tx, user, email); err != nil {
			return Event{}, err
		}
		old := user.Email
		user.Email = email
		secret, ok, err := s.giveToken(ctx, tx, emailChangeToken, user)
		if err == nil && !ok {
			err = fault.New(fault.Limited, "too_many_mails", "You asked for several such mails within the last hour.").WithHint("Open one of them, or ask again in an hour.")
		}
		if err != nil {
			return Event{}, err
		}
		if err := s.post(ctx, tx, s.mailing.emailChange(email, secret)); err != nil {
			return Event{}, err
		}
		return e, s.post(ctx, tx, s.mailing.changed(old, "somebody asked to change its e-mail address", s.now()))
	})
}

// freeEmail refuses an address that is the user's already, or somebody else's.
func (s *Accounts) freeEmail(ctx context.Context, tx Tx, user User, email string) error {
	if email == user.Email {
		return fault.New(fault.Conflict, "email_unchanged", "That is your address already.")
	}
	other, err := tx.FindUserByEmail(ctx, email)
	switch {
	case fault.IsKind(err, fault.NotFound):
		return nil
	case err == nil && other.ID != user.ID:
		return fault.New(fault.Conflict, "email_taken", "That e-mail address already has an account.")
	}
	return err
}

// ConfirmEmail gives the user of a mailed string the address that it went to. It proves that address, and voids all
// that was mailed to the one before, which is told.
func (s *Accounts) ConfirmEmail(ctx context.Context, actor Actor, token string) (user User, err error) {
	err = s.store.InTx(ctx, func(tx Tx) error {
		var t AccountToken
		if t, user, err = s.redeemToken(ctx, tx, emailChangeToken, token); err != nil {
			return err
		}
		old, now := user.Email, s.now()
		user.Email, user.EmailVerifiedAt = t.Email, &now
		if err := tx.UpdateUser(ctx, user); err != nil {
			return err
		}
		for _, kind := range []tokenKind{emailChangeToken, verificationToken, resetToken, secondFactorToken} {
			if err := tx.DeleteAccountTokens(ctx, kind.name, user.ID); err != nil {
				return err
			}
		}
		if err := s.post(ctx, tx, s.mailing.emailChanged(old, now)); err != nil {
			return err
		}
		actor.UserID, actor.Email = user.ID, user.Email
		return s.record(ctx, tx, actor, Event{Kind: EmailChanged, Target: user.ID, Changes: Changes{"email": {From: old, To: user.Email}}})
	})
	return user, err
}
