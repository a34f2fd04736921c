package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/redact"
)

type secret struct {
	Name      string    `json:"name"`
	Version   int64     `json:"version"`
	Digest    string    `json:"digest" doc:"The first 8 hex digits of the value's SHA-256, to compare by"`
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy string    `json:"updated_by"`
}

func shapeSecret(s controlplane.Secret) secret {
	return secret{Name: s.Name, Version: s.Version, Digest: s.Digest, UpdatedAt: s.UpdatedAt, UpdatedBy: s.UpdatedBy}
}

type secretOutput struct{ Body secret }

// SecretPath is the path of one secret.
type SecretPath struct {
	InstancePath
	Name string `path:"name"`
}

func (a *api) listSecrets(ctx context.Context, _ *InstancePath) (*pageOutput[secret], error) {
	list, err := a.cfg.Plane.Secrets.List(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, "", shapeSecret), nil
}

func (a *api) getSecret(ctx context.Context, in *SecretPath) (*secretOutput, error) {
	s, err := a.cfg.Plane.Secrets.Get(ctx, placeOf(ctx).Instance, in.Name)
	if err != nil {
		return nil, err
	}
	return &secretOutput{shapeSecret(s)}, nil
}

type putSecretInput struct {
	SecretPath
	Body struct {
		Value string `json:"value" minLength:"1" maxLength:"65536" doc:"Never shown again"`
	}
}

func (a *api) putSecret(ctx context.Context, in *putSecretInput) (*secretOutput, error) {
	s, err := a.cfg.Plane.Secrets.Put(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Name, redact.New(in.Body.Value))
	if err != nil {
		return nil, err
	}
	return &secretOutput{shapeSecret(s)}, nil
}

func (a *api) deleteSecret(ctx context.Context, in *SecretPath) (*struct{}, error) {
	return nil, a.cfg.Plane.Secrets.Delete(ctx, actorOf(ctx), placeOf(ctx).Instance, in.Name)
}
