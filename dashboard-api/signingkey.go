package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/fault"
)

type signingKey struct {
	ID        string     `json:"id" doc:"The kid in tokens and in the JWKS"`
	Algorithm string     `json:"algorithm" enum:"EdDSA,RS256"`
	Status    string     `json:"status" enum:"published,signing,retiring,retired,revoked"`
	PublishAt time.Time  `json:"publish_at" doc:"In the JWKS from then on"`
	SignFrom  time.Time  `json:"sign_from" doc:"Signs tokens from then on, until a younger key does"`
	RetireAt  *time.Time `json:"retire_at" doc:"Leaves the JWKS then; null: not scheduled"`
	RevokedAt *time.Time `json:"revoked_at"`
	CreatedAt time.Time  `json:"created_at"`
}

func shapeSigningKey(k controlplane.SigningKey, status controlplane.KeyStatus) signingKey {
	return signingKey{
		ID: k.ID, Algorithm: string(k.Algorithm), Status: string(status), PublishAt: k.PublishAt, SignFrom: k.SignFrom,
		RetireAt: k.RetireAt, RevokedAt: k.RevokedAt, CreatedAt: k.CreatedAt,
	}
}

type signingKeyOutput struct {
	Body struct {
		SigningKey
		Notice string `json:"notice" doc:"What happens next, for people"`
	}
}

func (a *api) listSigningKeys(ctx context.Context, _ *InstancePath) (*pageOutput[signingKey], error) {
	list, err := a.cfg.Plane.SigningKeys.List(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	status := a.cfg.Plane.SigningKeys.Status(list)
	out := paged(ctx, a, list, "", func(k controlplane.SigningKey) signingKey { return shapeSigningKey(k, "") })
	for n := range out.Body.Data {
		out.Body.Data[n].Status = string(status[n])
	}
	return out, nil
}

type rotateInput struct {
	InstancePath
	Body *struct { // a pointer: the body may be absent
		Overlap *string `json:"overlap,omitempty" doc:"How long the key is published before it signs, such as 10m; shorter than usual only on development instances"`
	}
}

func (a *api) rotateSigningKey(ctx context.Context, in *rotateInput) (*signingKeyOutput, error) {
	var overlap *time.Duration
	if in.Body != nil && in.Body.Overlap != nil {
		d, err := time.ParseDuration(*in.Body.Overlap)
		if err != nil || d < 0 || d > 24*time.Hour {
			return nil, fault.New(fault.Invalid, "invalid_overlap", "The overlap is a time from 0s to 24h, such as 10m.").
				WithDetails(fault.Detail{Path: "body.overlap", Code: "invalid_overlap", Message: "not a usable time"})
		}
		overlap = &d
	}
	k, err := a.cfg.Plane.SigningKeys.Rotate(ctx, actorOf(ctx), placeOf(ctx).Instance, overlap)
	if err != nil {
		return nil, err
	}
	out := &signingKeyOutput{}
	out.Body.SigningKey = shapeSigningKey(k, controlplane.KeyPublished)
	out.Body.Notice = "The key is in the JWKS within seconds and signs from " + k.SignFrom.Format(time.RFC3339) +
		". The one before it stays valid until the last token that it signed has ended."
	return out, nil
}

type revokeInput struct {
	InstancePath
	Body struct {
		ID string `json:"id" minLength:"1" maxLength:"100" doc:"The kid of the key"`
	}
}

// revokeNotice says what revoking cannot do: the sync service keeps its own copy of the key set.
const revokeNotice = "Within 60 seconds this instance mints no tokens with the key and refuses uploads that were signed by it. " +
	"A PowerSync Service keeps its own copy of the JWKS and may accept the key for up to 60 minutes more. " +
	"To force it, restart the self-hosted service, or redeploy the instance in the PowerSync dashboard: both fetch the key set anew."

func (a *api) revokeSigningKey(ctx context.Context, in *revokeInput) (*signingKeyOutput, error) {
	k, err := a.cfg.Plane.SigningKeys.Revoke(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Body.ID)
	if err != nil {
		return nil, err
	}
	out := &signingKeyOutput{}
	out.Body.SigningKey, out.Body.Notice = shapeSigningKey(k, controlplane.KeyRevoked), revokeNotice
	return out, nil
}
