package upload

import (
	"context"
	"sort"
	"sync"
	"time"

	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Shadow runs a candidate beside the deployment that serves: a part of the live transactions is rehearsed after
// it was answered, over the rows as they were before, and the differences are counted. A write never waits for it: what
// does not fit into the queue is dropped, and counted. What it may cost is in shadow_room.go.
type Shadow struct {
	order     rehearsal.ShadowOrder
	rehearsal *Rehearsal
	random    func() float64
	queue     chan *shadowed

	mu      sync.Mutex
	report  rehearsal.ShadowReport
	pending int // in the queue, or being rehearsed
	held    int // bytes of what is in the queue
}

// NewShadow makes a shadow. Its owner runs Run.
func NewShadow(o rehearsal.ShadowOrder, r *Rehearsal, random func() float64) *Shadow {
	return &Shadow{order: o, rehearsal: r, random: random, queue: make(chan *shadowed, shadowQueue)}
}

// Run rehearses what live transactions leave, one after another, until the context ends.
func (s *Shadow) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case x := <-s.queue:
			began := s.rehearsal.engine.deps.Now()
			s.compare(ctx, x)
			s.mu.Lock()
			s.pending--
			s.held -= x.bytes
			s.mu.Unlock()
			s.rest(ctx, s.rehearsal.engine.deps.Now().Sub(began))
		}
	}
}

// Report is what was counted so far.
func (s *Shadow) Report() rehearsal.ShadowReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.report.Clone()
}

// Idle reports that everything that was queued has been rehearsed.
func (s *Shadow) Idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending == 0
}

// Order is what the shadow was started with.
func (s *Shadow) Order() rehearsal.ShadowOrder { return s.order }

// over reports that a shadow has nothing to say about a deployment any more.
func (s *Shadow) over(deployment int, now time.Time) bool {
	return deployment != s.order.Deployment || !now.Before(s.order.Until)
}

// shadowed is a live transaction with the rows that it met, and what became of them.
type shadowed struct {
	shadow *Shadow
	q      *request
	t      *Transaction
	rows   []shadowRow
	marks  map[source.RowName]source.Mark // nil: nobody asked for them
	seen   bool
	no     *Refusal // as it ended
	bytes  int      // roughly, of all of it
}

type shadowRow struct {
	name     source.RowName
	old, now *value.Object
}

// shadow chooses a transaction for the shadow that runs; nil: it is not chosen. One that is goes the plain way, which
// reads its rows.
func (e *Engine) shadow(q *request, t *Transaction) *shadowed {
	if e.deps.Shadow == nil || q.replay != nil {
		return nil
	}
	s := e.deps.Shadow()
	if s == nil || s.over(e.deployment, e.deps.Now()) || len(t.Raw) > shadowBytes || s.random() >= s.order.Sample || !s.room() {
		return nil
	}
	return &shadowed{shadow: s, q: q, t: t}
}

// saw keeps the rows of the attempt that decided. What was applied in part before cannot be told apart any more.
func (x *shadowed) saw(a *attempt) {
	if x == nil || a.memory == nil || a.memory.fresh != len(a.ops) {
		return
	}
	x.rows, x.marks, x.seen = make([]shadowRow, len(a.order)), a.marks, true
	for i, r := range a.order {
		x.rows[i] = shadowRow{r.name, r.stored, r.now}
	}
}

// ended hands a transaction over that has come to its end. What is held back comes again.
func (x *shadowed) ended(v *verdict, failure *source.Failure) {
	if x == nil || !x.seen || failure != nil || v.known || v.held != nil {
		return
	}
	x.no = v.no
	s := x.shadow
	bytes, fits := x.weight()
	x.bytes = bytes
	s.mu.Lock()
	defer s.mu.Unlock()
	if fits {
		select {
		case s.queue <- x:
			s.pending++
			s.held += bytes
			return
		default: // others were chosen at the same time
		}
	}
	s.report.Dropped++
}

// compare rehearses a transaction over the rows as it met them, and counts.
func (s *Shadow) compare(ctx context.Context, x *shadowed) {
	if x.no != nil && x.no.Code == CodeDepends { // it waits for another, whatever the candidate says
		s.mu.Lock()
		s.report.Skip()
		s.mu.Unlock()
		return
	}
	e := s.rehearsal.engine
	rows := make(map[source.RowName]*value.Object, len(x.rows))
	for _, r := range x.rows {
		rows[r.name] = r.old
	}
	q := e.rehearsed(x.q.user, x.q.upload.ClientID)
	q.id, q.arrived = x.q.id, x.q.arrived // hooks have the clock of then
	scene := &scene{q: q, t: x.t, ids: &identities{holder: owner(e.instance, q.user.ID, q.upload.ClientID, "client")}, take: &take{marks: x.marks}}
	scene.take.stand = func(ref source.Ref, stored *value.Object) (*value.Object, bool) {
		old, met := rows[source.RowName{TableName: ref.Table.Name, RowID: value.FormatID(ref.ID)}]
		if !met {
			return stored, false
		}
		return old, true
	}
	scene.take.covers = func(ref source.Ref) bool {
		_, met := rows[source.RowName{TableName: ref.Table.Name, RowID: value.FormatID(ref.ID)}]
		return met
	}
	v := e.perform(ctx, scene)
	if ctx.Err() != nil {
		return
	}
	out := rehearsal.Example{Kind: rehearsal.LiveCase, ID: x.q.id, Was: rehearsal.Result{Outcome: rehearsal.Applied},
		Would: rehearsal.Result{Outcome: v.Outcome, Code: v.Code, Message: v.Message}}
	if len(x.t.Operations) > 0 {
		out.Table, out.RowID = x.t.Operations[0].Table, x.t.Operations[0].RowID
	}
	if x.no != nil {
		out.Was = rehearsal.Result{Outcome: rehearsal.Refused, Code: x.no.Code, Message: x.no.Message}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := out.Compare(); d != "" || v.Outcome != rehearsal.Applied {
		s.report.Add(out.As(d))
		return
	}
	s.report.Add(s.compareRows(x, scene.take, out))
}

// compareRows holds the rows as they were stored against those that would be; nil: they are the same.
func (s *Shadow) compareRows(x *shadowed, t *take, out rehearsal.Example) *rehearsal.Example {
	for _, r := range x.rows {
		would := r.old
		if a := t.named(r.name); a != nil {
			would = a.keyed()
		}
		for _, f := range differing(r.now, would) {
			s.report.Field(r.name.TableName, f)
			out.Fields = append(out.Fields, f)
		}
		out.Was.Deleted, out.Would.Deleted = out.Was.Deleted || r.old != nil && r.now == nil, out.Would.Deleted || r.old != nil && would == nil
	}
	if len(out.Fields) == 0 {
		return nil
	}
	sort.Strings(out.Fields)
	return out.As(rehearsal.OtherValues)
}
