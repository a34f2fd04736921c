package dashboardapi

import (
	"context"

	"turnkey/controlplane"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

type sourceInput struct {
	InstancePath
	Body struct {
		Type     string `json:"type,omitempty" enum:"mongodb,postgres" doc:"Absent: the draft's source"`
		Database string `json:"database,omitempty" maxLength:"100"`
		URI      string `json:"uri,omitempty" maxLength:"10000" doc:"A connection string to try; it is not stored"`
		Secret   string `json:"secret,omitempty" maxLength:"64" doc:"The stored secret that holds it; SOURCE_URI when both are absent"`
	}
}

func (in *sourceInput) domain() controlplane.SourceInput {
	return controlplane.SourceInput{
		Type: bundle.SourceType(in.Body.Type), Database: in.Body.Database, URI: redact.New(in.Body.URI), Secret: in.Body.Secret,
	}
}

type sourceTestOutput struct{ Body source.TestReport }

func (a *api) testSource(ctx context.Context, in *sourceInput) (*sourceTestOutput, error) {
	report, err := a.cfg.Plane.Sources.Test(ctx, actorOf(ctx), placeOf(ctx).Instance, in.domain())
	if err != nil {
		return nil, err
	}
	return &sourceTestOutput{report}, nil
}

type sourceInspectOutput struct{ Body source.Inspection }

func (a *api) inspectSource(ctx context.Context, in *sourceInput) (*sourceInspectOutput, error) {
	found, err := a.cfg.Plane.Sources.Inspect(ctx, actorOf(ctx), placeOf(ctx).Instance, in.domain())
	if err != nil {
		return nil, err
	}
	if found.Tables == nil {
		found.Tables = []source.ProposedTable{} // lists in answers are [] when empty
	}
	return &sourceInspectOutput{found}, nil
}
