package controlplane

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// Instance is one environment of a project.
type Instance struct {
	ID, Project, Organization string
	Name                      string
	Host                      string // DNS label, never reused
	Kind                      bundle.Kind
	State                     bundle.State
	Version                   int64
	// Deployment is the number of the active one, 0 for none; LastDeployment the highest given out.
	Deployment, LastDeployment int64
	// Revision of the newest bundle.
	Revision int64
	// LogDays is how many days its log is kept; 0: as the organization says.
	LogDays int
	// Atomicity is what its database guaranteed when a deployment was last made active, in the words of source.Mode, with
	// AtomicityNote; empty: no runtime has said it.
	Atomicity, AtomicityNote string
	// LongestToken is the longest life that any deployment gave to tokens: how long old keys must stay.
	LongestToken         time.Duration
	Draft                Draft
	CreatedAt, UpdatedAt time.Time
	DeletedAt            *time.Time
}

func (i Instance) identity() bundle.Instance {
	return bundle.Instance{ID: i.ID, Host: i.Host, Kind: i.Kind, State: i.State, ProjectID: i.Project, OrganizationID: i.Organization}
}

type instanceTx interface {
	// InsertInstance also claims the host label, for good.
	InsertInstance(ctx context.Context, i Instance) error
	GetInstance(ctx context.Context, id string) (Instance, error)
	LockInstance(ctx context.Context, id string) (Instance, error)
	ListInstances(ctx context.Context, project, after string, limit int) ([]Instance, error)
	// ListLivingInstances gives the ids of an organization's instances.
	ListLivingInstances(ctx context.Context, organization string) ([]string, error)
	// UpdateInstance writes everything but the draft.
	UpdateInstance(ctx context.Context, i Instance) error
}

// Instances is the service of instances; provision.go has Create.
type Instances struct{ *core }

// List gives a project's instances.
func (s *Instances) List(ctx context.Context, project string, page Page) (list []Instance, next string, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListInstances(ctx, project, page.After, page.size()+1)
		return err
	})
	list, next = cut(page, list, func(i Instance) string { return i.ID })
	return list, next, err
}

// Get gives one instance.
func (s *Instances) Get(ctx context.Context, id string) (i Instance, err error) {
	err = s.read(ctx, func(tx Tx) error {
		i, err = tx.GetInstance(ctx, id)
		return err
	})
	return i, err
}

// InstanceEdit says what to change; nil stays.
type InstanceEdit struct {
	Name  *string
	State *bundle.State // active or paused
	// Kind is immutable: one that differs is refused with a reason instead of ignored.
	Kind *bundle.Kind
	// LogDays is how many days the log is kept, 0 as the organization says.
	LogDays *int
}

// Update renames, pauses or resumes an instance. Pausing and resuming publish a revision.
func (s *Instances) Update(ctx context.Context, actor Actor, id string, seen int64, edit InstanceEdit) (i Instance, err error) {
	if edit.Name != nil {
		if *edit.Name, err = checkName(*edit.Name); err != nil {
			return Instance{}, err
		}
	}
	if err := checkLogDays(edit.LogDays, 0); err != nil {
		return Instance{}, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if i, err = tx.LockInstance(ctx, id); err != nil {
			return Event{}, err
		}
		if err := checkVersion(seen, i.Version); err != nil {
			return Event{}, err
		}
		if edit.Kind != nil && *edit.Kind != i.Kind {
			return Event{}, fault.New(fault.Invalid, "kind_immutable", "The kind of an instance never changes.").
				WithHint("Make a new instance of the other kind and deploy the same configuration there.").
				WithDetails(fault.Detail{Path: "body.kind", Code: "kind_immutable", Message: "cannot be changed"})
		}
		changes := Changes{}
		if edit.Name != nil && *edit.Name != i.Name {
			changes["name"] = Change{i.Name, *edit.Name}
			i.Name = *edit.Name
		}
		if edit.LogDays != nil && *edit.LogDays != i.LogDays {
			changes["log_days"] = Change{i.LogDays, *edit.LogDays}
			i.LogDays = *edit.LogDays
		}
		paused := edit.State != nil && *edit.State != i.State
		if paused {
			changes["state"] = Change{i.State, *edit.State}
			i.State = *edit.State
		}
		i.Version, i.UpdatedAt = i.Version+1, s.now()
		e := Event{Kind: InstanceUpdated, Organization: i.Organization, Target: id, Changes: changes}
		if paused {
			return e, s.publish(ctx, tx, &i)
		}
		return e, tx.UpdateInstance(ctx, i)
	})
	return i, err
}

// Delete ends an instance: runtimes forget it with the next revision, its secrets and keys are
// removed here, its host label is never given out again. The customer's database is not touched.
func (s *Instances) Delete(ctx context.Context, actor Actor, id string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := s.retire(ctx, tx, id)
		return Event{Kind: InstanceDeleted, Organization: i.Organization, Target: id, Changes: Changes{"name": {From: i.Name}, "host": {From: i.Host}}}, err
	})
}

// retire ends an instance within a transaction.
func (k *core) retire(ctx context.Context, tx Tx, id string) (Instance, error) {
	i, err := tx.LockInstance(ctx, id)
	if err != nil {
		return i, err
	}
	now := k.now()
	i.State, i.Deployment, i.DeletedAt, i.UpdatedAt, i.Version = bundle.Deleted, 0, &now, now, i.Version+1
	if err := tx.DeleteSecrets(ctx, id); err != nil {
		return i, err
	}
	if err := tx.DeleteSigningKeys(ctx, id); err != nil {
		return i, err
	}
	return i, k.publish(ctx, tx, &i)
}

// hostBytes of randomness in a host label: nobody guesses one, and two never meet.
const hostBytes = 5

// newHost makes a DNS label that begins with something to recognise the instance by.
func (k *core) newHost(name string) (string, error) {
	random := make([]byte, hostBytes)
	if _, err := io.ReadFull(k.random, random); err != nil {
		return "", fmt.Errorf("read randomness for a host: %w", err)
	}
	return slug(name) + "-" + crockford.EncodeToString(random), nil
}

const maxSlug = 30

// slug keeps the letters and digits of a name.
func slug(name string) string {
	var out []byte
	for _, c := range []byte(strings.ToLower(name)) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' && len(out) > 0:
			out = append(out, c)
		case len(out) > 0 && out[len(out)-1] != '-':
			out = append(out, '-')
		}
		if len(out) == maxSlug {
			break
		}
	}
	if text := strings.Trim(string(out), "-"); text != "" {
		return text
	}
	return "instance"
}

// guaranteed notes what a runtime has found its database to guarantee; a runtime of before says nothing.
func (i *Instance) guaranteed(m source.Mode) {
	if m.Atomicity != "" {
		i.Atomicity, i.AtomicityNote = m.Atomicity, m.Note
	}
}
