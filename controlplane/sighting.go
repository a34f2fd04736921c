package controlplane

import (
	"context"
	"slices"

	"turnkey/runtime/telemetry"
)

type sightingTx interface {
	// AddSightings joins sightings to those before; none may be named twice.
	AddSightings(ctx context.Context, list []telemetry.Sighting) error
	ListSightings(ctx context.Context, instance string) ([]telemetry.Sighting, error)
	DeleteInstanceSightings(ctx context.Context, instance string) error
}

// Sightings tells what was ever seen of an instance, and when first and last: what a guide waits for, and
// what nobody should go live without.
type Sightings struct{ *core }

// List gives them; what was never seen has no entry.
func (s *Sightings) List(ctx context.Context, instance string) (out map[telemetry.Sight]telemetry.Sighting, err error) {
	err = s.read(ctx, func(tx Tx) error {
		out, err = sightings(ctx, tx, instance)
		return err
	})
	return out, err
}

func sightings(ctx context.Context, tx Tx, instance string) (map[telemetry.Sight]telemetry.Sighting, error) {
	list, err := tx.ListSightings(ctx, instance)
	out := make(map[telemetry.Sight]telemetry.Sighting, len(list))
	for _, s := range list {
		out[s.What] = s
	}
	return out, err
}

// storeSightings joins those of a batch. A runtime of a later version may send some that mean nothing here.
func storeSightings(ctx context.Context, tx Tx, b telemetry.Batch, known []string) error {
	type key struct {
		instance string
		what     telemetry.Sight
	}
	joined := map[key]*telemetry.Sighting{}
	for _, s := range b.Sights {
		if _, ok := slices.BinarySearch(known, s.Instance); !ok || s.N == 0 || !slices.Contains(telemetry.Sights[:], s.What) {
			continue
		}
		k := key{s.Instance, s.What}
		if have := joined[k]; have != nil {
			have.Join(s)
			continue
		}
		joined[k] = &s
	}
	list := make([]telemetry.Sighting, 0, len(joined))
	for _, s := range joined {
		list = append(list, *s)
	}
	return tx.AddSightings(ctx, list)
}
