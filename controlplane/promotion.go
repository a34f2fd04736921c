package controlplane

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/runtime/config"
	"turnkey/runtime/hook"
)

// Promotions carry what is deployed on one instance into the draft of another of the same project: tables, policies,
// sign-ins and hook files, never what belongs to an environment (publish.Kept).
type Promotions struct{ *core }

// Promotion is what would change, or has changed.
type Promotion struct {
	From, To Instance
	// Deployment is the number of the deployment of From that is carried over.
	Deployment    int64
	Before, After string // the document of To
	Files         []PromotedFile
	Findings      config.Findings
	// Seen names both sides as they were looked at; Apply wants it, so that nobody applies what they have not seen.
	Seen string
}

// PromotedFile is a hook file before and after; nil where there is none.
type PromotedFile struct {
	Path          string
	Before, After *string
}

// Plan says what would change.
func (s *Promotions) Plan(ctx context.Context, from, to string) (p Promotion, err error) {
	err = s.read(ctx, func(tx Tx) error {
		p, err = plan(ctx, tx, from, to)
		return err
	})
	return p, err
}

// Apply saves it as the draft of To. Nothing is deployed.
func (s *Promotions) Apply(ctx context.Context, actor Actor, from, to, seen string) (p Promotion, err error) {
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if _, err := tx.LockInstance(ctx, to); err != nil {
			return Event{}, err
		}
		if p, err = plan(ctx, tx, from, to); err != nil {
			return Event{}, err
		}
		if p.Seen != seen {
			return Event{}, fault.New(fault.PreconditionFailed, "promotion_changed", "One of the two instances changed since you looked.").WithHint("Look at the difference again.")
		}
		if err := p.Findings.Fault(); err != nil {
			return Event{}, err
		}
		now := s.now()
		changed := 0
		for _, f := range p.Files {
			if err := promoteFile(ctx, tx, f, File{Instance: to, Path: f.Path, UpdatedAt: now, UpdatedBy: actor.UserID}); err != nil {
				return Event{}, err
			}
			if !f.same() {
				changed++
			}
		}
		d := Draft{Document: p.After, Version: p.To.Draft.Version + 1, UpdatedAt: &now, UpdatedBy: actor.UserID}
		e := Event{Kind: ConfigPromoted, Organization: p.To.Organization, Target: to, Changes: Changes{
			"version": {From: p.To.Draft.Version, To: d.Version}, "from": {To: from}, "deployment": {To: p.Deployment}, "files": {To: changed},
		}}
		return e, tx.UpdateDraft(ctx, to, d)
	})
	return p, err
}

func promoteFile(ctx context.Context, tx Tx, change PromotedFile, f File) error {
	switch {
	case change.same():
		return nil
	case change.After == nil:
		return tx.DeleteFile(ctx, f.Instance, f.Path)
	}
	f.Content, f.Version = *change.After, 1
	if old, err := tx.GetFile(ctx, f.Instance, f.Path); err == nil {
		f.Version = old.Version + 1
	} else if !fault.IsKind(err, fault.NotFound) {
		return err
	}
	return tx.PutFile(ctx, f)
}

func (f PromotedFile) same() bool { return f.Before != nil && f.After != nil && *f.Before == *f.After }

func plan(ctx context.Context, tx Tx, from, to string) (p Promotion, err error) {
	if p.From, p.To, err = pair(ctx, tx, from, to); err != nil {
		return p, err
	}
	d, err := tx.GetDeployment(ctx, from, p.From.Deployment)
	if err != nil {
		return p, err
	}
	p.Deployment, p.Before = d.Number, p.To.Draft.Document
	if p.After, err = publish.Promote(d.Document, p.Before); err != nil {
		return p, err
	}
	files, err := tx.ListFiles(ctx, to)
	if err != nil {
		return p, err
	}
	p.Files = changes(d.Files, files)
	p.Seen = p.seen(files)
	p.Findings, err = checkDraft(ctx, tx, p.To, p.After)
	return p, err
}

// pair gives both instances, or says why nothing can be carried from one to the other.
func pair(ctx context.Context, tx Tx, from, to string) (f, t Instance, err error) {
	if t, err = tx.GetInstance(ctx, to); err != nil {
		return f, t, err
	}
	if f, err = tx.GetInstance(ctx, from); err != nil {
		return f, t, err
	}
	switch {
	case f.Project != t.Project:
		return f, t, notFound("instance in this project")
	case from == to:
		return f, t, fault.New(fault.Invalid, "promotion_same", "An instance cannot be promoted to itself.")
	case f.Deployment == 0:
		return f, t, fault.New(fault.Conflict, "not_deployed", "Nothing is deployed on "+f.Name+", so there is nothing to promote.").WithHint("Deploy it first: what is promoted has been tried.")
	case t.Draft.Version == 0:
		return f, t, fault.New(fault.Conflict, "promotion_target_empty", t.Name+" has no configuration yet, and its source and PowerSync URL are never taken from elsewhere.").
			WithHint("Save a configuration with source and auth.powersync_url there first; the guide does.")
	}
	return f, t, nil
}

// changes pairs the files of a deployment with those of a draft.
func changes(after []hook.File, before []File) (list []PromotedFile) {
	for _, f := range after {
		list = append(list, PromotedFile{Path: f.Path, After: &f.Text})
	}
	for _, f := range before {
		if at := slices.IndexFunc(list, func(c PromotedFile) bool { return c.Path == f.Path }); at >= 0 {
			list[at].Before = &f.Content
			continue
		}
		list = append(list, PromotedFile{Path: f.Path, Before: &f.Content})
	}
	slices.SortFunc(list, func(a, b PromotedFile) int { return strings.Compare(a.Path, b.Path) })
	return list
}

func (p Promotion) seen(files []File) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %d %s %d\n", p.From.ID, p.Deployment, p.To.ID, p.To.Draft.Version)
	for _, f := range files {
		fmt.Fprintf(h, "%s %d\n", f.Path, f.Version)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
