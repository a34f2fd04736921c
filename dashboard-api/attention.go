package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

// concern is something about an instance that somebody should look at.
type concern struct {
	Code     string            `json:"code"`
	Severity string            `json:"severity" enum:"critical,warning,notice"`
	Title    string            `json:"title" doc:"A sentence"`
	Hint     string            `json:"hint,omitempty" doc:"What to do about it"`
	Page     string            `json:"page" doc:"Where to look: configuration, conflicts, connect, deployments, devices, keys, logs, rejections, schema or settings"`
	Query    map[string]string `json:"query,omitempty" doc:"Filters of that page"`
	Since    *time.Time        `json:"since,omitempty"`
}

// sighting says that something was seen of an instance.
type sighting struct {
	What  string    `json:"what" enum:"jwks,jwks_other,token,development_token,token_refused,upload,upload_refused,write,previous_values,no_previous_values,stock_client,rejection" doc:"jwks: the public keys were fetched by a program, such as a sync service; jwks_other: by a browser or a developer's tool"`
	First time.Time `json:"first_at"`
	Last  time.Time `json:"last_at"`
	Count int64     `json:"count"`
}

type attentionOutput struct {
	Body struct {
		Concerns []concern  `json:"concerns" nullable:"false" doc:"The worst first"`
		Seen     []sighting `json:"seen" nullable:"false" doc:"What was ever seen of the instance, and when first and last"`
	}
}

func (a *api) getAttention(ctx context.Context, _ *InstancePath) (*attentionOutput, error) {
	list, seen, err := a.cfg.Plane.Attention.List(ctx, actorOf(ctx), placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	out := &attentionOutput{}
	out.Body.Concerns, out.Body.Seen = make([]concern, len(list)), []sighting{}
	for n, c := range list {
		out.Body.Concerns[n] = shapeConcern(c)
	}
	for _, what := range telemetry.Sights {
		if s, ok := seen[what]; ok {
			out.Body.Seen = append(out.Body.Seen, sighting{string(what), s.First, s.Last, s.N})
		}
	}
	return out, nil
}

func shapeConcern(c controlplane.Concern) concern {
	return concern{c.Code, string(c.Severity), c.Title, c.Hint, c.Page, c.Query, orNil(c.Since)}
}
