package upload

import (
	"context"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

// stopwatch measures what a transaction waits for: the database and its hooks. One transaction at a time uses it, or the
// leader of its group while it waits. A nil one measures nothing.
type stopwatch struct {
	now      func() time.Time
	requests int           // to the database
	database time.Duration // that they took
	together int           // transactions that shared one of the database's; 0: none did
	steps    []timedStep
	more     int
	room     [6]timedStep // the usual number, without another allocation
}

// timedStep is a request to the database or the call of a hook.
type timedStep struct {
	kind      telemetry.StepKind
	name      string
	operation int // -1: none
	result    string
	failed    bool
	began     time.Time
	took      time.Duration
}

func (s *stopwatch) add(x timedStep) {
	if s.steps == nil {
		s.steps = s.room[:0]
	}
	if len(s.steps) == telemetry.MaxTraceSteps {
		s.more++
		return
	}
	s.steps = append(s.steps, x)
}

// asked notes a request to the database that has just ended.
func (s *stopwatch) asked(name string, began time.Time, err error) {
	took := s.now().Sub(began)
	s.requests++
	s.database += took
	s.add(timedStep{kind: telemetry.DatabaseStep, name: name, operation: -1, failed: err != nil, began: began, took: took})
}

// stopwatchOf finds the stopwatch of the transaction that is worked on.
func stopwatchOf(ctx context.Context) *stopwatch {
	if w, ok := ctx.Value(watchedKey{}).(*watched); ok {
		return &w.stopwatch
	}
	return nil
}

// shared hands what the leader of a group has measured since the group began to a member that waited for it.
func (s *stopwatch) shared(leader *stopwatch, since mark, group int) {
	if s == nil || leader == nil {
		return
	}
	s.together = group
	if s == leader {
		return
	}
	s.requests += leader.requests - since.requests
	s.database += leader.database - since.database
	for _, x := range leader.steps[min(since.steps, len(leader.steps)):] {
		s.add(x)
	}
}

// mark is how far a stopwatch was.
type mark struct {
	requests, steps int
	database        time.Duration
}

func (s *stopwatch) mark() (m mark) {
	if s != nil {
		m = mark{s.requests, len(s.steps), s.database}
	}
	return m
}

// trace writes what was measured into a trace.
func (s *stopwatch) trace(t *telemetry.Trace, began time.Time) {
	if s.requests > 0 {
		t.Database = &telemetry.TraceDatabase{Requests: s.requests, DurationUS: s.database.Microseconds(), Together: s.together}
	}
	t.MoreSteps = s.more
	for _, x := range s.steps {
		out := telemetry.TraceStep{Kind: x.kind, Name: x.name, Result: x.result, Failed: x.failed, AtUS: max(0, x.began.Sub(began).Microseconds()), DurationUS: x.took.Microseconds()}
		if operation := x.operation; operation >= 0 {
			out.Operation = &operation
		}
		t.Steps = append(t.Steps, out)
	}
}

// begin opens a transaction of the source whose requests are measured.
func (e *Engine) begin(ctx context.Context, as source.Session) (source.Tx, error) {
	s := stopwatchOf(ctx)
	if s == nil {
		return e.src.Begin(ctx, as)
	}
	began := s.now()
	tx, err := e.src.Begin(ctx, as)
	if err != nil { // it may be lazy: otherwise its time is that of the first request
		s.asked("begin", began, err)
		return nil, err
	}
	s.database += s.now().Sub(began)
	return &timedTx{tx, s}, nil
}

// write is the source's guarded command, measured.
func (e *Engine) write(ctx context.Context, writer source.Direct, as source.Session, changes []source.Change, receipts []source.Receipt, numbered bool) (done bool, err error) {
	s := stopwatchOf(ctx)
	if s == nil {
		return writer.Write(ctx, as, changes, receipts, numbered)
	}
	began := s.now()
	done, err = writer.Write(ctx, as, changes, receipts, numbered)
	s.asked("write and commit", began, err)
	return done, err
}

// timedTx is a transaction of the source whose requests are measured.
type timedTx struct {
	source.Tx
	watch *stopwatch
}

// Read implements source.Tx.
func (t *timedTx) Read(ctx context.Context, refs []source.Ref, claim *source.Claim) ([]source.Row, source.History, error) {
	began := t.watch.now()
	rows, history, err := t.Tx.Read(ctx, refs, claim)
	t.watch.asked("read", began, err)
	return rows, history, err
}

// ReadAll implements source.Tx.
func (t *timedTx) ReadAll(ctx context.Context, refs []source.Ref, claims []*source.Claim) ([]source.Row, []source.History, error) {
	began := t.watch.now()
	rows, histories, err := t.Tx.ReadAll(ctx, refs, claims)
	t.watch.asked("read", began, err)
	return rows, histories, err
}

// Rejected implements source.Tx.
func (t *timedTx) Rejected(ctx context.Context, rows []source.RowName) ([]source.RejectedRow, error) {
	began := t.watch.now()
	list, err := t.Tx.Rejected(ctx, rows)
	t.watch.asked("read rejections", began, err)
	return list, err
}

// Marks implements source.Tx.
func (t *timedTx) Marks(ctx context.Context, owner source.Owner, rows []source.RowName) ([]source.Mark, error) {
	began := t.watch.now()
	list, err := t.Tx.Marks(ctx, owner, rows)
	t.watch.asked("read marks", began, err)
	return list, err
}

// Find implements source.Tx.
func (t *timedTx) Find(ctx context.Context, q *source.Query) ([]source.Row, bool, error) {
	began := t.watch.now()
	rows, fits, err := t.Tx.Find(ctx, q)
	t.watch.asked("find", began, err)
	return rows, fits, err
}

// Describe implements source.Tx.
func (t *timedTx) Describe(ctx context.Context, table *source.Table) (map[string]bundle.Type, bool, error) {
	began := t.watch.now()
	columns, alone, err := t.Tx.Describe(ctx, table)
	if took := t.watch.now().Sub(began); took >= time.Millisecond || err != nil { // mostly it is known already
		t.watch.asked("describe", began, err)
	}
	return columns, alone, err
}

// Count implements source.Tx.
func (t *timedTx) Count(ctx context.Context, q *source.Query) (int64, error) {
	began := t.watch.now()
	n, err := t.Tx.Count(ctx, q)
	t.watch.asked("count", began, err)
	return n, err
}

// Apply implements source.Tx.
func (t *timedTx) Apply(ctx context.Context, changes []source.Change, finish *source.Finish) error {
	began := t.watch.now()
	err := t.Tx.Apply(ctx, changes, finish)
	name := "write"
	if finish != nil {
		name = "write and commit"
	}
	t.watch.asked(name, began, err)
	return err
}

// hookClock lays the calls that went to a worker together one after another.
type hookClock struct {
	watch *stopwatch
	at    time.Time
}

func newHookClock(ctx context.Context) hookClock {
	s := stopwatchOf(ctx)
	if s == nil {
		return hookClock{}
	}
	return hookClock{s, s.now()}
}

// called notes a call.
func (c *hookClock) called(of *asked, o *hook.Outcome) {
	if c.watch == nil {
		return
	}
	took := time.Duration(o.Usage.DurationUS) * time.Microsecond
	c.watch.add(timedStep{kind: telemetry.HookStep, name: of.call.Name + "." + string(of.call.Function), operation: of.operation, result: string(o.Result), failed: !o.Succeeded(), began: c.at, took: took})
	c.at = c.at.Add(took)
}
