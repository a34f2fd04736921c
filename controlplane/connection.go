package controlplane

import (
	"context"
	"time"

	"turnkey/controlplane/connect"
	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/token"
)

// Connections says what a developer takes from an instance into their app and into PowerSync.
type Connections struct{ *core }

// Connection is what there is to take.
type Connection struct {
	connect.Document
	// Deployment is the number of the deployment that it is made of; 0: the draft.
	Deployment int64
}

// Get gives it: of the active deployment, or of the draft where there is none or it is asked for.
func (s *Connections) Get(ctx context.Context, instance string, draft bool, urls connect.URLs) (c Connection, err error) {
	var i Instance
	var keys []bundle.SigningKey
	var cfg *bundle.Config
	err = s.read(ctx, func(tx Tx) error {
		if i, err = tx.GetInstance(ctx, instance); err != nil {
			return err
		}
		if keys, err = s.openKeys(ctx, tx, instance); err != nil {
			return err
		}
		if cfg, c.Deployment, err = configOf(ctx, tx, i, draft); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return c, err
	}
	set, err := keySet(i, keys, s.now())
	if err != nil {
		return c, err
	}
	c.Document, err = connect.Make(connect.Input{URLs: urls, Development: i.Kind == bundle.Development, Config: cfg, KeySet: set})
	return c, err
}

// configOf is the configuration that an instance serves, or that of its draft (number 0).
func configOf(ctx context.Context, tx Tx, i Instance, draft bool) (*bundle.Config, int64, error) {
	if i.Deployment > 0 && !draft {
		d, err := tx.GetDeployment(ctx, i.ID, i.Deployment)
		return &d.Config, d.Number, err
	}
	if i.Draft.Version == 0 {
		return nil, 0, fault.New(fault.Conflict, "nothing_configured", "The instance has no configuration yet.").
			WithHint("Save one: PUT /api/v1/instances/{instance}/config.")
	}
	cfg, found := config.Parse([]byte(i.Draft.Document), config.Options{Kind: i.Kind})
	if err := found.Fault(); err != nil {
		f := *fault.Of(err)
		f.Kind = fault.Conflict // the draft is wrong, not the request
		return nil, 0, &f
	}
	return cfg, 0, nil
}

// keySet is what the instance's JWKS address answers.
func keySet(i Instance, keys []bundle.SigningKey, now time.Time) ([]byte, error) {
	authority, err := token.New(&bundle.Bundle{Instance: i.identity(), SigningKeys: keys}, token.Deps{Now: func() time.Time { return now }})
	if err != nil {
		return nil, err
	}
	set, _ := authority.JWKS()
	return set, nil
}
