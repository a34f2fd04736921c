package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/runtime/rehearsal"
)

type shadowInput struct {
	InstancePath
	Body struct {
		Sample  float64 `json:"sample,omitempty" minimum:"0.001" maximum:"1" default:"0.1" doc:"The part of the live transactions that is tried"`
		Minutes int     `json:"minutes,omitempty" minimum:"1" maximum:"60" default:"15" doc:"When it ends by itself"`
		DraftInput
	}
}

type shadowOutput struct {
	Body struct {
		rehearsal.ShadowReport
		ID         string    `json:"id"`
		Running    bool      `json:"running"`
		Deployment int64     `json:"deployment" doc:"It runs beside this one; when another one is activated nothing more is counted"`
		Sample     float64   `json:"sample"`
		Until      time.Time `json:"until"`
		Runtimes   int       `json:"runtimes" doc:"How many have it"`
		Silent     int       `json:"silent,omitempty" doc:"How many did not answer: their part is missing"`
	}
}

func shadowAnswer(s controlplane.Shadow, err error) (*shadowOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &shadowOutput{}
	out.Body.ShadowReport = s.ShadowReport
	if out.Body.Examples == nil {
		out.Body.Examples = []rehearsal.Example{}
	}
	if out.Body.Fields == nil {
		out.Body.Fields = map[string]map[string]int{}
	}
	out.Body.ID, out.Body.Running, out.Body.Deployment, out.Body.Sample, out.Body.Until = s.ID, s.Running, s.Deployment, s.Sample, s.Until
	out.Body.Runtimes, out.Body.Silent = s.Runtimes, s.Silent
	return out, nil
}

func (a *api) startShadow(ctx context.Context, in *shadowInput) (*shadowOutput, error) {
	return shadowAnswer(a.cfg.Plane.Rehearsals.StartShadow(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Body.edit(), in.Body.Sample, time.Duration(in.Body.Minutes)*time.Minute))
}

func (a *api) getShadow(ctx context.Context, _ *InstancePath) (*shadowOutput, error) {
	return shadowAnswer(a.cfg.Plane.Rehearsals.GetShadow(ctx, actorOf(ctx), placeOf(ctx).Instance))
}

func (a *api) stopShadow(ctx context.Context, _ *InstancePath) (*shadowOutput, error) {
	return shadowAnswer(a.cfg.Plane.Rehearsals.StopShadow(ctx, actorOf(ctx), placeOf(ctx).Instance))
}
