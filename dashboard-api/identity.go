package dashboardapi

import (
	"context"
	"time"
)

type identity struct {
	Provider  string    `json:"provider"`
	Issuer    string    `json:"issuer"`
	Email     string    `json:"email" doc:"As the provider said when the two were linked"`
	CreatedAt time.Time `json:"created_at"`
	LastUsed  time.Time `json:"last_used_at"`
}

type identitiesOutput struct {
	Body struct {
		Data []identity `json:"data" nullable:"false"`
	}
}

func (a *api) listIdentities(ctx context.Context, _ *struct{}) (*identitiesOutput, error) {
	list, err := a.cfg.Plane.Accounts.Identities(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	out := &identitiesOutput{}
	out.Body.Data = make([]identity, len(list))
	for i, v := range list {
		out.Body.Data[i] = identity{Provider: v.Provider, Issuer: v.Issuer, Email: v.Email, CreatedAt: v.CreatedAt, LastUsed: v.LastUsedAt}
	}
	return out, nil
}
