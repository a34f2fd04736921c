package worker

import (
	"context"
	"time"

	"turnkey/runtime/hook"
)

// HostCalls does what a program asks for in the middle of a run. What it answers with is the program's to see;
// an error gives the run up.
type HostCalls func(ctx context.Context, call *hook.HostCall) (hook.HostResult, error)

// Do is Run in the words of the contract: what the worker says is decoded strictly and held against what was
// asked, and a worker that answers nonsense has crashed.
func (s *Session) Do(ctx context.Context, run *hook.Run, host HostCalls) (*hook.Ran, error) {
	q := Request{
		Payload: hook.EncodeRun(run), CPU: time.Duration(run.Limits.TimeMS) * time.Millisecond,
		Waits:   time.Duration(run.Limits.HostMS) * time.Millisecond,
		Calls:   max(1, len(run.Calls)*(run.Limits.DBCalls+run.Limits.Fetches)),
		Prepare: !s.later, Awake: s.awake,
		Answer: run.Limits.RunBytes + 2*run.Limits.RunLogBytes + mib, // values as they are, logs escaped, and what is around them
	}
	if host != nil {
		q.Host = func(ctx context.Context, payload []byte) ([]byte, error) {
			call, err := hook.DecodeHostCall(payload, run)
			if err != nil {
				return nil, nonsense{err}
			}
			result, err := host(ctx, call)
			if err != nil {
				return nil, err
			}
			return hook.Encode(result)
		}
	}
	answer, err := s.Run(ctx, q)
	if err != nil {
		return nil, err
	}
	ran, err := hook.DecodeRan(answer, run)
	if err != nil {
		return nil, s.Refuse(err)
	}
	return ran, nil
}

// nonsense is a call back that no honest engine makes.
type nonsense struct{ error }
