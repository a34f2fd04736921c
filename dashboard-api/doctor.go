package dashboardapi

import (
	"context"

	"turnkey/internal/redact"
	tokens "turnkey/runtime/token"
)

type doctorInput struct {
	InstancePath
	Body struct {
		Token        string `json:"token" minLength:"1" maxLength:"20000" doc:"The JWT to look at; it is neither logged nor stored"`
		PowerSyncURL string `json:"powersync_url,omitempty" maxLength:"2000" doc:"What the app connects to; absent: the configured one"`
	}
}

type doctorOutput struct{ Body tokens.Diagnosis }

func (a *api) diagnoseToken(ctx context.Context, in *doctorInput) (*doctorOutput, error) {
	d, err := a.cfg.Plane.Doctor.Diagnose(ctx, actorOf(ctx), placeOf(ctx).Instance, redact.New(in.Body.Token), in.Body.PowerSyncURL)
	if err != nil {
		return nil, err
	}
	if d.Findings == nil {
		d.Findings = []tokens.Symptom{}
	}
	return &doctorOutput{d}, nil
}
