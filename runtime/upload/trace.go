package upload

import (
	"sync/atomic"
	"time"

	"turnkey/runtime/telemetry"
)

const (
	// slowTransaction is from when on a transaction is traced because it took long.
	slowTransaction = 250 * time.Millisecond
	// tracedAMinute is how many of an instance's transactions are traced each minute though nothing is
	// remarkable about them, so that every developer finds the writes they just made.
	tracedAMinute = 60
)

// sampler lets so many pass each minute.
type sampler struct{ minute, passed atomic.Int64 }

func (s *sampler) pass(at time.Time) bool {
	minute := at.Unix() / 60
	if old := s.minute.Load(); old != minute && s.minute.CompareAndSwap(old, minute) {
		s.passed.Store(0)
	}
	return s.passed.Load() < tracedAMinute && s.passed.Add(1) <= tracedAMinute
}

// trace gives how a transaction passed when that is worth keeping: it did not succeed, started over, took
// long, or is in the sample.
func (e *Engine) trace(entry *telemetry.Entry, i int, t *Transaction, r result, w *watched) *telemetry.Trace {
	remarkable := r.Status == fatal || r.Status == retryable || w.retries > 0 || entry.DurationUS >= slowTransaction.Microseconds()
	if r.Status == notAttempted || !remarkable && !e.sampled.pass(entry.At) {
		return nil
	}
	out := &telemetry.Trace{Index: i, Hooks: w.calls, Operations: make([]telemetry.TraceOperation, 0, min(len(t.Operations), telemetry.MaxTraceOperations))}
	w.trace(out, entry.At)
	if t.HasID {
		out.ClientTransaction = t.ID
	}
	blamed := -1
	if r.FailedOperation != nil && r.FailedOperation.OperationIndex != nil {
		blamed = *r.FailedOperation.OperationIndex
	}
	for n := range t.Operations {
		if len(out.Operations) == telemetry.MaxTraceOperations {
			out.More = len(t.Operations) - n
			break
		}
		op := &t.Operations[n]
		o := telemetry.TraceOperation{Op: string(op.Op), Table: op.Table, OpID: op.OpID, Previous: op.Previous != nil, Blamed: n == blamed}
		if op.Data != nil {
			o.Fields = len(op.Data.Members)
		}
		out.Operations = append(out.Operations, o)
	}
	return out
}
