package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
)

// draftWhole is all that deploying would deploy.
type draftWhole struct {
	Config     string      `json:"config" doc:"The document as it was written"`
	ConfigETag string      `json:"config_etag"`
	UpdatedAt  *time.Time  `json:"updated_at" doc:"Of the configuration; null: never saved"`
	UpdatedBy  string      `json:"updated_by,omitempty"`
	Files      []draftFile `json:"files" nullable:"false"`
	// Deployment and what differs from it.
	Deployment    *int64        `json:"deployment" doc:"The active one; null: none yet"`
	ConfigChanged bool          `json:"config_changed" doc:"The configuration differs from the active deployment's"`
	Changes       []draftChange `json:"changes" nullable:"false" doc:"The hook files that differ from the active deployment's"`
}

type draftFile struct {
	Path      string    `json:"path"`
	Content   string    `json:"content"`
	ETag      string    `json:"etag" doc:"For If-Match"`
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy string    `json:"updated_by"`
	Author    string    `json:"updated_by_name,omitempty" doc:"Absent when the account is gone"`
}

type draftChange struct {
	Path   string `json:"path"`
	Change string `json:"change" enum:"added,changed,removed"`
}

func shapeChange(c controlplane.FileChange) draftChange {
	switch {
	case c.From == nil:
		return draftChange{c.Path, "added"}
	case c.To == nil:
		return draftChange{c.Path, "removed"}
	}
	return draftChange{c.Path, "changed"}
}

type draftWholeOutput struct{ Body draftWhole }

func (a *api) getDraft(ctx context.Context, _ *InstancePath) (*draftWholeOutput, error) {
	w, err := a.cfg.Plane.Drafts.Whole(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(w.Files))
	for n, f := range w.Files {
		ids[n] = f.UpdatedBy
	}
	names, err := a.cfg.Plane.Accounts.Names(ctx, ids...)
	if err != nil {
		return nil, err
	}
	out := &draftWholeOutput{Body: draftWhole{
		Config: w.Document, ConfigETag: etag(w.Version), UpdatedAt: w.UpdatedAt, UpdatedBy: w.UpdatedBy,
		Files: make([]draftFile, len(w.Files)), ConfigChanged: w.ConfigChanged, Changes: make([]draftChange, len(w.Changed)),
	}}
	if w.Deployment > 0 {
		out.Body.Deployment = &w.Deployment
	}
	for n, f := range w.Files {
		out.Body.Files[n] = draftFile{f.Path, f.Content, etag(f.Version), f.UpdatedAt, f.UpdatedBy, names[f.UpdatedBy]}
	}
	for n, c := range w.Changed {
		out.Body.Changes[n] = shapeChange(c)
	}
	return out, nil
}
