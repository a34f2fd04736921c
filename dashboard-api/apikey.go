package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
)

type apiKey struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Hint      string     `json:"hint" doc:"How the key begins"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by"`
	ExpiresAt *time.Time `json:"expires_at" doc:"null: never"`
	Key       string     `json:"key,omitempty" doc:"The key itself; shown once"`
}

func shapeAPIKey(k controlplane.APIKey) apiKey {
	return apiKey{ID: k.ID, Name: k.Name, Hint: k.Hint, CreatedAt: k.CreatedAt, CreatedBy: k.CreatedBy, ExpiresAt: k.ExpiresAt}
}

type apiKeyOutput struct{ Body apiKey }

func (a *api) listAPIKeys(ctx context.Context, _ *InstancePath) (*pageOutput[apiKey], error) {
	list, err := a.cfg.Plane.APIKeys.List(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, "", shapeAPIKey), nil
}

type createAPIKeyInput struct {
	InstancePath
	Body struct {
		Name      string `json:"name" minLength:"1" maxLength:"100"`
		ExpiresIn int64  `json:"expires_in,omitempty" minimum:"1" maximum:"315360000" doc:"Seconds; absent: never"`
	}
}

func (a *api) createAPIKey(ctx context.Context, in *createAPIKeyInput) (*apiKeyOutput, error) {
	k, secret, err := a.cfg.Plane.APIKeys.Create(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Body.Name, time.Duration(in.Body.ExpiresIn)*time.Second)
	if err != nil {
		return nil, err
	}
	out := &apiKeyOutput{shapeAPIKey(k)}
	out.Body.Key = secret.Reveal()
	return out, nil
}

// APIKeyPath is the path of one API key.
type APIKeyPath struct {
	InstancePath
	Key string `path:"key"`
}

func (a *api) deleteAPIKey(ctx context.Context, in *APIKeyPath) (*struct{}, error) {
	return nil, a.cfg.Plane.APIKeys.Delete(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Key)
}
