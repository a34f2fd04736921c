package upload

import (
	"context"
	"encoding/json"

	"turnkey/internal/fault"
	"turnkey/runtime/hook"
	"turnkey/runtime/rehearsal"
)

// stagedHooks lets a run's take see every call of users' code, with what came of it.
type stagedHooks struct{ real Hooks }

// Session implements Hooks. Rehearsals have workers, and a line before them, of their own: uploads do not wait for what
// somebody tries out.
func (h stagedHooks) Session(ctx context.Context, instance string, p *hook.Program) (HookSession, error) {
	s, err := h.real.Session(ctx, instance+"/rehearsal", p)
	if err != nil {
		return nil, err
	}
	return &stagedSession{s, takeOf(ctx)}, nil
}

type stagedSession struct {
	HookSession
	take *take
}

// Do implements HookSession.
func (s *stagedSession) Do(ctx context.Context, run *hook.Run, host HookHost) (*hook.Ran, error) {
	if run.Begin { // the transaction begins, perhaps once more: what was called before is void
		s.take.hooks = nil
	}
	ran, err := s.HookSession.Do(ctx, run, host)
	switch {
	case err != nil && len(run.Calls) == 1: // of several nobody knows which one it was, and they come again one by one
		shown := shownCall(&run.Calls[0])
		f := fault.Of(err)
		shown.Result, shown.Failure = string(hook.Failed), &rehearsal.CallFailure{Code: f.Code, Message: f.Message, Hint: f.Hint}
		s.take.hooks = append(s.take.hooks, shown)
	case err == nil:
		for i := range min(len(ran.Outcomes), len(run.Calls)) {
			s.take.hooks = append(s.take.hooks, shownOutcome(&run.Calls[i], &ran.Outcomes[i]))
		}
	}
	return ran, err
}

func shownCall(c *hook.Call) rehearsal.HookCall {
	return rehearsal.HookCall{Function: string(c.Function), Name: c.Name, Argument: json.RawMessage(c.Argument), NowMS: c.NowMS, Logs: []rehearsal.CallLog{}}
}

func shownOutcome(c *hook.Call, o *hook.Outcome) rehearsal.HookCall {
	out := shownCall(c)
	out.Result, out.Value, out.Reason = string(o.Result), json.RawMessage(o.Value), o.Reason
	out.LogsDropped, out.DurationUS, out.DBCalls = o.LogsDropped, o.Usage.DurationUS, o.Usage.DBCalls
	if o.Rejection != nil {
		out.Rejection = &rehearsal.CallRejection{Code: o.Rejection.Code, Message: o.Rejection.Message, Details: json.RawMessage(o.Rejection.Details)}
	}
	if f := o.Failure; f != nil {
		out.Failure = &rehearsal.CallFailure{Code: string(f.Class), Message: f.Message, Hint: f.Hint, File: f.File, Line: f.Line, Column: f.Column}
		for _, frame := range f.Stack {
			out.Failure.Stack = append(out.Failure.Stack, rehearsal.CallFrame(frame))
		}
	}
	for _, l := range o.Logs {
		out.Logs = append(out.Logs, rehearsal.CallLog{Level: string(l.Level), Text: l.Text, File: l.File, Line: l.Line})
	}
	return out
}
