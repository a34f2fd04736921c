package controlplane

import (
	"context"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Invitation lets one address join an organization.
type Invitation struct {
	ID, Organization      string
	Email                 string
	Role                  Role
	Projects              []string // nil: the whole organization
	TokenHash             []byte
	InvitedBy             string
	CreatedAt, ExpiresAt  time.Time
	AcceptedAt, RevokedAt *time.Time
}

// invitationLife is how long an invitation can be accepted.
const invitationLife = 7 * 24 * time.Hour

type invitationTx interface {
	InsertInvitation(ctx context.Context, i Invitation) error
	LockInvitation(ctx context.Context, organization, id string) (Invitation, error)
	// LockInvitationByToken finds one of a living organization, whatever its state.
	LockInvitationByToken(ctx context.Context, tokenHash []byte) (Invitation, error)
	// ListInvitations gives those that can still be accepted.
	ListInvitations(ctx context.Context, organization string, now time.Time, after string, limit int) ([]Invitation, error)
	AcceptInvitation(ctx context.Context, id string, at time.Time) error
	RevokeInvitation(ctx context.Context, organization, id string, at time.Time) error
}

// Invitations is the service of invitations.
type Invitations struct{ *core }

// Create invites an address. The returned string is shown once; whoever holds it and the address may join.
func (s *Invitations) Create(ctx context.Context, actor Actor, organization, email string, role Role, projects []string) (inv Invitation, secret redact.Secret, err error) {
	if email, err = checkEmail(email); err != nil {
		return inv, secret, err
	}
	if secret, err = s.newSecret(invitationPrefix); err != nil {
		return inv, secret, err
	}
	id, err := s.ids.New(prefixInvitation)
	if err != nil {
		return inv, secret, err
	}
	now := s.now()
	inv = Invitation{
		ID: id, Organization: organization, Email: email, Role: role, Projects: projects, TokenHash: digest(secret.Reveal()),
		InvitedBy: actor.UserID, CreatedAt: now, ExpiresAt: now.Add(invitationLife),
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if err := checkGrant(ctx, tx, actor, Grant{Organization: organization, Role: role, Projects: projects}); err != nil {
			return Event{}, err
		}
		if err := s.invite(ctx, tx, actor, inv, secret); err != nil {
			return Event{}, err
		}
		e := Event{Kind: InvitationCreated, Organization: organization, Target: id, Changes: Changes{
			"email": {To: email}, "role": {To: role}, "projects": {To: projects}, "token": {To: secret},
		}}
		return e, tx.InsertInvitation(ctx, inv)
	})
	return inv, secret, err
}

// invite mails the invitation, where mail can be sent.
func (s *Invitations) invite(ctx context.Context, tx Tx, actor Actor, inv Invitation, secret redact.Secret) error {
	o, err := tx.GetOrganization(ctx, inv.Organization)
	if err != nil {
		return err
	}
	return s.post(ctx, tx, s.mailing.invitation(inv.Email, actor.Email, o.Name, inv.Role, secret))
}

// List gives the invitations that can still be accepted.
func (s *Invitations) List(ctx context.Context, organization string, page Page) (list []Invitation, next string, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListInvitations(ctx, organization, s.now(), page.After, page.size()+1)
		return err
	})
	list, next = cut(page, list, func(i Invitation) string { return i.ID })
	return list, next, err
}

// Revoke takes an invitation back. One that was accepted or revoked is gone already.
func (s *Invitations) Revoke(ctx context.Context, actor Actor, organization, id string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		inv, err := tx.LockInvitation(ctx, organization, id)
		if err != nil {
			return Event{}, err
		}
		if inv.AcceptedAt != nil || inv.RevokedAt != nil {
			return Event{}, notFound("invitation")
		}
		e := Event{Kind: InvitationRevoked, Organization: organization, Target: id, Changes: Changes{"email": {From: inv.Email}}}
		return e, tx.RevokeInvitation(ctx, organization, id, s.now())
	})
}

// Accept makes the actor a member by an invitation's string.
func (s *Invitations) Accept(ctx context.Context, actor Actor, secret string) (inv Invitation, err error) {
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		user, err := tx.GetUser(ctx, actor.UserID)
		if err != nil {
			return Event{}, err
		}
		if inv, err = s.accept(ctx, tx, user, secret); err != nil {
			return Event{}, err
		}
		return Event{Kind: InvitationAccepted, Organization: inv.Organization, Target: inv.ID, Changes: Changes{
			"email": {To: user.Email}, "role": {To: inv.Role}, "projects": {To: inv.Projects},
		}}, nil
	})
	return inv, err
}

// accept is shared by signing up and joining with an existing account. A string that is unknown, used,
// revoked, out of date or for another address gets one and the same answer.
func (k *core) accept(ctx context.Context, tx Tx, user User, secret string) (Invitation, error) {
	gone := fault.New(fault.NotFound, "invitation_not_found", "There is no such invitation for you, or it is used up.").
		WithHint("Sign in with the address that was invited, or ask for a new invitation.")
	if !wellFormed(invitationPrefix, secret) {
		return Invitation{}, gone
	}
	inv, err := tx.LockInvitationByToken(ctx, digest(secret))
	if fault.IsKind(err, fault.NotFound) {
		return Invitation{}, gone
	}
	if err != nil {
		return Invitation{}, err
	}
	now := k.now()
	if inv.AcceptedAt != nil || inv.RevokedAt != nil || !now.Before(inv.ExpiresAt) || !strings.EqualFold(inv.Email, user.Email) {
		return Invitation{}, gone
	}
	m := Member{Organization: inv.Organization, UserID: user.ID, Role: inv.Role, Projects: inv.Projects, Version: 1, CreatedAt: now}
	if err := tx.InsertMember(ctx, m); err != nil {
		return Invitation{}, err
	}
	return inv, tx.AcceptInvitation(ctx, inv.ID, now)
}
