package upload

import (
	"context"

	"turnkey/runtime/hook"
	"turnkey/runtime/source"
)

// A frame is a run of operations whose hooks are asked together, in one request to the worker for each function:
//
//	beforeWrite of all ──► conflicts ──► resolveConflict of some ──► rows ──► afterWrite of those that changed
//
// Their rows are distinct, so that none of them sees `old` before an earlier operation has played. What ends
// the transaction is what would have ended it one by one: the refusal of the first operation that any function
// refuses. A refusal cuts the frame; what lies before it goes on to its end.

// frame gives the operations from the i-th on that can be asked together.
func (a *attempt) frame(i int) (frame []int, next int) {
	most := mostHookCalls
	if a.strict {
		most = 1
	}
	seen := make(map[*row]bool, most)
	for next = i; next < len(a.ops) && len(frame) < most; next++ {
		if a.memory.known[next] {
			continue
		}
		if seen[a.rowOf[next]] {
			break
		}
		seen[a.rowOf[next]] = true
		frame = append(frame, next)
	}
	return frame, next
}

// playFrames carries the operations out on the rows as read, frame by frame.
func (a *attempt) playFrames(ctx context.Context, tx source.Tx) (*Refusal, error) {
	for i := 0; i < len(a.ops); {
		var frame []int
		frame, i = a.frame(i)
		no, err := a.carryFrame(ctx, tx, frame)
		if err != nil || a.reborn {
			return nil, err
		}
		earlier, err := a.tellWritten(ctx, tx, before(frame, no))
		if err != nil {
			return nil, err
		}
		if earlier != nil {
			return earlier, nil
		}
		if no != nil {
			return no, nil
		}
	}
	return nil, nil
}

// before are the operations of a frame that come before a refused one.
func before(frame []int, no *Refusal) []int {
	if no == nil {
		return frame
	}
	for n, i := range frame {
		if i >= no.Operation {
			return frame[:n]
		}
	}
	return frame
}

// carryFrame applies the operations of a frame, asking their hooks as long as there is something to ask. It
// gives the refusal of the first that is refused.
func (a *attempt) carryFrame(ctx context.Context, tx source.Tx, frame []int) (first *Refusal, _ error) {
	for len(frame) > 0 {
		var calls []asked
		for _, i := range frame {
			no, err := a.carryOut(ctx, tx, i)
			if err != nil {
				return nil, err
			}
			if no != nil {
				first = no.at(i, &a.ops[i])
				break
			}
			if a.hooks.ask != nil {
				calls = append(calls, asked{i, *a.hooks.ask})
				a.hooks.ask = nil
				continue
			}
			a.played(i)
		}
		if len(calls) == 0 {
			return first, nil
		}
		a.hooks.serves = a.strict
		outcomes, err := a.call(ctx, tx, calls)
		if err != nil {
			return nil, err
		}
		frame = frame[:0:0]
		for n := range outcomes {
			no := a.answered(calls[n], &outcomes[n])
			if no != nil {
				first = no
				break
			}
			frame = append(frame, calls[n].operation)
		}
	}
	return first, nil
}

// answered takes one answer.
func (a *attempt) answered(of asked, o *hook.Outcome) *Refusal {
	if !o.Succeeded() {
		return a.unsuccessful(of, o)
	}
	if no := a.keepEffects(of, o); no != nil {
		return no
	}
	if of.call.Function == hook.ResolveConflict {
		a.hooks.said[of.operation].resolved = o
		return nil
	}
	return a.takeBefore(of, o)
}

// played notes an operation that has had its effect on the row.
func (a *attempt) played(i int) {
	r := a.rowOf[i]
	if a.hooks == nil || !a.hooks.said[i].dropped {
		a.note(a.operation(i), r)
	}
	r.last = i
	a.reborn = a.reborn || r.reborn
}

// tellWritten calls afterWrite for the operations of a frame that changed their rows, and notes what they did
// for after the commit.
func (a *attempt) tellWritten(ctx context.Context, tx source.Tx, frame []int) (*Refusal, error) {
	var calls []asked
	for _, i := range frame {
		call, no := a.tells(i)
		if no != nil {
			return no, nil
		}
		if call != nil {
			calls = append(calls, asked{i, *call})
		}
	}
	if len(calls) == 0 {
		return nil, nil
	}
	a.hooks.serves = a.strict
	outcomes, err := a.call(ctx, tx, calls)
	if err != nil {
		return nil, err
	}
	for n := range outcomes {
		if !outcomes[n].Succeeded() {
			return a.unsuccessful(calls[n], &outcomes[n]), nil
		}
		if no := a.keepEffects(calls[n], &outcomes[n]); no != nil {
			return no, nil
		}
	}
	return nil, nil
}

// tells makes the call that tells a table's hooks what an operation did; nil: it did nothing, or nobody listens.
func (a *attempt) tells(i int) (*hook.Call, *Refusal) {
	r, s := a.rowOf[i], &a.hooks.said[i]
	change := a.written(i, s.row)
	s.done = change != nil || s.dropped || a.dbWrites > s.writes
	if h := &r.table.hooks; change == nil || !h.after && !h.commit {
		return nil, nil
	}
	change.Old, change.New = s.oldAs(r.table, s.row), hookRow(r.table, r.now)
	if r.table.hooks.commit {
		if no := a.committed(i, change); no != nil {
			return nil, no
		}
	}
	if !r.table.hooks.after {
		return nil, nil
	}
	call, err := hook.CallAfterWrite(a.moment(i, hook.AfterWrite), *change)
	if err != nil {
		no := unshowable(hook.AfterWrite, err)
		return nil, no.at(i, &a.ops[i])
	}
	return &call, nil
}
