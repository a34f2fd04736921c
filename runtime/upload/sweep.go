package upload

import (
	"context"
	"time"

	"turnkey/runtime/source"
)

// keepClients is how long a client's floor outlives its last receipt.
const keepClients = 400 * 24 * time.Hour

// defaultReceipts is receipts.ttl where a configuration does not say.
const defaultReceipts = 90 * 24 * time.Hour

// conflicts.ttl and tombstones.ttl, likewise.
const (
	defaultConflicts  = 90 * 24 * time.Hour
	defaultTombstones = 400 * 24 * time.Hour
)

// Sweep removes receipts, rejections, conflicts, tombstones and client records that are older than the configuration keeps
// them. It returns early when another runtime does so, or when ctx ends. Our own tables are brought to date
// first: a runtime that is newer than the last deployment may find them older than itself.
func (e *Engine) Sweep(ctx context.Context) (source.Swept, error) {
	if err := e.src.Prepare(ctx); err != nil {
		return source.Swept{}, err
	}
	return e.src.Sweep(ctx, e.deps.Now(), e.keepFor)
}

// Outbox gives what the instance has to deliver, and delivered.
func (e *Engine) Outbox() source.Outbox { return e.src }

// Inbox gives the operators' view of what the instance refused.
func (e *Engine) Inbox() source.Inbox { return e.src }

// Archive gives the operators' view of the instance's conflicts.
func (e *Engine) Archive() source.Archive { return e.src }
