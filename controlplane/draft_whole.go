package controlplane

import (
	"context"
	"slices"
	"strings"

	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/hook"
)

// WholeDraft is all that deploying would deploy, and what of it is new.
type WholeDraft struct {
	Draft
	Files []File
	// Deployment is the active one; 0: none yet.
	Deployment int64
	// ConfigChanged and Changed say what differs from it.
	ConfigChanged bool
	Changed       []FileChange
}

// FileChange is one file in which a draft differs from a deployment.
type FileChange struct {
	Path     string
	From, To *string // nil where there is no file
}

// Whole gives the draft with all its files, held against the active deployment.
func (s *Drafts) Whole(ctx context.Context, instance string) (w WholeDraft, err error) {
	var active Deployment
	err = s.read(ctx, func(tx Tx) error {
		i, err := tx.GetInstance(ctx, instance)
		if err != nil {
			return err
		}
		w.Draft, w.Deployment = i.Draft, i.Deployment
		if w.Files, err = tx.ListFiles(ctx, instance); err != nil || i.Deployment == 0 {
			return err
		}
		active, err = tx.GetDeployment(ctx, instance, i.Deployment)
		return err
	})
	if err != nil {
		return w, err
	}
	w.ConfigChanged = w.Document != active.Document
	w.Changed = fileChanges(active.Files, w.Files)
	return w, nil
}

// fileChanges lists the files that differ, by path.
func fileChanges(from []hook.File, to []File) []FileChange {
	out := []FileChange{}
	before := make(map[string]string, len(from))
	for _, f := range from {
		before[f.Path] = f.Text
	}
	for _, f := range to {
		text, had := before[f.Path]
		delete(before, f.Path)
		switch {
		case !had:
			out = append(out, FileChange{f.Path, nil, &f.Content})
		case text != f.Content:
			out = append(out, FileChange{f.Path, &text, &f.Content})
		}
	}
	for path, text := range before {
		out = append(out, FileChange{path, &text, nil})
	}
	slices.SortFunc(out, func(a, b FileChange) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// Config gives the draft's configuration as it is compiled; nil while there is none, or none that is right.
func (s *Drafts) Config(ctx context.Context, instance string) (cfg *bundle.Config, err error) {
	err = s.read(ctx, func(tx Tx) error {
		i, err := tx.GetInstance(ctx, instance)
		if err == nil && i.Draft.Version > 0 {
			cfg, _ = config.Parse([]byte(i.Draft.Document), config.Options{Kind: i.Kind})
		}
		return err
	})
	return cfg, err
}

// Restore puts what a deployment has into the draft: its hook files in the place of all that are there, its
// configuration, or both. Nothing is deployed by that.
func (s *Drafts) Restore(ctx context.Context, actor Actor, instance string, number int64, files, document bool) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		d, err := tx.GetDeployment(ctx, instance, number)
		if err != nil {
			return Event{}, err
		}
		e := Event{Kind: DraftRestored, Organization: i.Organization, Target: instance, Changes: Changes{"deployment": {To: number}}}
		if document && i.Draft.Document != d.Document {
			if err := s.restoreDocument(ctx, tx, actor, i, d.Document); err != nil {
				return Event{}, err
			}
			e.Changes["version"] = Change{From: i.Draft.Version, To: i.Draft.Version + 1}
		}
		if files {
			n, err := s.restoreFiles(ctx, tx, actor, instance, d.Files)
			if err != nil {
				return Event{}, err
			}
			e.Changes["files"] = Change{To: n}
		}
		return e, nil
	})
}

// restoreDocument is a save: what was right when it was deployed may be wrong today.
func (s *Drafts) restoreDocument(ctx context.Context, tx Tx, actor Actor, i Instance, document string) error {
	found, err := checkDraft(ctx, tx, i, document)
	if err == nil {
		err = found.Fault()
	}
	if err != nil {
		return err
	}
	now := s.now()
	return tx.UpdateDraft(ctx, i.ID, Draft{Document: document, Version: i.Draft.Version + 1, UpdatedAt: &now, UpdatedBy: actor.UserID})
}

// restoreFiles gives how many files it wrote or removed. Those that are the same keep their version, so that who has them
// open goes on.
func (s *Drafts) restoreFiles(ctx context.Context, tx Tx, actor Actor, instance string, list []hook.File) (int, error) {
	have, err := tx.ListFiles(ctx, instance)
	if err != nil {
		return 0, err
	}
	versions := make(map[string]int64, len(have))
	for _, f := range have {
		versions[f.Path] = f.Version
	}
	changes := fileChanges(list, have)
	for _, c := range changes {
		if c.From == nil {
			err = tx.DeleteFile(ctx, instance, c.Path)
		} else {
			err = tx.PutFile(ctx, File{Instance: instance, Path: c.Path, Content: *c.From, Version: versions[c.Path] + 1, UpdatedAt: s.now(), UpdatedBy: actor.UserID})
		}
		if err != nil {
			return 0, err
		}
	}
	return len(changes), nil
}
