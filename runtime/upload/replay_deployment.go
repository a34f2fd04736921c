package upload

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/source"
)

// replayPage is how many rejections are looked at before the next are listed.
const replayPage = 100

// ReplayDeployment replays everything that a deployment refused and that still waits, and what followed
// that since, in the order of arrival, whoever sent it, and leaves alone what was written since. The
// result is the state that a run without that deployment would have left: for each field, the last
// write that reached the server; doc.go says where not. It stops at the deadline of ctx, with more
// true; after is where to go on.
func (e *Engine) ReplayDeployment(ctx context.Context, deployment int, after, by string) (done []source.Outcome, next string, more bool, err error) {
	next = after
	if next == "" { // what follows a refused write under a later deployment came after all that was refused first
		done, next, err = e.replayFirst(ctx, deployment, by)
		if err != nil || next == "" {
			return done, next, err != nil, err
		}
	}
	for {
		list, err := e.src.Rejections(ctx, source.RejectionFilter{Status: source.WaitingStates(), After: next, OldestFirst: true, Limit: replayPage})
		if err != nil {
			return done, next, true, replayFault(source.FailureOf(err))
		}
		for i := range list {
			if e.late(ctx) {
				return done, next, true, nil
			}
			one, err := e.replayOne(ctx, &list[i], deployment, by)
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

// replayFirst replays the oldest rejection of a deployment, if it waits, and gives its id; "": there
// never was one.
func (e *Engine) replayFirst(ctx context.Context, deployment int, by string) (done []source.Outcome, id string, err error) {
	list, err := e.src.Rejections(ctx, source.RejectionFilter{Deployment: deployment, OldestFirst: true, Limit: 1})
	if err != nil {
		return nil, "", replayFault(source.FailureOf(err))
	}
	if len(list) == 0 {
		return nil, "", nil
	}
	one, err := e.replayOne(ctx, &list[0], deployment, by)
	if err != nil {
		return nil, "", err
	}
	if one.ID != "" {
		done = append(done, one)
	}
	return done, list[0].ID, nil
}

// replayOne replays a rejection if it is a deployment's; a zero result means that it is not, or that
// somebody settled it first.
func (e *Engine) replayOne(ctx context.Context, listed *source.Rejection, deployment int, by string) (source.Outcome, error) {
	if ours, err := e.isOf(ctx, listed, deployment); err != nil || !ours {
		return source.Outcome{}, err
	}
	r, err := e.src.Rejection(ctx, listed.ID)
	if err != nil {
		return source.Outcome{}, replayFault(source.FailureOf(err))
	}
	if r == nil || !r.Status.Waiting() {
		return source.Outcome{}, nil
	}
	done, err := e.replay(ctx, r, Replay{ID: r.ID, By: by, LeaveNewer: true})
	if fault.Is(err, "rejection_settled") {
		return source.Outcome{}, nil
	}
	return done, err
}

// isOf reports that a deployment refused a write, or one that it follows.
func (e *Engine) isOf(ctx context.Context, r *source.Rejection, deployment int) (bool, error) {
	if r.Deployment == deployment || r.Status != source.Held || r.Group == r.ID {
		return r.Deployment == deployment, nil
	}
	head, err := e.src.Rejection(ctx, r.Group)
	if err != nil {
		return false, replayFault(source.FailureOf(err))
	}
	return head != nil && head.Deployment == deployment, nil
}
