package dashboardapi

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"turnkey/controlplane"
	"turnkey/runtime/config"
)

// document is a configuration in a request: YAML as a JSON string, or a JSON object.
type document string

// UnmarshalJSON implements json.Unmarshaler. An object is kept as text, its numbers and order as sent.
func (d *document) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		err := json.Unmarshal(b, &s)
		*d = document(s)
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return err
	}
	*d = document(out.String())
	return nil
}

// Schema implements huma.SchemaProvider.
func (document) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeString, MaxLength: ptr(1 << 20)},
		{Type: huma.TypeObject, AdditionalProperties: true},
	}}
}

func ptr[T any](v T) *T { return &v }

type draft struct {
	Config    string     `json:"config" doc:"The document as it was written"`
	UpdatedAt *time.Time `json:"updated_at" doc:"null: never saved"`
	UpdatedBy string     `json:"updated_by,omitempty"`
	Errors    []finding  `json:"errors" nullable:"false" doc:"What keeps it from being deployed"`
	Warnings  []finding  `json:"warnings" nullable:"false"`
}

type draftOutput struct {
	ETag string `header:"ETag"`
	Body draft
}

func draftAnswer(d controlplane.Draft, found config.Findings) *draftOutput {
	return &draftOutput{etag(d.Version), draft{d.Document, d.UpdatedAt, d.UpdatedBy, findings(found.Errors), findings(found.Warnings)}}
}

func (a *api) getConfig(ctx context.Context, _ *InstancePath) (*draftOutput, error) {
	d, found, err := a.cfg.Plane.Drafts.Get(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	return draftAnswer(d, found), nil
}

type configInput struct {
	InstancePath
	Body struct {
		Config document `json:"config" doc:"turnkey.yaml as text, or the same as a JSON object"`
	}
}

func (a *api) putConfig(ctx context.Context, in *configInput) (*draftOutput, error) {
	d, found, err := a.cfg.Plane.Drafts.Save(ctx, actorOf(ctx), placeOf(ctx).Instance, versionSeen(ctx), string(in.Body.Config))
	if err != nil {
		return nil, err
	}
	return draftAnswer(d, found), nil
}

// DraftInput is a draft that an editor has not saved: what is not said stays as it is saved.
type DraftInput struct {
	Config *document          `json:"config,omitempty" doc:"turnkey.yaml as text, or the same as a JSON object; absent: as saved"`
	Files  map[string]*string `json:"files,omitempty" doc:"Hook files by path, laid over the saved ones; null: without that file"`
}

func (in DraftInput) edit() controlplane.DraftEdit {
	return controlplane.DraftEdit{Document: (*string)(in.Config), Files: in.Files}
}

type validateInput struct {
	InstancePath
	Body DraftInput
}

type validateOutput struct {
	Body struct {
		Valid    bool      `json:"valid"`
		Errors   []finding `json:"errors" nullable:"false"`
		Warnings []finding `json:"warnings" nullable:"false"`
	}
}

func (a *api) validateConfig(ctx context.Context, in *validateInput) (*validateOutput, error) {
	found, err := a.cfg.Plane.Drafts.Validate(ctx, placeOf(ctx).Instance, in.Body.edit())
	if err != nil {
		return nil, err
	}
	out := &validateOutput{}
	out.Body.Valid, out.Body.Errors, out.Body.Warnings = len(found.Errors) == 0, findings(found.Errors), findings(found.Warnings)
	return out, nil
}
