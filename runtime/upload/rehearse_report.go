package upload

import (
	"bytes"
	"context"
	"encoding/json"
	"sort"

	"turnkey/runtime/conflict"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Replay says what would become of recorded conflicts and rejections, the newest first. An error means that
// they cannot be read; a case that cannot be rehearsed is counted as one.
func (r *Rehearsal) Replay(ctx context.Context, o rehearsal.ReplayOrder) (rehearsal.Part, error) {
	e := r.engine
	until := e.deps.Now().Add(o.For)
	list := &recorded{src: e.src, after: o.After}
	part := rehearsal.Part{Next: o.After, More: true}
	for part.Total < o.Limit && e.deps.Now().Before(until) {
		c, x, err := list.next(ctx)
		if err != nil {
			return part, replayFault(source.FailureOf(err))
		}
		switch {
		case c == nil && x == nil:
			part.More = false
			return part, nil
		case c != nil:
			part.Next = suffix(c.ID)
			part.Add(e.judgeConflict(ctx, c.ID))
		default:
			part.Next = suffix(x.ID)
			e.judgeRejection(ctx, x, &part.Report)
		}
		if ctx.Err() != nil { // the last one was cut off, and comes again
			return part, replayFault(source.FailureOf(ctx.Err()))
		}
	}
	return part, nil
}

// judgeConflict compares what a policy or a hook would decide with what was decided; nil: the same.
func (e *Engine) judgeConflict(ctx context.Context, id string) *rehearsal.Example {
	c, err := e.recordedConflict(ctx, id)
	if err != nil {
		return failedCase(rehearsal.Example{Kind: rehearsal.ConflictCase, ID: id}, err)
	}
	out := rehearsal.Example{Kind: rehearsal.ConflictCase, ID: c.ID, Table: c.TableName, RowID: c.RowID, Was: rehearsal.Result{Outcome: rehearsal.Applied}}
	if c.Outcome == string(conflict.Recorded) {
		out.Was = rehearsal.Result{Outcome: rehearsal.Refused, Code: conflict.CodeRecorded}
	}
	s, err := e.conflictAgain(ctx, c)
	if err != nil {
		return failedCase(out, err)
	}
	v := e.perform(ctx, s)
	out.Would = rehearsal.Result{Outcome: v.Outcome, Code: v.Code, Message: v.Message}
	if d := out.Compare(); d != "" || v.Outcome != rehearsal.Applied {
		return out.As(d)
	}
	full, err := readValues(c)
	if err != nil {
		return failedCase(out, err)
	}
	return e.compareValues(s, c, full.Decided, out)
}

// compareValues holds the row that a run leaves against what was stored.
func (e *Engine) compareValues(s *scene, c *source.ConflictRecord, was map[string]json.RawMessage, out rehearsal.Example) *rehearsal.Example {
	row := s.take.of(c.RowID)
	if row != nil && row.now == nil {
		out.Would.Deleted = true
		return out.As(rehearsal.OtherValues)
	}
	t := e.plan.tables[c.TableName]
	out.Was.Values, out.Would.Values = map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for name, decided := range was {
		would := json.RawMessage("null")
		if f, no := t.field(name); f != nil && no == nil && row != nil {
			v, _ := at(row.now, f.path)
			would = clientJSON(v)
		}
		if !sameJSON(decided, would) {
			out.Fields = append(out.Fields, name)
			out.Was.Values[name], out.Would.Values[name] = decided, would
		}
	}
	if len(out.Fields) == 0 {
		return nil
	}
	sort.Strings(out.Fields)
	return out.As(rehearsal.OtherValues)
}

// judgeRejection asks whether a refused transaction would be accepted, over what is stored today. One that is
// refused because of its conflicts is judged by them.
func (e *Engine) judgeRejection(ctx context.Context, x *source.Rejection, into *rehearsal.Report) {
	switch {
	case x.ErrorCode == conflict.CodeRecorded:
		return
	case x.Status == source.Held:
		into.Skip()
		return
	}
	out := rehearsal.Example{Kind: rehearsal.RejectionCase, ID: x.ID, Table: x.TableName, RowID: x.RowID,
		Was: rehearsal.Result{Outcome: rehearsal.Refused, Code: x.ErrorCode, Message: x.Message}}
	kept, err := e.recordedRejection(ctx, x.ID)
	if err == nil {
		var s *scene
		if s, err = e.rejectionAgain(kept); err == nil {
			v := e.perform(ctx, s)
			out.Would = rehearsal.Result{Outcome: v.Outcome, Code: v.Code, Message: v.Message}
			into.Add(out.As(out.Compare()))
			return
		}
	}
	into.Add(failedCase(out, err))
}

// named finds a row of a run.
func (t *take) named(name source.RowName) *acted {
	for _, r := range t.acted {
		if r.table.Name == name.TableName && r.text == name.RowID {
			return r
		}
	}
	return nil
}

// of finds the row of a run by its id.
func (t *take) of(text string) *acted {
	for _, r := range t.acted {
		if r.text == text {
			return r
		}
	}
	return nil
}

// sameJSON compares two values of a device's column.
func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, errX := value.DecodeJSON(a)
	y, errY := value.DecodeJSON(b)
	return errX == nil && errY == nil && bytes.Equal(appendCanonical(nil, x), appendCanonical(nil, y))
}
