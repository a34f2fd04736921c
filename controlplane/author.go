package controlplane

import (
	"context"

	"turnkey/internal/fault"
)

// Names gives the names of people by their ids, for lists that say who made what. Whoever is gone is left out.
func (s *Accounts) Names(ctx context.Context, ids ...string) (map[string]string, error) {
	names := make(map[string]string, len(ids))
	err := s.read(ctx, func(tx Tx) error {
		for _, id := range ids {
			if _, asked := names[id]; asked || id == "" {
				continue
			}
			u, err := tx.GetUser(ctx, id)
			if fault.IsKind(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			names[id] = u.Name
		}
		return nil
	})
	return names, err
}
