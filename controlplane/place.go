package controlplane

import "context"

type placeTx interface {
	// FindPlace locates a project or an instance by its id; one that was deleted, or whose
	// organization was, is not found.
	FindPlace(ctx context.Context, id string) (Place, error)
}

// Places finds where in the tree an id lies, so that a route's permission can be checked before its handler runs.
type Places struct{ *core }

// Find locates a project or an instance.
func (s *Places) Find(ctx context.Context, id string) (place Place, err error) {
	err = s.read(ctx, func(tx Tx) error {
		place, err = tx.FindPlace(ctx, id)
		return err
	})
	return place, err
}
