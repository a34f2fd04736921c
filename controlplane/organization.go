package controlplane

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"turnkey/internal/fault"
)

// Organization is a tenant.
type Organization struct {
	ID, Name string
	Version  int64
	// LogDays is how many days instances keep their log, unless they say otherwise.
	LogDays              int
	CreatedAt, UpdatedAt time.Time
}

type organizationTx interface {
	InsertOrganization(ctx context.Context, o Organization) error
	GetOrganization(ctx context.Context, id string) (Organization, error)
	// LockOrganization is GetOrganization for an edit: others wait until the transaction ends.
	LockOrganization(ctx context.Context, id string) (Organization, error)
	// ListOrganizations gives those of ids that live, by id, after one id.
	ListOrganizations(ctx context.Context, ids []string, after string, limit int) ([]Organization, error)
	UpdateOrganization(ctx context.Context, o Organization) error
	DeleteOrganization(ctx context.Context, id string, at time.Time) error
}

// Organizations is the service of organizations.
type Organizations struct{ *core }

// Create makes an organization whose owner is the actor.
func (s *Organizations) Create(ctx context.Context, actor Actor, name string) (Organization, error) {
	name, err := checkName(name)
	if err != nil {
		return Organization{}, err
	}
	id, err := s.ids.New(prefixOrganization)
	if err != nil {
		return Organization{}, err
	}
	o := Organization{ID: id, Name: name, Version: 1, LogDays: DefaultLogDays, CreatedAt: s.now(), UpdatedAt: s.now()}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		return organizationCreated(o), insertOwned(ctx, tx, o, actor.UserID)
	})
	return o, err
}

// insertOwned writes an organization with its first owner.
func insertOwned(ctx context.Context, tx Tx, o Organization, owner string) error {
	if err := tx.InsertOrganization(ctx, o); err != nil {
		return err
	}
	return tx.InsertMember(ctx, Member{Organization: o.ID, UserID: owner, Role: Owner, Version: 1, CreatedAt: o.CreatedAt})
}

func organizationCreated(o Organization) Event {
	return Event{Kind: OrganizationCreated, Organization: o.ID, Target: o.ID, Changes: Changes{"name": {To: o.Name}}}
}

// List gives the organizations that the actor belongs to.
func (s *Organizations) List(ctx context.Context, actor Actor, page Page) (list []Organization, next string, err error) {
	ids := make([]string, len(actor.Grants))
	for i, g := range actor.Grants {
		ids[i] = g.Organization
	}
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListOrganizations(ctx, ids, page.After, page.size()+1)
		return err
	})
	list, next = cut(page, list, func(o Organization) string { return o.ID })
	return list, next, err
}

// Get gives one organization.
func (s *Organizations) Get(ctx context.Context, id string) (o Organization, err error) {
	err = s.read(ctx, func(tx Tx) error {
		o, err = tx.GetOrganization(ctx, id)
		return err
	})
	return o, err
}

// Rename changes the name, and with logDays how long logs are kept (nil stays), if the organization is
// still at the version that the actor saw.
func (s *Organizations) Rename(ctx context.Context, actor Actor, id string, seen int64, name string, logDays *int) (o Organization, err error) {
	if name, err = checkName(name); err != nil {
		return Organization{}, err
	}
	if err := checkLogDays(logDays, 1); err != nil {
		return Organization{}, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if o, err = tx.LockOrganization(ctx, id); err != nil {
			return Event{}, err
		}
		if err := checkVersion(seen, o.Version); err != nil {
			return Event{}, err
		}
		e := Event{Kind: OrganizationUpdated, Organization: id, Target: id, Changes: Changes{"name": {From: o.Name, To: name}}}
		if logDays != nil && *logDays != o.LogDays {
			e.Changes["log_days"] = Change{o.LogDays, *logDays}
			o.LogDays = *logDays
		}
		o.Name, o.Version, o.UpdatedAt = name, o.Version+1, s.now()
		return e, tx.UpdateOrganization(ctx, o)
	})
	return o, err
}

// Delete ends an organization: its members, tokens and invitations lose all access at once.
func (s *Organizations) Delete(ctx context.Context, actor Actor, id string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		o, err := tx.LockOrganization(ctx, id)
		if err != nil {
			return Event{}, err
		}
		instances, err := tx.ListLivingInstances(ctx, id)
		if err != nil {
			return Event{}, err
		}
		for _, instance := range instances { // runtimes must stop serving them, too
			if _, err := s.retire(ctx, tx, instance); err != nil {
				return Event{}, err
			}
		}
		e := Event{Kind: OrganizationDeleted, Organization: id, Target: id, Changes: Changes{"name": {From: o.Name}}}
		return e, tx.DeleteOrganization(ctx, id, s.now())
	})
}

// maxName is the longest name of anything, in characters.
const maxName = 100

// checkName trims a name and refuses what cannot be shown on one line.
func checkName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fault.Newf(fault.Invalid, "invalid_name", "A name has 1 to %d characters and no control characters.", maxName).
			WithDetails(fault.Detail{Path: "name", Code: "invalid_name", Message: "not a usable name"})
	}
	return name, nil
}
