package controlplane

import (
	"context"
	"encoding/json"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Passkey is a key on somebody's device that signs them in by itself.
type Passkey struct {
	ID, UserID   string
	CredentialID []byte
	Name         string
	// Credential is what PasskeyVerifier keeps: public key, counter and flags.
	Credential []byte
	CreatedAt  time.Time
	LastUsedAt *time.Time
}

// Ceremony is one question to a browser. Options go there; Session is what the answer is checked against,
// and Challenge names it.
type Ceremony struct {
	Challenge        string
	Options, Session []byte // JSON
}

// PasskeyVerifier checks what authenticators say; *passkey.Verifier is one.
type PasskeyVerifier interface {
	BeginRegistration(user User, there []Passkey) (Ceremony, error)
	FinishRegistration(user User, session, response []byte) (credentialID, credential []byte, err error)
	BeginLogin() (Ceremony, error)
	// FinishLogin gives the credential to keep from now on.
	FinishLogin(session, response []byte, find func(credentialID []byte) (User, Passkey, error)) (credential []byte, err error)
}

// PasskeyChallenge is a question that was asked. UserID is empty for a sign-in.
type PasskeyChallenge struct {
	Hash      []byte
	UserID    string
	Session   []byte
	ExpiresAt time.Time
}

type passkeyTx interface {
	// InsertPasskey returns Conflict when the credential is known.
	InsertPasskey(ctx context.Context, p Passkey) error
	ListPasskeys(ctx context.Context, userID string) ([]Passkey, error)
	LockPasskey(ctx context.Context, userID, id string) (Passkey, error)
	// FindPasskey locks it, too.
	FindPasskey(ctx context.Context, credentialID []byte) (Passkey, User, error)
	UpdatePasskey(ctx context.Context, p Passkey) error
	DeletePasskey(ctx context.Context, id string) error
	InsertPasskeyChallenge(ctx context.Context, c PasskeyChallenge) error
	// UsePasskeyChallenge removes and gives it.
	UsePasskeyChallenge(ctx context.Context, hash []byte) (PasskeyChallenge, error)
	DeleteDeadPasskeyChallenges(ctx context.Context, now time.Time) error
}

const (
	ceremonyLife = 5 * time.Minute
	maxPasskeys  = 20
)

func (s *Accounts) verifier() (PasskeyVerifier, error) {
	if s.passkeys == nil {
		return nil, fault.New(fault.Unavailable, "passkeys_unavailable", "Passkeys do not work at this address.").
			WithHint("Browsers know them where the site has a name: the operator sets TURNKEY_BASE_URL to one.")
	}
	return s.passkeys, nil
}

// Passkeys gives the actor's own.
func (s *Accounts) Passkeys(ctx context.Context, actor Actor) (list []Passkey, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListPasskeys(ctx, actor.UserID)
		return err
	})
	return list, err
}

// HasPasskeys reports whether passkeys work here.
func (s *Accounts) HasPasskeys() bool { return s.passkeys != nil }

// ask keeps a question for its answer.
func (s *Accounts) ask(ctx context.Context, tx Tx, c Ceremony, user string) error {
	return tx.InsertPasskeyChallenge(ctx, PasskeyChallenge{Hash: digest(c.Challenge), UserID: user, Session: c.Session, ExpiresAt: s.now().Add(ceremonyLife)})
}

// answered gives the question that an answer is for. It is used up, whatever the answer is worth.
func (s *Accounts) answered(ctx context.Context, challenge, user string) (session []byte, err error) {
	void := fault.New(fault.Invalid, "challenge_void", "That took too long, or was answered before.").WithHint("Begin again.")
	var c PasskeyChallenge
	err = s.store.InTx(ctx, func(tx Tx) error {
		c, err = tx.UsePasskeyChallenge(ctx, digest(challenge))
		return err
	})
	if fault.IsKind(err, fault.NotFound) || err == nil && (c.UserID != user || !s.now().Before(c.ExpiresAt)) {
		return nil, void
	}
	return c.Session, err
}

// BeginPasskey gives what to ask the browser of the actor, who shows the password again.
func (s *Accounts) BeginPasskey(ctx context.Context, actor Actor, password redact.Secret) (c Ceremony, err error) {
	v, err := s.verifier()
	if err != nil {
		return c, err
	}
	user, err := s.confirm(ctx, actor, password)
	if err != nil {
		return c, err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		there, err := tx.ListPasskeys(ctx, user.ID)
		if err != nil {
			return err
		}
		if len(there) >= maxPasskeys {
			return fault.Newf(fault.Conflict, "too_many_passkeys", "An account has at most %d passkeys.", maxPasskeys).WithHint("Remove one that you do not use.")
		}
		if c, err = v.BeginRegistration(user, there); err != nil {
			return err
		}
		return s.ask(ctx, tx, c, user.ID)
	})
	return c, err
}

