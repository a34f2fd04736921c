package controlplane

import (
	"context"
	"time"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
)

// Draft is an instance's configuration as it is being edited.
type Draft struct {
	Document  string
	Version   int64 // 0: never saved
	UpdatedAt *time.Time
	UpdatedBy string
}

type draftTx interface {
	UpdateDraft(ctx context.Context, instance string, d Draft) error
}

// Drafts is the service of configurations.
type Drafts struct{ *core }

// Get gives the draft with what its author should know about it.
func (s *Drafts) Get(ctx context.Context, instance string) (d Draft, found config.Findings, err error) {
	err = s.read(ctx, func(tx Tx) error {
		i, err := tx.GetInstance(ctx, instance)
		if err != nil || i.Draft.Version == 0 {
			d = i.Draft
			return err
		}
		d = i.Draft
		found, err = checkDraft(ctx, tx, i, d.Document)
		return err
	})
	return d, found, err
}

// Save replaces the draft, if it is still at the version that the actor saw. A document with mistakes
// is refused, each named by its path; secrets that are missing so far are warnings.
func (s *Drafts) Save(ctx context.Context, actor Actor, instance string, seen int64, document string) (d Draft, found config.Findings, err error) {
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		if err := checkVersion(seen, i.Draft.Version); err != nil {
			return Event{}, err
		}
		if found, err = checkDraft(ctx, tx, i, document); err != nil {
			return Event{}, err
		}
		if err := found.Fault(); err != nil {
			return Event{}, err
		}
		now := s.now()
		d = Draft{Document: document, Version: i.Draft.Version + 1, UpdatedAt: &now, UpdatedBy: actor.UserID}
		e := Event{Kind: ConfigUpdated, Organization: i.Organization, Target: instance, Changes: Changes{"version": {From: i.Draft.Version, To: d.Version}}}
		return e, tx.UpdateDraft(ctx, instance, d)
	})
	return d, found, err
}

// Validate checks a draft without saving it: the document, and the hook files as they are compiled. Their tests
// are not run.
func (s *Drafts) Validate(ctx context.Context, instance string, edit DraftEdit) (config.Findings, error) {
	_, draft, err := s.readDraft(ctx, instance, edit)
	if err != nil {
		return config.Findings{}, err
	}
	return s.compiler.Check(ctx, draft)
}

func checkDraft(ctx context.Context, tx Tx, i Instance, document string) (config.Findings, error) {
	names, err := secretNames(ctx, tx, i.ID)
	if err != nil {
		return config.Findings{}, err
	}
	return publish.Check(document, i.Kind, names), nil
}

// checkKind refuses kinds that do not exist.
func checkKind(kind bundle.Kind) error {
	if kind == bundle.Development || kind == bundle.Production {
		return nil
	}
	return fault.New(fault.Invalid, "invalid_kind", "An instance is of kind development or production.").
		WithDetails(fault.Detail{Path: "body.kind", Code: "invalid_kind", Message: "must be development or production"})
}
