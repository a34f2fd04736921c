package upload

import (
	"context"
	"encoding/json"
	"strings"

	"turnkey/internal/fault"
	"turnkey/runtime/conflict"
	"turnkey/runtime/hook"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
)

// rejectionCase is what a hook was told about what was refused: the function of the draft that refuses it, or fails, as it was; if none
// does any more, beforeWrite about the operation to blame.
func (r *Rehearsal) rejectionCase(ctx context.Context, id string) (out rehearsal.Case, err error) {
	x, err := r.engine.recordedRejection(ctx, id)
	if err != nil {
		return out, err
	}
	if out, err = r.refusedAgain(ctx, x); err != nil || out.Function != "" {
		return out, err
	}
	e, l, err := r.listener("", hook.BeforeWrite)
	if err != nil {
		return out, err
	}
	s, err := e.rejectionAgain(x)
	if err != nil {
		return out, err
	}
	v := e.perform(ctx, s)
	asked, at := askedOf(l.calls, s.t.Operations, max(0, x.Operation))
	if at < 0 {
		return out, notAsked(&v)
	}
	out = rehearsal.Case{Kind: rehearsal.RejectionCase, ID: x.ID, At: x.CreatedAt, Table: asked.Table, Function: string(hook.BeforeWrite), Input: inputOf(&asked, s.q, l.calls[at].NowMS)}
	if !ours(x.ErrorCode) {
		out.Code = x.ErrorCode
	}
	return out, nil
}

// askedOf finds the call about one operation: of equal ones, the one in its place.
func askedOf(calls []hook.Call, ops []Operation, operation int) (w hook.Write, at int) {
	if operation >= len(ops) {
		return w, -1
	}
	nth, op := 0, &ops[operation]
	for i := range operation {
		if ops[i].Op == op.Op && ops[i].Table == op.Table && ops[i].RowID == op.RowID {
			nth++
		}
	}
	for i := range calls {
		var asked hook.Write
		if calls[i].Function != hook.BeforeWrite || json.Unmarshal(calls[i].Argument, &asked) != nil ||
			asked.Op != string(op.Op) || asked.Table != op.Table || !strings.EqualFold(asked.ID, op.RowID) {
			continue
		}
		if nth--; nth < 0 {
			return asked, i
		}
	}
	return w, -1
}

// ours reports a code that no hook has said, as far as a code tells.
func ours(code string) bool {
	switch code {
	case CodeExpired, CodeDeleted, CodeInvalidData, CodeSchemaMismatch, CodeUnauthorized, CodePayloadTooLarge, CodeDepends,
		conflict.CodeConflict, conflict.CodeRecorded, conflict.CodeCounterOverflow, conflict.CodeImmutableField, conflict.CodeTransition,
		"DOCUMENT_VALIDATION_FAILURE", "UNCLASSIFIED_ERROR":
		return true
	}
	return strings.HasPrefix(code, "hook_") || strings.HasSuffix(code, "_VIOLATION")
}

// refusedAgain lets the draft's hooks decide about a rejection once more. A call that refuses it, or fails, with the code of then is the
// case, unless it is beforeWrite's: listening gives that one also where the draft lets it pass.
func (r *Rehearsal) refusedAgain(ctx context.Context, x *source.Rejection) (out rehearsal.Case, err error) {
	s, err := r.engine.rejectionAgain(x)
	if err != nil {
		return out, err
	}
	v := r.engine.perform(ctx, s)
	for i := range v.Hooks {
		c := &v.Hooks[i]
		refuses := c.Rejection != nil && c.Rejection.Code == x.ErrorCode
		if c.Function == string(hook.BeforeWrite) || !refuses && (c.Failure == nil || c.Failure.Code != x.ErrorCode) {
			continue
		}
		out = rehearsal.Case{Kind: rehearsal.RejectionCase, ID: x.ID, At: x.CreatedAt, Table: c.Name, Function: c.Function}
		if refuses {
			out.Code = x.ErrorCode
		}
		out.Input, err = inputOfCall(c, s.q)
		return out, err
	}
	return out, nil
}

// inputOfCall is what run() of a test takes to make a call once more.
func inputOfCall(c *rehearsal.HookCall, q *request) (in rehearsal.Input, err error) {
	switch hook.Function(c.Function) {
	case hook.ResolveConflict:
		var asked hook.Conflict
		if err = json.Unmarshal(c.Argument, &asked); err == nil {
			in = inputOf(&asked.Write, q, c.NowMS)
			aboutConflict(&in, &asked)
		}
	case hook.AfterWrite:
		var asked hook.Change
		if err = json.Unmarshal(c.Argument, &asked); err == nil {
			in = inputOf(&hook.Write{Op: asked.Op, Table: asked.Table, ID: asked.ID, Old: asked.Old}, q, c.NowMS)
			in.New, in.Fields = raw(asked.New), asked.Fields
		}
	default: // beforeTransaction, which is told of all writes
		in = inputOf(&hook.Write{}, q, c.NowMS)
		in.Writes = c.Argument
	}
	if err != nil {
		err = fault.Wrap(err, fault.Internal, "internal", "A hook's argument cannot be read.")
	}
	return in, err
}