// AddPasskey keeps what the browser answered.
func (s *Accounts) AddPasskey(ctx context.Context, actor Actor, challenge, name string, response json.RawMessage) (p Passkey, err error) {
	v, err := s.verifier()
	if err != nil {
		return p, err
	}
	if name, err = checkName(name); err != nil {
		return p, err
	}
	session, err := s.answered(ctx, challenge, actor.UserID)
	if err != nil {
		return p, err
	}
	user, err := s.Me(ctx, actor)
	if err != nil {
		return p, err
	}
	p = Passkey{UserID: user.ID, Name: name, CreatedAt: s.now()}
	if p.CredentialID, p.Credential, err = v.FinishRegistration(user, session, response); err != nil {
		return p, err
	}
	if p.ID, err = s.ids.New(prefixPasskey); err != nil {
		return p, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if err := tx.InsertPasskey(ctx, p); err != nil {
			return Event{}, err
		}
		return Event{Kind: PasskeyCreated, Target: p.ID, Changes: Changes{"name": {To: name}}},
			s.post(ctx, tx, s.mailing.changed(user.Email, "a passkey was added", s.now()))
	})
	return p, err
}

// RenamePasskey gives one of the actor's passkeys another name.
func (s *Accounts) RenamePasskey(ctx context.Context, actor Actor, id, name string) (p Passkey, err error) {
	if name, err = checkName(name); err != nil {
		return p, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if p, err = tx.LockPasskey(ctx, actor.UserID, id); err != nil {
			return Event{}, err
		}
		e := Event{Kind: PasskeyUpdated, Target: id, Changes: Changes{"name": {From: p.Name, To: name}}}
		p.Name = name
		return e, tx.UpdatePasskey(ctx, p)
	})
	return p, err
}

// DeletePasskey forgets one, unless it is the only way in.
func (s *Accounts) DeletePasskey(ctx context.Context, actor Actor, id string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		user, err := tx.LockUser(ctx, actor.UserID)
		if err != nil {
			return Event{}, err
		}
		p, err := tx.LockPasskey(ctx, user.ID, id)
		if err != nil {
			return Event{}, err
		}
		keys, err := tx.ListPasskeys(ctx, user.ID)
		if err != nil {
			return Event{}, err
		}
		identities, err := tx.ListIdentities(ctx, user.ID)
		if err != nil {
			return Event{}, err
		}
		if user.PasswordHash == "" && len(identities) == 0 && len(keys) == 1 {
			return Event{}, fault.New(fault.Conflict, "last_way_in", "This passkey is the only way into your account.").WithHint("Add another one first, or reset the password by mail to get one.")
		}
		return Event{Kind: PasskeyDeleted, Target: id, Changes: Changes{"name": {From: p.Name}}}, tx.DeletePasskey(ctx, id)
	})
}

// BeginPasskeyLogIn gives what to ask any browser that wants to sign in.
func (s *Accounts) BeginPasskeyLogIn(ctx context.Context) (c Ceremony, err error) {
	v, err := s.verifier()
	if err != nil {
		return c, err
	}
	if c, err = v.BeginLogin(); err != nil {
		return c, err
	}
	return c, s.store.InTx(ctx, func(tx Tx) error { return s.ask(ctx, tx, c, "") })
}

// LogInByPasskey starts a session for whoever a passkey belongs to. The device has asked for its owner's
// finger or PIN, so no code is asked for.
func (s *Accounts) LogInByPasskey(ctx context.Context, actor Actor, challenge string, response json.RawMessage, b Browser) (user User, secret redact.Secret, err error) {
	v, err := s.verifier()
	if err != nil {
		return user, secret, err
	}
	session, err := s.answered(ctx, challenge, "")
	if err != nil {
		return user, secret, err
	}
	if secret, err = s.newSecret(sessionPrefix); err != nil {
		return user, secret, err
	}
	unknown := fault.New(fault.Unauthenticated, "passkey_unknown", "This passkey belongs to no account here.").WithHint("It was removed here; remove it from your device, too.")
	err = s.store.InTx(ctx, func(tx Tx) error {
		var key Passkey
		credential, err := v.FinishLogin(session, response, func(id []byte) (User, Passkey, error) {
			key, user, err = tx.FindPasskey(ctx, id)
			if fault.IsKind(err, fault.NotFound) {
				err = unknown
			}
			return user, key, err
		})
		if err != nil {
			return err
		}
		now := s.now()
		key.Credential, key.LastUsedAt = credential, &now
		if err := tx.UpdatePasskey(ctx, key); err != nil {
			return err
		}
		return s.enterWith(ctx, tx, actor, user, b, secret, Changes{"by": {To: "passkey"}, "passkey": {To: key.ID}})
	})
	return user, secret, err
}
