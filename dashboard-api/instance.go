package dashboardapi

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/feed"
)

type instance struct {
	ID         string       `json:"id"`
	ProjectID  string       `json:"project_id"`
	Name       string       `json:"name"`
	Kind       string       `json:"kind" enum:"development,production"`
	State      string       `json:"state" enum:"active,paused"`
	Host       string       `json:"host" doc:"A DNS label that is never given out again"`
	URL        string       `json:"url" doc:"Where apps reach the instance"`
	URLs       instanceURLs `json:"urls"`
	Deployment int64        `json:"deployment" doc:"Number of the active deployment; 0: none"`
	Revision   int64        `json:"revision" doc:"Grows with each deployment and each changed secret or key"`
	LogDays    int          `json:"log_days" doc:"How many days the log is kept; 0: as the organization says"`
	Atomicity  *atomicity   `json:"atomicity,omitempty" doc:"What its database guarantees, as a runtime found when a deployment was last made active; absent: not known yet"`
	CreatedAt  time.Time    `json:"created_at"`
	UpdatedAt  time.Time    `json:"updated_at"`
}

// atomicity is what a database guarantees.
type atomicity struct {
	Mode string `json:"mode" enum:"transactions" doc:"transactions: each transaction of a client is one of the database, with its receipts"`
	Note string `json:"note,omitempty" doc:"What else is to be known, such as that the server is for development only"`
}

type instanceURLs struct {
	Upload string `json:"upload"`
	Token  string `json:"token"`
	JWKS   string `json:"jwks"`
	Health string `json:"health"`
}

func (a *api) shapeInstance(i controlplane.Instance) instance {
	url := strings.TrimSuffix(strings.ReplaceAll(a.cfg.RuntimeURL, "{host}", i.Host), "/")
	var guarantee *atomicity
	if i.Atomicity != "" {
		guarantee = &atomicity{i.Atomicity, i.AtomicityNote}
	}
	return instance{
		ID: i.ID, Atomicity: guarantee, ProjectID: i.Project, Name: i.Name, Kind: string(i.Kind), State: string(i.State), Host: i.Host, URL: url,
		URLs:       instanceURLs{url + "/api/data", url + "/token", url + "/.well-known/jwks.json", url + "/health"},
		Deployment: i.Deployment, Revision: i.Revision, LogDays: i.LogDays, CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt,
	}
}

// instanceStatus is what runtimes have told of an instance.
type instanceStatus struct {
	Ready      bool                `json:"ready" doc:"The newest revision is served"`
	Runtimes   []runtimeStatus     `json:"runtimes" nullable:"false"`
	Conditions []instanceCondition `json:"conditions" nullable:"false" doc:"What is wrong with it now"`
	Notes      []instanceCondition `json:"notes" nullable:"false" doc:"What is not wrong, but to be known: repeats_weak when devices write whose repeated uploads are recognised for 24 h only, repeats_unknown when they are not recognised"`
}

type runtimeStatus struct {
	ID       string `json:"id"`
	Version  string `json:"version"`
	Revision int64  `json:"revision" doc:"The revision that it serves; 0: none"`
	Code     string `json:"code,omitempty" doc:"Why it refused a newer one"`
	Message  string `json:"message,omitempty"`
	// Sandbox is absent until the runtime has said it.
	Sandbox *sandboxStatus `json:"sandbox,omitempty" doc:"How it isolates hooks; absent: not known yet"`
}

type sandboxStatus struct {
	Layers  []string       `json:"layers" nullable:"false" doc:"What isolates each process that runs hooks, the layer that matters most first"`
	Missing []missingLayer `json:"missing" nullable:"false" doc:"Layers that the system refuses, and why. A runtime with --require-sandbox does not start without the ones it names"`
	Failure string         `json:"failure,omitempty" doc:"Why no such process starts: hooks do not run there, and writes that need them wait"`
}

type missingLayer struct {
	Layer  string `json:"layer"`
	Reason string `json:"reason"`
}

func shapeSandbox(s *feed.Sandbox) *sandboxStatus {
	if s == nil {
		return nil
	}
	out := &sandboxStatus{Layers: append([]string{}, s.Layers...), Missing: make([]missingLayer, len(s.Missing)), Failure: s.Failure}
	for n, m := range s.Missing {
		out.Missing[n] = missingLayer(m)
	}
	return out
}

type instanceCondition struct {
	Code    string    `json:"code"`
	Message string    `json:"message"`
	Since   time.Time `json:"since"`
}

func shapeStatus(s controlplane.Status) *instanceStatus {
	out := &instanceStatus{Ready: s.Ready, Runtimes: make([]runtimeStatus, len(s.Runtimes)), Conditions: shapeConditions(s.Conditions), Notes: shapeConditions(s.Notes)}
	for n, r := range s.Runtimes {
		out.Runtimes[n] = runtimeStatus{ID: r.ID, Version: r.Version, Sandbox: shapeSandbox(r.Sandbox)}
		for _, a := range s.Acks {
			if a.Runtime != r.ID {
				continue
			}
			out.Runtimes[n].Revision = a.Revision
			if a.Refused > a.Revision {
				out.Runtimes[n].Code, out.Runtimes[n].Message = a.Code, a.Message
			}
		}
	}
	return out
}

func shapeConditions(list []controlplane.Condition) []instanceCondition {
	out := make([]instanceCondition, len(list))
	for n, c := range list {
		out[n] = instanceCondition{c.Code, c.Message, c.Since}
	}
	return out
}

