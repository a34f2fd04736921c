package controlplane

import (
	"context"
	"fmt"

	"turnkey/internal/fault"
)

// Republish publishes every instance anew, and returns how many: after a backup was restored, or when
// bundles must be sealed or signed with new keys. It is the operator's and changes nothing of a
// customer's, so it is not audited.
//
// Runtimes refuse revisions below the one that they serve, and nobody here knows which that is: the
// backup is older. Seconds since 1970 are above it, as an instance does not get a revision each second.
func (s *Instances) Republish(ctx context.Context) (n int, err error) {
	var all []Publication
	for since := int64(0); ; {
		var page []Publication
		err := s.read(ctx, func(tx Tx) error {
			page, err = tx.ListBundles(ctx, since, feedPage)
			return err
		})
		if err != nil {
			return n, err
		}
		all = append(all, page...)
		if len(page) < feedPage {
			break
		}
		since = page[len(page)-1].Seq
	}
	for _, p := range all {
		err := s.store.InTx(ctx, func(tx Tx) error {
			i, err := tx.LockInstance(ctx, p.Instance)
			if err != nil {
				return err
			}
			i.Revision = max(i.Revision, s.now().Unix())
			return s.publish(ctx, tx, &i)
		})
		switch {
		case fault.IsKind(err, fault.NotFound): // deleted; every runtime knows, or never knew it
		case err != nil:
			return n, fmt.Errorf("publish %s anew: %w", p.Instance, err)
		default:
			n++
		}
	}
	return n, nil
}
