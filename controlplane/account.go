package controlplane

import (
	"context"
	"strings"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Signup says who may make an account.
type Signup string

// The settings of --signup. The zero value is SignupOff.
const (
	SignupOff    Signup = "off"
	SignupInvite Signup = "invite"
	SignupOpen   Signup = "open"
)

// Accounts is the service of signing up, in and out.
type Accounts struct {
	*core
	passwords   *passwords
	signup      Signup
	verifyEmail bool
	passkeys    PasskeyVerifier // nil: they do not work here
}

// NewAccount is the input of SignUp.
type NewAccount struct {
	Email, Name string
	Password    redact.Secret
	// Organization names the first organization; empty takes a name from the person's.
	Organization string
	// Invitation is an invitation's string: the account then joins that organization instead.
	Invitation string
	UserAgent  string
}

// SignUp makes an account with a first organization (or membership) and a session.
func (s *Accounts) SignUp(ctx context.Context, actor Actor, in NewAccount) (User, redact.Secret, error) {
	if err := s.maySignUp(in.Invitation); err != nil {
		return User{}, redact.Secret{}, err
	}
	user, secret, err := s.newUser(ctx, in)
	if err != nil {
		return User{}, redact.Secret{}, err
	}
	actor.UserID, actor.Email = user.ID, user.Email
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if err := tx.InsertUser(ctx, user); err != nil {
			return Event{}, err
		}
		organization, err := s.firstMembership(ctx, tx, user, in.Organization, in.Invitation)
		if err != nil {
			return Event{}, err
		}
		if err := s.sendVerification(ctx, tx, user); err != nil {
			return Event{}, err
		}
		e := Event{Kind: AccountCreated, Organization: organization, Target: user.ID, Changes: Changes{"email": {To: user.Email}, "password": {To: in.Password}}}
		return e, s.startSession(ctx, tx, actor, user.ID, in.UserAgent, secret)
	})
	return user, secret, err
}

func (s *Accounts) maySignUp(invitation string) error {
	if s.signup == SignupOpen || s.signup == SignupInvite && invitation != "" {
		return nil
	}
	closed := fault.New(fault.Forbidden, "signup_closed", "Signing up is not open here.")
	if s.signup == SignupInvite {
		return closed.WithHint("Ask a member of your organization for an invitation.")
	}
	return closed.WithHint("The operator decides with --signup=open|invite|off.")
}

func (s *Accounts) newUser(ctx context.Context, in NewAccount) (u User, secret redact.Secret, err error) {
	if u.Email, err = checkEmail(in.Email); err != nil {
		return u, secret, err
	}
	name := in.Name
	if strings.TrimSpace(name) == "" {
		name, _, _ = strings.Cut(u.Email, "@")
	}
	if u.Name, err = checkName(name); err != nil {
		return u, secret, err
	}
	if u.PasswordHash, err = s.passwords.hash(ctx, in.Password); err != nil {
		return u, secret, err
	}
	if u.ID, err = s.ids.New(prefixUser); err != nil {
		return u, secret, err
	}
	u.CreatedAt = s.now()
	secret, err = s.newSecret(sessionPrefix)
	return u, secret, err
}

// firstMembership puts a new user into the inviting organization, or into one of their own.
func (s *Accounts) firstMembership(ctx context.Context, tx Tx, user User, name, invitation string) (organization string, err error) {
	if invitation != "" {
		inv, err := s.accept(ctx, tx, user, invitation)
		return inv.Organization, err
	}
	if strings.TrimSpace(name) == "" {
		name = cutText(user.Name, 80) + "'s organization"
	}
	if name, err = checkName(name); err != nil {
		return "", err
	}
	id, err := s.ids.New(prefixOrganization)
	if err != nil {
		return "", err
	}
	return id, insertOwned(ctx, tx, Organization{ID: id, Name: name, Version: 1, LogDays: DefaultLogDays, CreatedAt: s.now(), UpdatedAt: s.now()}, user.ID)
}

// Browser is where somebody signs in.
type Browser struct {
	UserAgent string
	// Replaces is the session string that the browser held before, if any: it ends.
	Replaces string
}

// LogIn is the input of Accounts.LogIn.
type LogIn struct {
	Email    string
	Password redact.Secret
	Browser
}

// LogIn checks a password and starts a new session under a new string. Where the account has a second
// factor it fails with mfa_required instead, and the cause is a *SecondFactor.
func (s *Accounts) LogIn(ctx context.Context, actor Actor, in LogIn) (User, redact.Secret, error) {
	user, err := s.byPassword(ctx, in.Email, in.Password)
	if err != nil {
		return User{}, redact.Secret{}, err
	}
	secret, err := s.newSecret(sessionPrefix)
	if err != nil {
		return User{}, redact.Secret{}, err
	}
	var asked *SecondFactor
	err = s.store.InTx(ctx, func(tx Tx) error {
		if asked, err = s.askSecondFactor(ctx, tx, user); err != nil || asked != nil {
			return err
		}
		return s.enter(ctx, tx, actor, user, in.Browser, secret, Changes{"by": {To: "password"}})
	})
	if err == nil && asked != nil {
		err = asked.fault()
	}
	return user, secret, err
}

// enter ends the session that the browser held before, starts a new one and records that.
func (s *Accounts) enter(ctx context.Context, tx Tx, actor Actor, user User, b Browser, secret redact.Secret, changes Changes) error {
	actor.UserID, actor.Email = user.ID, user.Email
	if err := tx.DeleteSession(ctx, digest(b.Replaces)); err != nil {
		return err
	}
	if err := s.startSession(ctx, tx, actor, user.ID, b.UserAgent, secret); err != nil {
		return err
	}
	return s.record(ctx, tx, actor, Event{Kind: SessionStarted, Target: user.ID, Changes: changes})
}

// byPassword takes as long for an address without an account as for a wrong password.
func (s *Accounts) byPassword(ctx context.Context, email string, password redact.Secret) (user User, err error) {
	refused := fault.New(fault.Unauthenticated, "bad_credentials", "The e-mail address or the password is wrong.")
	if email, err = checkEmail(email); err != nil {
		return User{}, refused
	}
	err = s.read(ctx, func(tx Tx) error {
		user, err = tx.FindUserByEmail(ctx, email)
		return err
	})
	if err != nil && !fault.IsKind(err, fault.NotFound) {
		return User{}, err
	}
	ok, err := s.passwords.matches(ctx, password, user.PasswordHash)
	if err != nil {
		return User{}, err
	}
	if !ok || user.DisabledAt != nil {
		return User{}, refused
	}
	return user, nil
}

// LogOut ends the session of that string.
func (s *Accounts) LogOut(ctx context.Context, actor Actor, secret string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		return Event{Kind: SessionEnded, Target: actor.UserID}, tx.DeleteSession(ctx, digest(secret))
	})
}

// Me gives the actor's own account.
func (s *Accounts) Me(ctx context.Context, actor Actor) (u User, err error) {
	err = s.read(ctx, func(tx Tx) error {
		u, err = tx.GetUser(ctx, actor.UserID)
		return err
	})
	return u, err
}
