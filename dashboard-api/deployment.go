package dashboardapi

import (
	"context"
	"strconv"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/fault"
)

type deployment struct {
	ID          string     `json:"id"`
	Number      int64      `json:"number"`
	Message     string     `json:"message"`
	Config      *string    `json:"config,omitempty" doc:"The document as it was written; absent in lists"`
	CreatedAt   time.Time  `json:"created_at"`
	CreatedBy   string     `json:"created_by"`
	Author      string     `json:"created_by_name,omitempty" doc:"Absent when the account is gone"`
	ActivatedAt time.Time  `json:"activated_at" doc:"The last time that it became the active one"`
	BrakedAt    *time.Time `json:"braked_at,omitempty" doc:"When the brake took it back, because it refused what the deployment before it took"`
	Hooks       *hooks     `json:"hooks,omitempty" doc:"How its hook files were compiled and tested; absent without any"`
}

func shapeDeployment(d controlplane.Deployment) deployment {
	return deployment{ID: d.ID, Number: d.Number, Message: d.Message, CreatedAt: d.CreatedAt, CreatedBy: d.CreatedBy, ActivatedAt: d.ActivatedAt, BrakedAt: d.BrakedAt, Hooks: shapeHooks(d.Hooks)}
}

// name puts in who made the deployments.
func (a *api) name(ctx context.Context, list ...*deployment) error {
	ids := make([]string, len(list))
	for n, d := range list {
		ids[n] = d.CreatedBy
	}
	names, err := a.cfg.Plane.Accounts.Names(ctx, ids...)
	for _, d := range list {
		d.Author = names[d.CreatedBy]
	}
	return err
}

type deploymentOutput struct {
	Body struct {
		Deployment
		Settling
		Revision int64     `json:"revision"`
		Warnings []finding `json:"warnings" nullable:"false"`
	}
}

func deploymentAnswer(d controlplane.Deployment, i controlplane.Instance, warnings []fault.Detail) *deploymentOutput {
	out := &deploymentOutput{}
	out.Body.Deployment, out.Body.Settling = shapeDeployment(d), settling{i.ID, true}
	out.Body.Revision, out.Body.Warnings = i.Revision, findings(warnings)
	return out
}

func (a *api) listDeployments(ctx context.Context, in *InstancePage) (*pageOutput[deployment], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	before, _ := strconv.ParseInt(p.After, 10, 64) // sealed by us; empty is the newest page
	list, next, err := a.cfg.Plane.Deployments.List(ctx, placeOf(ctx).Instance, before, p)
	if err != nil {
		return nil, err
	}
	cursor := ""
	if next > 0 {
		cursor = strconv.FormatInt(next, 10)
	}
	out := paged(ctx, a, list, cursor, shapeDeployment)
	named := make([]*deployment, len(list))
	for n := range named {
		named[n] = &out.Body.Data[n]
	}
	return out, a.name(ctx, named...)
}

type createDeploymentInput struct {
	InstancePath
	Body *struct { // a pointer: the body may be absent
		Message string `json:"message,omitempty" maxLength:"500" doc:"What changed, for people"`
	}
}

func (a *api) createDeployment(ctx context.Context, in *createDeploymentInput) (*deploymentOutput, error) {
	message := ""
	if in.Body != nil {
		message = in.Body.Message
	}
	d, i, warnings, err := a.cfg.Plane.Deployments.Create(ctx, actorOf(ctx), placeOf(ctx).Instance, message)
	if err != nil {
		return nil, err
	}
	return deploymentAnswer(d, i, warnings), nil
}

// DeploymentPath is the path of one deployment.
type DeploymentPath struct {
	InstancePath
	Number string `path:"number"`
}

// number reads the path's number; what is none names no deployment.
func (p DeploymentPath) number() (int64, error) {
	n, err := strconv.ParseInt(p.Number, 10, 64)
	if err != nil || n < 1 {
		return 0, noSuch()
	}
	return n, nil
}

type getDeploymentOutput struct {
	Body struct {
		Deployment
		Active bool              `json:"active"`
		Files  map[string]string `json:"files" nullable:"false" doc:"The hook files as they were deployed"`
	}
}

func (a *api) getDeployment(ctx context.Context, in *DeploymentPath) (*getDeploymentOutput, error) {
	n, err := in.number()
	if err != nil {
		return nil, err
	}
	d, err := a.cfg.Plane.Deployments.Get(ctx, placeOf(ctx).Instance, n)
	if err != nil {
		return nil, err
	}
	i, err := a.cfg.Plane.Instances.Get(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	out := &getDeploymentOutput{}
	out.Body.Deployment, out.Body.Active = shapeDeployment(d), i.Deployment == d.Number
	out.Body.Config, out.Body.Files = &d.Document, make(map[string]string, len(d.Files))
	for _, f := range d.Files {
		out.Body.Files[f.Path] = f.Text
	}
	return out, a.name(ctx, &out.Body.Deployment)
}

func (a *api) activateDeployment(ctx context.Context, in *DeploymentPath) (*deploymentOutput, error) {
	n, err := in.number()
	if err != nil {
		return nil, err
	}
	d, i, err := a.cfg.Plane.Deployments.Activate(ctx, actorOf(ctx), placeOf(ctx).Instance, n)
	if err != nil {
		return nil, err
	}
	return deploymentAnswer(d, i, nil), nil
}

type restoreInput struct {
	DeploymentPath
	Body struct {
		Files  bool `json:"files,omitempty" doc:"Its hook files, in the place of all that the draft has"`
		Config bool `json:"config,omitempty" doc:"Its configuration"`
	}
}

func (a *api) restoreDeployment(ctx context.Context, in *restoreInput) (*draftWholeOutput, error) {
	n, err := in.number()
	if err != nil {
		return nil, err
	}
	if !in.Body.Files && !in.Body.Config {
		return nil, fault.New(fault.Invalid, "invalid_body", "Say what is to be put back: files, config or both.")
	}
	if err := a.cfg.Plane.Drafts.Restore(ctx, actorOf(ctx), placeOf(ctx).Instance, n, in.Body.Files, in.Body.Config); err != nil {
		return nil, err
	}
	return a.getDraft(ctx, &in.InstancePath)
}