// InstancePath is the path of what belongs to an instance.
type InstancePath struct {
	Instance string `path:"instance"`
}

// InstancePage is the input of an instance's lists.
type InstancePage struct {
	InstancePath
	PageInput
}

type projectPage struct {
	ProjectPath
	PageInput
}

func (a *api) listInstances(ctx context.Context, in *projectPage) (*pageOutput[instance], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	list, next, err := a.cfg.Plane.Instances.List(ctx, placeOf(ctx).Project, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, a.shapeInstance), nil
}

type createInstanceInput struct {
	ProjectPath
	Body struct {
		Name    string            `json:"name" minLength:"1" maxLength:"100"`
		Kind    string            `json:"kind" enum:"development,production" doc:"Never changes"`
		Config  document          `json:"config,omitempty" doc:"turnkey.yaml as text, or the same as a JSON object"`
		Secrets map[string]string `json:"secrets,omitempty" doc:"Values by name; never shown again"`
		Files   map[string]string `json:"files,omitempty" doc:"Hook files by path"`
		Deploy  bool              `json:"deploy,omitempty" doc:"Deploy at once: answers when a runtime serves it, and with 202 and pending after 10 s"`
	}
}

type createInstanceOutput struct {
	ETag string `header:"ETag"`
	Body struct {
		Instance
		Settling
		Warnings []finding `json:"warnings" nullable:"false"`
	}
}

func (a *api) createInstance(ctx context.Context, in *createInstanceInput) (*createInstanceOutput, error) {
	made := controlplane.NewInstance{
		Name: in.Body.Name, Kind: bundle.Kind(in.Body.Kind), Document: string(in.Body.Config), Deploy: in.Body.Deploy,
		Secrets: make(map[string]redact.Secret, len(in.Body.Secrets)), Files: in.Body.Files,
	}
	for name, value := range in.Body.Secrets {
		made.Secrets[name] = redact.New(value)
	}
	i, warnings, err := a.cfg.Plane.Instances.Create(ctx, actorOf(ctx), placeOf(ctx).Project, made)
	if err != nil {
		return nil, err
	}
	out := &createInstanceOutput{ETag: etag(i.Version)}
	out.Body.Instance, out.Body.Settling, out.Body.Warnings = a.shapeInstance(i), settling{i.ID, in.Body.Deploy}, findings(warnings)
	return out, nil
}

type instanceOutput struct {
	ETag string `header:"ETag"`
	Body struct {
		Instance
		Status *instanceStatus `json:"status"`
	}
}

func (a *api) instanceAnswer(ctx context.Context, i controlplane.Instance) (*instanceOutput, error) {
	status, err := a.cfg.Plane.Runtimes.Status(ctx, i.ID, i.Revision)
	if err != nil {
		return nil, err
	}
	out := &instanceOutput{ETag: etag(i.Version)}
	out.Body.Instance, out.Body.Status = a.shapeInstance(i), shapeStatus(status)
	return out, nil
}

func (a *api) getInstance(ctx context.Context, _ *InstancePath) (*instanceOutput, error) {
	i, err := a.cfg.Plane.Instances.Get(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	return a.instanceAnswer(ctx, i)
}

type updateInstanceInput struct {
	InstancePath
	Body struct {
		Name    *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
		State   *string `json:"state,omitempty" enum:"active,paused" doc:"A paused instance holds uploads back; clients try again"`
		Kind    *string `json:"kind,omitempty" doc:"Immutable: accepted only unchanged"`
		LogDays *int    `json:"log_days,omitempty" minimum:"0" maximum:"90" doc:"How many days the log is kept; 0: as the organization says"`
	}
}

func (a *api) updateInstance(ctx context.Context, in *updateInstanceInput) (*instanceOutput, error) {
	i, err := a.cfg.Plane.Instances.Update(ctx, actorOf(ctx), placeOf(ctx).Instance, versionSeen(ctx), controlplane.InstanceEdit{
		Name: in.Body.Name, State: (*bundle.State)(in.Body.State), Kind: (*bundle.Kind)(in.Body.Kind), LogDays: in.Body.LogDays,
	})
	if err != nil {
		return nil, err
	}
	return a.instanceAnswer(ctx, i)
}

func (a *api) deleteInstance(ctx context.Context, _ *InstancePath) (*struct{}, error) {
	return nil, a.cfg.Plane.Instances.Delete(ctx, actorOf(ctx), placeOf(ctx).Instance)
}

// settling is the part of an answer that awaitRevision completes.
type settling struct {
	InstanceID string `json:"instance_id"`
	Pending    bool   `json:"pending" doc:"No runtime serves the revision yet; read the instance's status until it is ready"`
}

// awaitRevision waits, after the commit, until runtimes serve the revision that an answer names. When
// that takes too long the answer is 202 and pending: the change is made, and reaches them later.
func (a *api) awaitRevision(ctx context.Context, status int, body []byte) (int, []byte) {
	var about struct {
		Settling
		Revision int64 `json:"revision"`
	}
	if err := json.Unmarshal(body, &about); err != nil || !about.Pending {
		return status, body
	}
	ready, err := a.cfg.Plane.Runtimes.Await(ctx, about.InstanceID, about.Revision, a.cfg.Patience)
	if err != nil {
		a.cfg.Log.WarnContext(ctx, "a deployment is made, but it is not known whether it serves", "instance", about.InstanceID, "error", err)
	}
	if !ready {
		return 202, body
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return status, body
	}
	all["pending"] = json.RawMessage("false")
	settled, err := json.Marshal(all)
	if err != nil {
		return status, body
	}
	return status, settled
}
