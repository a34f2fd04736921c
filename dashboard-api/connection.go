package dashboardapi

import (
	"context"

	"turnkey/controlplane/connect"
)

type connectionInput struct {
	InstancePath
	Of string `query:"of" enum:"deployed,draft" default:"deployed" doc:"What it is made of; the draft, too, where nothing is deployed"`
}

type connectionOutput struct {
	Body struct {
		URL        string       `json:"url" doc:"Where apps reach the instance"`
		URLs       instanceURLs `json:"urls"`
		Deployment int64        `json:"deployment" doc:"The deployment that this is made of; 0: the draft"`
		connect.Document
	}
}

func (a *api) getConnection(ctx context.Context, in *connectionInput) (*connectionOutput, error) {
	i, err := a.cfg.Plane.Instances.Get(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	shaped := a.shapeInstance(i)
	urls := connect.URLs{Base: shaped.URL, Upload: shaped.URLs.Upload, Token: shaped.URLs.Token, JWKS: shaped.URLs.JWKS, Package: a.connector}
	c, err := a.cfg.Plane.Connections.Get(ctx, i.ID, in.Of == "draft", urls)
	if err != nil {
		return nil, err
	}
	out := &connectionOutput{}
	out.Body.URL, out.Body.URLs, out.Body.Deployment, out.Body.Document = shaped.URL, shaped.URLs, c.Deployment, c.Document
	return out, nil
}
