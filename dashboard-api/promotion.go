package dashboardapi

import (
	"context"

	"turnkey/controlplane"
	"turnkey/controlplane/publish"
)

type promotion struct {
	From       string       `json:"from"`
	To         string       `json:"to"`
	Deployment int64        `json:"deployment" doc:"The deployment that is carried over"`
	Config     textChange   `json:"config"`
	Files      []fileChange `json:"files" nullable:"false" doc:"Those that are the same are left out"`
	Kept       []string     `json:"kept" nullable:"false" doc:"Settings that stay those of the instance that it goes to"`
	Seen       string       `json:"seen" doc:"Names what was looked at; needed to apply it"`
	Errors     []finding    `json:"errors" nullable:"false"`
	Warnings   []finding    `json:"warnings" nullable:"false"`
}

type textChange struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

type fileChange struct {
	Path   string  `json:"path"`
	Change string  `json:"change" enum:"added,changed,removed"`
	Before *string `json:"before"`
	After  *string `json:"after"`
}

type promotionOutput struct{ Body promotion }

func shapePromotion(p controlplane.Promotion) *promotionOutput {
	out := promotion{
		From: p.From.ID, To: p.To.ID, Deployment: p.Deployment, Config: textChange{p.Before, p.After}, Files: []fileChange{}, Kept: publish.Kept,
		Seen: p.Seen, Errors: findings(p.Findings.Errors), Warnings: findings(p.Findings.Warnings),
	}
	for _, f := range p.Files {
		change := "changed"
		switch {
		case f.Before == nil:
			change = "added"
		case f.After == nil:
			change = "removed"
		case *f.Before == *f.After:
			continue
		}
		out.Files = append(out.Files, fileChange{f.Path, change, f.Before, f.After})
	}
	return &promotionOutput{out}
}

type planPromotionInput struct {
	InstancePath
	From string `path:"from" doc:"The instance whose active deployment is carried over, of the same project"`
}

func (a *api) planPromotion(ctx context.Context, in *planPromotionInput) (*promotionOutput, error) {
	p, err := a.cfg.Plane.Promotions.Plan(ctx, in.From, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	return shapePromotion(p), nil
}

type promoteInput struct {
	InstancePath
	From string `path:"from"`
	Body struct {
		Seen string `json:"seen" maxLength:"64" doc:"As the difference was answered"`
	}
}

func (a *api) promote(ctx context.Context, in *promoteInput) (*promotionOutput, error) {
	p, err := a.cfg.Plane.Promotions.Apply(ctx, actorOf(ctx), in.From, placeOf(ctx).Instance, in.Body.Seen)
	if err != nil {
		return nil, err
	}
	return shapePromotion(p), nil
}
