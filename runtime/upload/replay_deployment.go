package upload

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/source"
)

// replayPage is how many rejections are looked at before the next are listed.
const replayPage = 100

// ReplayDeployment replays everything that a deployment refused and that still waits, in the order of
// arrival, whoever sent it, and leaves alone what was written since. The result is the state that a
// run without that deployment would have left: for each field, the last write that reached the
// server. It stops at the deadline of ctx, with more true; after is where to go on.
func (e *Engine) ReplayDeployment(ctx context.Context, deployment int, after, by string) (done []source.Outcome, next string, more bool, err error) {
	next = after
	for {
		list, err := e.src.Rejections(ctx, source.RejectionFilter{
			Deployment: deployment, Status: waiting, After: next, OldestFirst: true, Limit: replayPage,
		})
		if err != nil {
			return done, next, true, replayFault(source.FailureOf(err))
		}
		for i := range list {
			if e.late(ctx) {
				return done, next, true, nil
			}
			one, err := e.replayOne(ctx, list[i].ID, by)
			if err != nil {
				return done, next, true, err
			}
			if one.ID != "" {
				done = append(done, one)
			}
			next = list[i].ID
		}
		if len(list) < replayPage {
			return done, next, false, nil
		}
	}
}

// late leaves the time that one replay may take.
func (e *Engine) late(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && e.deps.Now().Add(2*time.Second).After(deadline)
}

// replayOne replays a rejection of a deployment; a zero result means that somebody settled it first.
func (e *Engine) replayOne(ctx context.Context, id, by string) (source.Outcome, error) {
	r, err := e.src.Rejection(ctx, id)
	if err != nil {
		return source.Outcome{}, replayFault(source.FailureOf(err))
	}
	if r == nil || !r.Status.Waiting() {
		return source.Outcome{}, nil
	}
	done, err := e.replay(ctx, r, Replay{ID: id, By: by, LeaveNewer: true})
	if fault.Is(err, "rejection_settled") {
		return source.Outcome{}, nil
	}
	return done, err
}
