package source

import (
	"context"
	"time"
)

// Retention says how long our own records live.
type Retention struct {
	Receipts   time.Duration
	Rejections time.Duration // from creation, whatever their state
	Clients    time.Duration // from the last time a floor or report was written
	Conflicts  time.Duration // from creation, whatever their state; traces from their last change
	Tombstones time.Duration // from the deletion
}

// Swept counts what a Sweep removed.
type Swept struct {
	Receipts, Rejections, Clients, Conflicts, Tombstones int
	// Busy says that another runtime holds the lease: nothing was done.
	Busy bool
	// More says that the time was up before everything was done.
	More bool
}

// Sweeper removes old records in small batches, one runtime at a time by a lease in the database.
type Sweeper interface {
	// Sweep removes what is older than its retention at now. Receipts of an owner are removed together
	// with raising the owner's floor, in one transaction. It returns when all is done or the context ends,
	// which is not an error.
	Sweep(ctx context.Context, now time.Time, keep Retention) (Swept, error)
}
