package controlplane

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Token is an API token: a script's way in, as one member, in one organization.
type Token struct {
	ID, Organization     string
	UserID               string // the creator
	Name                 string
	Role                 Role
	Projects             []string // nil: the whole organization
	Permissions          []string // nil: all of the role's
	TokenHash            []byte
	CreatedAt, ExpiresAt time.Time
	LastUsedAt           *time.Time
	RevokedAt            *time.Time
}

func (t Token) grant() Grant {
	return Grant{Organization: t.Organization, Role: t.Role, Projects: t.Projects, Permissions: t.Permissions}
}

const (
	// DefaultTokenLife is used when none is named; MaxTokenLife is the longest.
	DefaultTokenLife = 90 * 24 * time.Hour
	MaxTokenLife     = 366 * 24 * time.Hour
)

type tokenTx interface {
	InsertToken(ctx context.Context, t Token) error
	// FindToken gives a token that is not revoked with its creator's address and present grant;
	// NotFound also when the creator left or the organization is gone.
	FindToken(ctx context.Context, tokenHash []byte) (t Token, email string, creator Grant, err error)
	LockToken(ctx context.Context, organization, id string) (Token, error)
	ListTokens(ctx context.Context, organization, after string, limit int) ([]Token, error)
	TouchToken(ctx context.Context, id string, at time.Time) error
	RevokeToken(ctx context.Context, organization, id string, at time.Time) error
}

// Tokens is the service of API tokens.
type Tokens struct{ *core }

// NewToken is the input of Create.
type NewToken struct {
	Name        string
	Role        Role
	Projects    []string
	Permissions []string
	Life        time.Duration // 0: DefaultTokenLife
}

// Create makes a token that allows at most what the actor may do. Its string is shown once.
func (s *Tokens) Create(ctx context.Context, actor Actor, organization string, in NewToken) (t Token, secret redact.Secret, err error) {
	if in.Name, err = checkName(in.Name); err != nil {
		return t, secret, err
	}
	if in.Life == 0 {
		in.Life = DefaultTokenLife
	}
	if in.Life < time.Second || in.Life > MaxTokenLife {
		return t, secret, fault.New(fault.Invalid, "invalid_expiry", "A token lives up to 366 days.").
			WithDetails(fault.Detail{Path: "expires_in", Code: "invalid_expiry", Message: "out of range"})
	}
	if secret, err = s.newSecret(tokenPrefix); err != nil {
		return t, secret, err
	}
	id, err := s.ids.New(prefixToken)
	if err != nil {
		return t, secret, err
	}
	now := s.now()
	t = Token{
		ID: id, Organization: organization, UserID: actor.UserID, Name: in.Name, Role: in.Role, Projects: in.Projects,
		Permissions: in.Permissions, TokenHash: digest(secret.Reveal()), CreatedAt: now, ExpiresAt: now.Add(in.Life),
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if err := checkGrant(ctx, tx, actor, t.grant()); err != nil {
			return Event{}, err
		}
		e := Event{Kind: TokenCreated, Organization: organization, Target: id, Changes: Changes{
			"name": {To: t.Name}, "role": {To: t.Role}, "projects": {To: t.Projects}, "permissions": {To: t.Permissions},
			"expires_at": {To: t.ExpiresAt}, "token": {To: secret},
		}}
		return e, tx.InsertToken(ctx, t)
	})
	return t, secret, err
}

// List gives an organization's tokens that are not revoked.
func (s *Tokens) List(ctx context.Context, organization string, page Page) (list []Token, next string, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListTokens(ctx, organization, page.After, page.size()+1)
		return err
	})
	list, next = cut(page, list, func(t Token) string { return t.ID })
	return list, next, err
}

// Revoke ends a token: the next request that shows it is refused. Tokens above the actor's role are safe from them.
func (s *Tokens) Revoke(ctx context.Context, actor Actor, organization, id string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		t, err := tx.LockToken(ctx, organization, id)
		if err != nil {
			return Event{}, err
		}
		if t.RevokedAt != nil {
			return Event{}, notFound("token")
		}
		if own, _ := actor.GrantIn(organization); !own.Covers(t.grant()) && t.UserID != actor.UserID {
			return Event{}, aboveYou()
		}
		e := Event{Kind: TokenRevoked, Organization: organization, Target: id, Changes: Changes{"name": {From: t.Name}}}
		return e, tx.RevokeToken(ctx, organization, id, s.now())
	})
}

// Authenticate gives the actor that a token's string proves: its creator, limited to the token and to
// what the creator holds now.
func (s *Tokens) Authenticate(ctx context.Context, secret string) (Actor, error) {
	if !wellFormed(tokenPrefix, secret) {
		return Actor{}, unauthenticated()
	}
	var actor Actor
	err := s.read(ctx, func(tx Tx) error {
		t, email, creator, err := tx.FindToken(ctx, digest(secret))
		if err != nil {
			return err
		}
		now := s.now()
		if !now.Before(t.ExpiresAt) {
			return unauthenticated()
		}
		if t.LastUsedAt == nil || now.Sub(*t.LastUsedAt) >= touchEvery {
			if err := tx.TouchToken(ctx, t.ID, now); err != nil {
				return err
			}
		}
		actor = Actor{UserID: t.UserID, Email: email, TokenID: t.ID, Grants: []Grant{creator.Within(t.grant())}}
		return nil
	})
	if fault.IsKind(err, fault.NotFound) {
		return Actor{}, unauthenticated()
	}
	return actor, err
}
