package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
)

// Sealer makes sealed bundles; *envelope.Sealer is one.
type Sealer interface {
	Seal(b *bundle.Bundle) ([]byte, error)
}

// StoredBundle is the newest bundle of an instance.
type StoredBundle struct {
	Instance string
	Revision int64
	Sealed   []byte
	IssuedAt time.Time
}

// Publication is one line of the feed.
type Publication struct {
	Instance      string
	Revision, Seq int64
}

type bundleTx interface {
	// PutBundle replaces an instance's bundle by one of a higher revision, and tells listeners when the
	// transaction commits. Publications commit in the order of their numbers.
	PutBundle(ctx context.Context, b StoredBundle) error
	GetBundle(ctx context.Context, instance string) ([]byte, error)
	// ListBundles gives publications after a number, in order.
	ListBundles(ctx context.Context, since int64, limit int) ([]Publication, error)
}

// publish makes the next revision of an instance that this transaction has locked, and writes the
// instance. Whatever cannot be built or sealed fails the transaction, so that a bad change never
// replaces a good bundle.
func (k *core) publish(ctx context.Context, tx Tx, i *Instance) error {
	i.Revision++
	b, err := k.build(ctx, tx, *i)
	if err != nil {
		return err
	}
	sealed, err := k.bundles.Seal(b)
	if err != nil {
		return err
	}
	if err := tx.UpdateInstance(ctx, *i); err != nil {
		return err
	}
	return tx.PutBundle(ctx, StoredBundle{Instance: i.ID, Revision: i.Revision, Sealed: sealed, IssuedAt: b.IssuedAt})
}

// build puts an instance's bundle together from what the transaction sees.
func (k *core) build(ctx context.Context, tx Tx, i Instance) (*bundle.Bundle, error) {
	m := publish.Material{Instance: i.identity(), Revision: i.Revision, Deployment: int(i.Deployment), At: k.now()}
	if i.State == bundle.Deleted {
		return publish.Build(m)
	}
	var err error
	if i.Deployment > 0 {
		d, err := tx.GetDeployment(ctx, i.ID, i.Deployment)
		if err != nil {
			return nil, err
		}
		m.Config, m.Program, m.ActivatedAt = &d.Config, d.Program, d.ActivatedAt
		previous, err := tx.PreviousDeployment(ctx, i.ID, i.Deployment)
		if err != nil {
			return nil, err
		}
		m.Previous = int(previous)
		if m.Secrets, err = k.openSecrets(ctx, tx, i.ID, publish.References(m.Config)); err != nil {
			return nil, err
		}
	}
	if m.Keys, err = k.openKeys(ctx, tx, i.ID); err != nil {
		return nil, err
	}
	if m.APIKeys, err = liveAPIKeys(ctx, tx, i.ID, m.At); err != nil {
		return nil, err
	}
	return publish.Build(m)
}

// candidate seals what a command works with: an instance under a configuration that is not active.
// Its revision is 0, which no runtime follows.
func (k *core) candidate(i Instance, r *publish.Release, secrets publish.Secrets) ([]byte, error) {
	return k.bundles.Seal(publish.Candidate(i.identity(), r, secrets, k.now()))
}

// encodeConfig writes a compiled configuration for the deployment's row.
func encodeConfig(cfg *bundle.Config) (string, error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return "", fmt.Errorf("write a compiled configuration: %w", err)
	}
	return string(text), nil
}

// DecodeConfig reads it back; for stores.
func DecodeConfig(text string) (bundle.Config, error) {
	var cfg bundle.Config
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return cfg, fault.Wrap(err, fault.Internal, "config_unreadable", "A deployment's configuration cannot be read.")
	}
	return cfg, nil
}
