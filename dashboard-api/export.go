package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
)

// telemetryExport is where telemetry goes besides us.
type telemetryExport struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Endpoint   string         `json:"endpoint" doc:"A receiver of OTLP over HTTP; /v1/traces, /v1/metrics and /v1/logs are added to it"`
	Headers    []string       `json:"headers" nullable:"false" doc:"Names of the headers that are sent; their values are never shown"`
	Identities bool           `json:"identities" doc:"Users and devices are named"`
	Instances  []string       `json:"instances" nullable:"false" doc:"Empty: all of the organization"`
	Paused     bool           `json:"paused"`
	Signals    []exportSignal `json:"signals" nullable:"false" doc:"What is sent, and how that goes"`
	CreatedAt  time.Time      `json:"created_at"`
	UpdatedAt  time.Time      `json:"updated_at"`
}

type exportSignal struct {
	Signal   string     `json:"signal" enum:"traces,metrics,logs"`
	SentAt   *time.Time `json:"sent_at,omitempty" doc:"When the receiver last took something"`
	Sent     int64      `json:"sent" doc:"Spans, data points or log records that it took"`
	Dropped  int64      `json:"dropped" doc:"Those that it refused, and entries that waited for it for an hour"`
	DueAt    *time.Time `json:"due_at,omitempty" doc:"The next attempt; absent: it is paused"`
	Attempts int        `json:"failed_attempts" doc:"Since the last that did not fail"`
	FailedAt *time.Time `json:"failed_at,omitempty"`
	Error    string     `json:"error,omitempty" doc:"Of the last attempt; absent: it succeeded"`
}

func shapeExport(e controlplane.Export) telemetryExport {
	out := telemetryExport{
		ID: e.ID, Name: e.Name, Endpoint: e.Endpoint, Headers: append([]string{}, e.HeaderNames...), Identities: e.Identities, Instances: append([]string{}, e.Instances...),
		Paused: e.Paused, Signals: make([]exportSignal, 0, len(e.Signals)), CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}
	for _, known := range controlplane.Signals {
		for _, s := range e.Signals {
			if s.Signal == known {
				out.Signals = append(out.Signals, exportSignal{string(s.Signal), s.SentAt, s.Sent, s.Dropped, s.DueAt, s.Attempts, s.FailedAt, s.Error})
			}
		}
	}
	return out
}

func (a *api) listExports(ctx context.Context, in *OrganizationPage) (*pageOutput[telemetryExport], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	list, next, err := a.cfg.Plane.Exports.List(ctx, placeOf(ctx).Organization, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeExport), nil
}

type exportOutput struct {
	ETag string `header:"ETag"`
	Body telemetryExport
}

type createExportInput struct {
	OrganizationPath
	Body struct {
		Name       string            `json:"name" minLength:"1" maxLength:"100"`
		Endpoint   string            `json:"endpoint" minLength:"8" maxLength:"2000" doc:"Such as https://otlp.example.com; without /v1/traces"`
		Headers    map[string]string `json:"headers,omitempty" doc:"Sent with every request, such as an authorization; sealed, and never shown again"`
		Signals    []string          `json:"signals" minItems:"1" maxItems:"3" doc:"traces, metrics, logs"`
		Identities bool              `json:"identities,omitempty" doc:"Name users and devices. What has been sent is not erased with a user"`
		Instances  []string          `json:"instances,omitempty" maxItems:"200" doc:"Empty: all of the organization"`
		Paused     bool              `json:"paused,omitempty"`
	}
}

func signalsOf(names []string) []controlplane.Signal {
	out := make([]controlplane.Signal, len(names))
	for n, name := range names {
		out[n] = controlplane.Signal(name)
	}
	return out
}

func (a *api) createExport(ctx context.Context, in *createExportInput) (*exportOutput, error) {
	b := in.Body
	e := controlplane.Export{Name: b.Name, Endpoint: b.Endpoint, Identities: b.Identities, Instances: b.Instances, Paused: b.Paused}
	e, err := a.cfg.Plane.Exports.Create(ctx, actorOf(ctx), placeOf(ctx).Organization, e, b.Headers, signalsOf(b.Signals))
	if err != nil {
		return nil, err
	}
	return &exportOutput{etag(e.Version), shapeExport(e)}, nil
}

// ExportPath is the path of one export.
type ExportPath struct {
	OrganizationPath
	Export string `path:"export" maxLength:"100"`
}

func (a *api) getExport(ctx context.Context, in *ExportPath) (*exportOutput, error) {
	e, err := a.cfg.Plane.Exports.Get(ctx, placeOf(ctx).Organization, in.Export)
	if err != nil {
		return nil, err
	}
	return &exportOutput{etag(e.Version), shapeExport(e)}, nil
}

type updateExportInput struct {
	ExportPath
	Body struct {
		Name       *string            `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Endpoint   *string            `json:"endpoint,omitempty" minLength:"8" maxLength:"2000"`
		Headers    *map[string]string `json:"headers,omitempty" doc:"All there are then; one with an empty value keeps the one that it has, unless the host changes"`
		Signals    *[]string          `json:"signals,omitempty" minItems:"1" maxItems:"3"`
		Identities *bool              `json:"identities,omitempty"`
		Instances  *[]string          `json:"instances,omitempty" maxItems:"200"`
		Paused     *bool              `json:"paused,omitempty" doc:"What happens meanwhile is not sent later"`
	}
}

func (a *api) updateExport(ctx context.Context, in *updateExportInput) (*exportOutput, error) {
	b := in.Body
	edit := controlplane.ExportEdit{Name: b.Name, Endpoint: b.Endpoint, Headers: b.Headers, Identities: b.Identities, Instances: b.Instances, Paused: b.Paused}
	if b.Signals != nil {
		signals := signalsOf(*b.Signals)
		edit.Signals = &signals
	}
	e, err := a.cfg.Plane.Exports.Update(ctx, actorOf(ctx), placeOf(ctx).Organization, in.Export, versionSeen(ctx), edit)
	if err != nil {
		return nil, err
	}
	return &exportOutput{etag(e.Version), shapeExport(e)}, nil
}

func (a *api) deleteExport(ctx context.Context, in *ExportPath) (*struct{}, error) {
	return nil, a.cfg.Plane.Exports.Delete(ctx, actorOf(ctx), placeOf(ctx).Organization, in.Export)
}

// exportProbe is how the test of one signal went.
type exportProbe struct {
	Signal string `json:"signal" enum:"traces,metrics,logs"`
	Error  string `json:"error,omitempty" doc:"Absent: the receiver took it"`
}

type exportProbesOutput struct {
	Body struct {
		Data []exportProbe `json:"data" nullable:"false"`
	}
}

func (a *api) testExport(ctx context.Context, in *ExportPath) (*exportProbesOutput, error) {
	list, err := a.cfg.Plane.Exports.Test(ctx, actorOf(ctx), placeOf(ctx).Organization, in.Export)
	if err != nil {
		return nil, err
	}
	out := &exportProbesOutput{}
	out.Body.Data = make([]exportProbe, len(list))
	for n, p := range list {
		out.Body.Data[n] = exportProbe{string(p.Signal), p.Error}
	}
	return out, nil
}
