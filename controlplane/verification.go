package controlplane

import (
	"context"

	"turnkey/internal/fault"
)

// VerifiesEmail reports whether people must verify their address before they change anything but their account.
func (s *Accounts) VerifiesEmail() bool { return s.verifyEmail }

// Mails reports whether mail can be sent: without it there is neither verification nor reset.
func (s *Accounts) Mails() bool { return s.mailing.possible() }

// sendVerification posts a link to the user's address. Where no mail can be sent it does nothing.
func (k *core) sendVerification(ctx context.Context, tx Tx, user User) error {
	if !k.mailing.possible() {
		return nil
	}
	secret, ok, err := k.giveToken(ctx, tx, verificationToken, user)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.Limited, "too_many_mails", "You were sent several mails within the last hour.").
			WithHint("Look for them, also among spam; or ask again in an hour.")
	}
	return k.post(ctx, tx, k.mailing.verification(user.Email, secret))
}

// Verify proves by a mailed string that its user reads mail to their address.
func (s *Accounts) Verify(ctx context.Context, actor Actor, token string) (user User, err error) {
	err = s.store.InTx(ctx, func(tx Tx) error {
		if user, err = s.redeem(ctx, tx, verificationToken, token); err != nil {
			return err
		}
		now := s.now()
		user.EmailVerifiedAt = &now
		if err := tx.UpdateUser(ctx, user); err != nil {
			return err
		}
		if err := tx.DeleteAccountTokens(ctx, verificationToken.name, user.ID); err != nil {
			return err
		}
		actor.UserID, actor.Email = user.ID, user.Email
		return s.record(ctx, tx, actor, Event{Kind: EmailVerified, Target: user.ID, Changes: Changes{"email": {To: user.Email}}})
	})
	return user, err
}

// ResendVerification mails the actor another link.
func (s *Accounts) ResendVerification(ctx context.Context, actor Actor) error {
	if err := s.needMail(); err != nil {
		return err
	}
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		user, err := tx.LockUser(ctx, actor.UserID)
		if err != nil {
			return Event{}, err
		}
		if user.EmailVerifiedAt != nil {
			return Event{}, fault.New(fault.Conflict, "already_verified", "Your address is verified already.")
		}
		return Event{Kind: VerificationSent, Target: user.ID, Changes: Changes{"email": {To: user.Email}}}, s.sendVerification(ctx, tx, user)
	})
}
