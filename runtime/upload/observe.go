package upload

import (
	"context"
	"encoding/json"
	"time"

	"turnkey/runtime/telemetry"
)

// watched is one transaction that somebody is told of when it has ended.
type watched struct {
	stopwatch
	retries   int
	conflicts []telemetry.TableOperations
	lines     []hookLine
	calls     []telemetry.HookCalls
}

type watchedKey struct{}

// counting wraps the pause between attempts, which is where every retry passes.
func counting(deps Deps) func(context.Context, int) error {
	pause := deps.Pause
	if deps.Observe == nil || pause == nil {
		return pause
	}
	return func(ctx context.Context, n int) error {
		if w, ok := ctx.Value(watchedKey{}).(*watched); ok {
			w.retries++
		}
		return pause(ctx, n)
	}
}

// noteConflicts tells who watches what a transaction's conflicts came to.
func noteConflicts(ctx context.Context, counts []telemetry.TableOperations) {
	if len(counts) == 0 {
		return
	}
	if w, ok := ctx.Value(watchedKey{}).(*watched); ok {
		w.conflicts = counts
	}
}

// passOver is the outcome of a transaction that nobody tried.
func passOver(context.Context, *request, *Transaction) result { return result{Status: notAttempted} }

// observe brings the i-th transaction to its end with run, and tells what became of it.
func (e *Engine) observe(ctx context.Context, q *request, i int, run func(context.Context, *request, *Transaction) result) result {
	t := &q.upload.Transactions[i]
	if e.deps.Observe == nil {
		return run(ctx, q, t)
	}
	w := &watched{stopwatch: stopwatch{now: e.deps.Now}}
	began := e.deps.Now()
	r := run(context.WithValue(ctx, watchedKey{}, w), q, t)
	entry := telemetry.Entry{At: began, Instance: e.instance, Deployment: e.deployment, RequestID: q.id, UserID: q.user.ID, ClientID: q.upload.ClientID}
	e.observeHooks(w, entry)
	entry.Kind, entry.Level, entry.Outcome, entry.Message, entry.Code = telemetry.Transaction, telemetry.Info, telemetry.Outcome(r.Status), r.Message, r.ErrorCode
	entry.Rejection, entry.DurationUS, entry.Retries, entry.Hooks = r.RejectionID, e.deps.Now().Sub(began).Microseconds(), w.retries, w.calls
	entry.DatabaseUS = w.database.Microseconds()
	if r.FailedOperation != nil {
		entry.Code = r.FailedOperation.ErrorCode
	}
	switch r.Status {
	case fatal:
		entry.Level = telemetry.Warn
	case retryable:
		if entry.Level = telemetry.Warn; e.Degraded() != nil {
			entry.Level = telemetry.Error // it is no passing trouble: somebody has to do something
		}
	}
	said := q.upload.reported()
	entry.SDK, entry.AppVersion = said.SDK, said.AppVersion
	if i == 0 && said.Queue != nil {
		entry.Report = &telemetry.Report{Queue: *said.Queue, Error: said.LastError}
		if oldest, err := time.Parse(time.RFC3339, said.Oldest); err == nil {
			entry.Report.Oldest = oldest.UTC()
		}
	}
	entry.Waits = r.stops() || r.RequiresClientHandling != nil && *r.RequiresClientHandling
	entry.Operations = countOperations(t.Operations)
	for i := range w.conflicts {
		place(&entry.Operations, w.conflicts[i].Table).Conflicts.Add(w.conflicts[i].Conflicts)
	}
	entry.Trace = e.trace(&entry, i, t, r, w)
	e.deps.Observe(entry)
	e.observeState(q)
	return r
}

// observeState tells once that uploads are held back, and once that they are not any more.
func (e *Engine) observeState(q *request) {
	now, told := e.Degraded(), e.told.Load()
	if now == told || now != nil && told != nil && now.Code == told.Code || !e.told.CompareAndSwap(told, now) {
		return // or another transaction has just told it
	}
	entry := telemetry.Entry{
		At: e.deps.Now(), Instance: e.instance, Deployment: e.deployment, Kind: telemetry.Instance, Level: telemetry.Info, RequestID: q.id,
		Outcome: telemetry.Noted, Message: "Uploads are applied again.",
	}
	if now != nil {
		entry.Level, entry.Code, entry.Message = telemetry.Error, now.Code, "Uploads are held back. "+now.Message+" "+now.Hint
	}
	e.deps.Observe(entry)
}

// report is what the connector says of itself.
type report struct {
	SDK        string `json:"sdk"`
	AppVersion string `json:"app_version"`
	Queue      *int64 `json:"queue_count"`
	Oldest     string `json:"oldest_op_at"`
	LastError  string `json:"last_error"`
}

// reported reads the report once for all transactions of an upload, which are worked on one after another.
func (up *Upload) reported() report {
	if up.report == nil {
		up.report = &report{}
		if up.Client != nil {
			_ = json.Unmarshal(up.Client, up.report) // what is of another type stays empty
		}
	}
	return *up.report
}

// maxTables is how many tables of one transaction are told apart.
const maxTables = 16

// countOperations counts operations by table, and those that could conflict but came without previous values.
func countOperations(ops []Operation) (tables []telemetry.TableOperations) {
	for i := range ops {
		at := place(&tables, ops[i].Table)
		switch ops[i].Op {
		case Put:
			at.Put++
			continue
		case Patch:
			at.Patch++
		case Delete:
			at.Delete++
		default:
			continue // it is no operation, and its transaction says so
		}
		if ops[i].Previous == nil {
			at.NoPrevious++
		} else {
			at.Previous++
		}
	}
	return tables
}

// place finds a table's counts. Transactions write few tables, so looking at each is fastest.
func place(tables *[]telemetry.TableOperations, name string) *telemetry.TableOperations {
	for i := range *tables {
		if (*tables)[i].Table == name {
			return &(*tables)[i]
		}
	}
	if len(*tables) == maxTables-1 {
		name = telemetry.Other
	}
	if n := len(*tables); n == maxTables {
		return &(*tables)[n-1]
	}
	if *tables == nil {
		*tables = make([]telemetry.TableOperations, 0, 2)
	}
	*tables = append(*tables, telemetry.TableOperations{Table: name})
	return &(*tables)[len(*tables)-1]
}
