package controlplane

import (
	"context"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Identity is who an identity provider says that somebody is; whoever makes one has verified that.
type Identity struct {
	Provider        string // its name in the configuration
	Issuer, Subject string
	Email           string
	EmailVerified   bool
	Name            string

	CreatedAt, LastUsedAt time.Time
}

type identityTx interface {
	InsertIdentity(ctx context.Context, userID string, i Identity) error
	// FindIdentity gives the user that an identity belongs to.
	FindIdentity(ctx context.Context, issuer, subject string) (User, error)
	TouchIdentity(ctx context.Context, issuer, subject string, at time.Time) error
	ListIdentities(ctx context.Context, userID string) ([]Identity, error)
	DeleteIdentity(ctx context.Context, issuer, subject string) error
}

// Identities gives the actor's own accounts at identity providers.
func (s *Accounts) Identities(ctx context.Context, actor Actor) (list []Identity, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListIdentities(ctx, actor.UserID)
		return err
	})
	return list, err
}

// SignInWith starts a session for whoever an identity belongs to. One that is new here is linked to the
// account of its address, if both the provider and we have verified that; else it signs up, if it may.
// The provider asks for its own second factor: ours, which belongs to the password, is not asked for.
func (s *Accounts) SignInWith(ctx context.Context, actor Actor, i Identity, invitation string, b Browser) (user User, secret redact.Secret, err error) {
	if secret, err = s.newSecret(sessionPrefix); err != nil {
		return user, secret, err
	}
	i.CreatedAt = s.now()
	err = s.store.InTx(ctx, func(tx Tx) error {
		user, err = tx.FindIdentity(ctx, i.Issuer, i.Subject)
		switch {
		case err == nil:
			if err := tx.TouchIdentity(ctx, i.Issuer, i.Subject, i.CreatedAt); err != nil {
				return err
			}
			return s.enterWith(ctx, tx, actor, user, b, secret, Changes{"by": {To: i.Provider}})
		case !fault.IsKind(err, fault.NotFound):
			return err
		}
		if i, err = usable(i); err != nil {
			return err
		}
		user, err = tx.FindUserByEmail(ctx, i.Email)
		switch {
		case err == nil:
			return s.link(ctx, tx, actor, user, i, b, secret)
		case !fault.IsKind(err, fault.NotFound):
			return err
		}
		user, err = s.signUpWith(ctx, tx, actor, i, invitation, b, secret)
		return err
	})
	return user, secret, err
}

// usable refuses an address that is none, or that the provider has not verified.
func usable(i Identity) (Identity, error) {
	email, err := checkEmail(i.Email)
	if err != nil || !i.EmailVerified {
		return i, fault.New(fault.Forbidden, "provider_email_unverified", "The provider does not vouch for your e-mail address.").
			WithHint("Verify it there and sign in again.")
	}
	i.Email = email
	return i, nil
}

// link gives an existing account another way in. An account whose address was never verified may belong to
// somebody else, who waits for its owner to come: it is not linked.
func (s *Accounts) link(ctx context.Context, tx Tx, actor Actor, user User, i Identity, b Browser, secret redact.Secret) error {
	if user.EmailVerifiedAt == nil {
		return fault.New(fault.Conflict, "account_unverified", "There is an account of this address that nobody has verified.").
			WithHint("Sign in with its password and verify the address, or reset the password by mail.")
	}
	if err := tx.InsertIdentity(ctx, user.ID, i); err != nil {
		return err
	}
	if err := s.post(ctx, tx, s.mailing.changed(user.Email, "signing in with "+i.Provider+" was added", s.now())); err != nil {
		return err
	}
	return s.enterWith(ctx, tx, actor, user, b, secret, Changes{"by": {To: i.Provider}, "identity": {To: i.Issuer + " " + i.Subject}})
}

// enterWith is enter, for accounts that were found without a password.
func (s *Accounts) enterWith(ctx context.Context, tx Tx, actor Actor, user User, b Browser, secret redact.Secret, changes Changes) error {
	if user.DisabledAt != nil {
		return fault.New(fault.Forbidden, "account_disabled", "This account is disabled.")
	}
	return s.enter(ctx, tx, actor, user, b, secret, changes)
}

// signUpWith makes an account without a password, whose address the provider has verified.
func (s *Accounts) signUpWith(ctx context.Context, tx Tx, actor Actor, i Identity, invitation string, b Browser, secret redact.Secret) (user User, err error) {
	if err := s.maySignUp(invitation); err != nil {
		return user, err
	}
	at := s.now()
	user = User{Email: i.Email, CreatedAt: at, EmailVerifiedAt: &at}
	if user.Name, err = checkName(cutText(i.Name, maxName)); err != nil {
		user.Name, _, _ = strings.Cut(i.Email, "@")
		user.Name = cutText(user.Name, maxName)
	}
	if user.ID, err = s.ids.New(prefixUser); err != nil {
		return user, err
	}
	if err := tx.InsertUser(ctx, user); err != nil {
		return user, err
	}
	if err := tx.UpdateUser(ctx, user); err != nil { // that the address is verified
		return user, err
	}
	if err := tx.InsertIdentity(ctx, user.ID, i); err != nil {
		return user, err
	}
	organization, err := s.firstMembership(ctx, tx, user, "", invitation)
	if err != nil {
		return user, err
	}
	actor.UserID, actor.Email = user.ID, user.Email
	if err := tx.DeleteSession(ctx, digest(b.Replaces)); err != nil {
		return user, err
	}
	if err := s.startSession(ctx, tx, actor, user.ID, b.UserAgent, secret); err != nil {
		return user, err
	}
	return user, s.record(ctx, tx, actor, Event{Kind: AccountCreated, Organization: organization, Target: user.ID, Changes: Changes{
		"email": {To: user.Email}, "by": {To: i.Provider}, "identity": {To: i.Issuer + " " + i.Subject},
	}})
}
