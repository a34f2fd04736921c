package controlplane

import (
	"context"
	"crypto/sha256"
	"slices"

	"turnkey/internal/fault"
)

// ID names an identity without telling its subject, which some providers hold for private.
func (i Identity) ID() string {
	sum := sha256.Sum256([]byte(i.Issuer + "\n" + i.Subject))
	return prefixIdentity + "_" + crockford.EncodeToString(sum[:16])
}

// Link lets an identity sign the actor in from now on. The actor has just proved to be both; that the addresses are
// the same is not asked for.
func (s *Accounts) Link(ctx context.Context, actor Actor, i Identity, p Proof) (Identity, error) {
	i.CreatedAt = s.now()
	i.LastUsedAt = i.CreatedAt
	return i, s.prove(ctx, actor, p, func(tx Tx) (Event, error) {
		owner, err := tx.FindIdentity(ctx, i.Issuer, i.Subject)
		switch {
		case err == nil && owner.ID == actor.UserID:
			return Event{}, fault.New(fault.Conflict, "identity_linked", "That account at the provider signs you in already.")
		case err == nil:
			return Event{}, fault.New(fault.Conflict, "identity_taken", "That account at the provider signs somebody else in here.").WithHint("Sign in with it and unlink it there first.")
		case !fault.IsKind(err, fault.NotFound):
			return Event{}, err
		}
		user, err := tx.LockUser(ctx, actor.UserID)
		if err != nil {
			return Event{}, err
		}
		if err := tx.InsertIdentity(ctx, user.ID, i); err != nil {
			return Event{}, err
		}
		return Event{Kind: IdentityLinked, Target: user.ID, Changes: Changes{"provider": {To: i.Provider}, "identity": {To: i.Issuer + " " + i.Subject}}},
			s.post(ctx, tx, s.mailing.changed(user.Email, "signing in with "+i.Provider+" was added", i.CreatedAt))
	})
}

// Unlink ends that an identity signs the actor in, unless it is the only way in.
func (s *Accounts) Unlink(ctx context.Context, actor Actor, id string, p Proof) error {
	return s.prove(ctx, actor, p, func(tx Tx) (Event, error) {
		user, err := tx.LockUser(ctx, actor.UserID)
		if err != nil {
			return Event{}, err
		}
		list, err := tx.ListIdentities(ctx, user.ID)
		if err != nil {
			return Event{}, err
		}
		at := slices.IndexFunc(list, func(i Identity) bool { return i.ID() == id })
		if at < 0 {
			return Event{}, notFound("linked provider")
		}
		keys, err := tx.ListPasskeys(ctx, user.ID)
		if err != nil {
			return Event{}, err
		}
		if user.PasswordHash == "" && len(keys) == 0 && len(list) == 1 {
			return Event{}, fault.New(fault.Conflict, "last_way_in", "This provider is the only way into your account.").WithHint("Add a passkey first, or reset the password by mail to get one.")
		}
		gone := list[at]
		if err := tx.DeleteIdentity(ctx, gone.Issuer, gone.Subject); err != nil {
			return Event{}, err
		}
		return Event{Kind: IdentityUnlinked, Target: user.ID, Changes: Changes{"provider": {From: gone.Provider}, "identity": {From: gone.Issuer + " " + gone.Subject}}},
			s.post(ctx, tx, s.mailing.changed(user.Email, "signing in with "+gone.Provider+" was removed", s.now()))
	})
}
