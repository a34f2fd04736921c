package upload

import (
	"context"
	"strings"

	"turnkey/runtime/source"
)

// reopen keeps the newest reason with a rejection. If that is a conflict again, its conflicts take the
// place of those that the case had.
func (e *Engine) reopen(ctx context.Context, s source.Settlement, conflicts []source.ConflictRecord) error {
	if len(conflicts) == 0 {
		return e.src.Settle(ctx, []source.Settlement{s})
	}
	was, err := e.openOf(ctx, s.ID)
	if err != nil {
		return err
	}
	finish := &source.Finish{Settle: []source.Settlement{s}, Conflicts: conflicts}
	for i := range conflicts {
		conflicts[i].Rejection = s.ID
	}
	for i := range was {
		finish.Close = append(finish.Close, source.Closing{ID: was[i].ID, From: []source.ConflictStatus{source.ConflictOpen},
			To: source.ConflictSuperseded, By: s.By, At: s.At})
	}
	tx, err := e.src.Begin(ctx, source.Session{})
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	return tx.Apply(ctx, nil, finish)
}

// conflictID is an id of its own kind, as unique and sortable as those of rejections.
func (e *Engine) conflictID() string {
	_, id, _ := strings.Cut(e.deps.NewID(), "_")
	return "cnf_" + id
}
