package upload

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"turnkey/internal/crash"
	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

const (
	// patience is how long conflicts are retried inside one request, from its arrival: the stock
	// client gives up at 30 s.
	patience = 20 * time.Second
	// grace lets the last attempt finish what it has begun.
	grace = 5 * time.Second
)

// Deps are what an engine needs besides its bundle and source.
type Deps struct {
	Now   func() time.Time
	NewID func() string // unique and sortable, for rejections
	// Pause waits before attempt n (from 1) of a transaction that met a conflict; it returns early
	// with the context's error.
	Pause func(ctx context.Context, n int) error
	// Idle is called before every wait for another transaction or for Pause, and what it returns after it;
	// nil: nothing.
	Idle func(ctx context.Context) (back func())
	// Problem answers a request that is not an upload.
	Problem func(w http.ResponseWriter, r *http.Request, err error)
	Log     *slog.Logger
	// Hooks run a deployment's code; nil: deployments with hooks are refused. Seed makes an unguessable text for what is
	// random in the hooks of one transaction.
	Hooks Hooks
	Seed  func() string
	// Expect is told that a hook will be called in a moment. It must not wait; nil: nobody is.
	Expect func(ctx context.Context, instance string)
	// Prepare is told that no hook will be called any more for a transaction, and that nothing else is due but the answer: now is the time to
	// make ready for the next. It must not wait; nil: nobody is.
	Prepare func(instance string)
	// Brake watches the instance's deployments; nil: nobody does.
	Brake *Brake
	// Shadow gives the candidate that runs beside the deployment, nil for none; nil: there never is one.
	Shadow func() *Shadow
	// Latest remembers what devices sent last; nil: nobody does.
	Latest *Latest
	// Observe is told of every transaction when it has ended; nil: nobody is. It must not wait.
	Observe func(telemetry.Entry)
}

// Engine applies the uploads of one instance under one bundle. Safe for concurrent use.
type Engine struct {
	plan       *plan
	src        source.Source
	deps       Deps
	instance   string
	revision   int64
	deployment int
	previous   int // the deployment to go back to; 0: none
	activated  time.Time
	keepFor    source.Retention
	limiter    *rate.Limiter // transactions per minute; nil: none

	mu    sync.Mutex
	cause *Cause
	told  atomic.Pointer[Cause] // what observers know of cause

	sampled sampler
	repeats repeats
	recents recents
	poison  suspects
	turns   turns
	places  places
	shares  bool // transactions of different users can be one of the source's
}

// Cause says why an instance is degraded.
type Cause struct {
	Code    string    `json:"code"`
	Message string    `json:"message"`
	Hint    string    `json:"hint,omitempty"`
	Since   time.Time `json:"since"`
}

// New compiles a bundle. The source need not be reachable.
func New(b *bundle.Bundle, src source.Source, deps Deps) (*Engine, error) {
	p, err := compile(&b.Config)
	if err != nil {
		return nil, err
	}
	if err := p.compileHooks(b, deps.Hooks); err != nil {
		return nil, err
	}
	if err := p.withoutHook(); err != nil {
		return nil, err
	}
	deps.Pause = counting(deps)
	if deps.Idle == nil {
		deps.Idle = func(context.Context) func() { return func() {} }
	}
	e := &Engine{plan: p, src: src, deps: deps, instance: b.Instance.ID, revision: b.Revision, deployment: b.Deployment, previous: b.Previous, activated: b.ActivatedAt}
	e.shares = b.Config.Source.RowLevelSecurity == nil
	e.places = newPlaces()
	e.recents = recents{of: map[source.Owner]*recent{}}
	e.turns = turns{now: deps.Now, idle: deps.Idle}
	e.keepFor = source.Retention{Receipts: b.Config.Receipts.TTL, Rejections: b.Config.Rejections.TTL, Clients: keepClients,
		Conflicts: b.Config.Conflicts.TTL, Tombstones: b.Config.Tombstones.TTL}
	if e.keepFor.Receipts == 0 { // compiled before the setting existed
		e.keepFor.Receipts = defaultReceipts
	}
	if e.keepFor.Conflicts == 0 {
		e.keepFor.Conflicts = defaultConflicts
	}
	if e.keepFor.Tombstones == 0 {
		e.keepFor.Tombstones = defaultTombstones
	}
	if n := b.Config.Limits.TransactionsPerMinute; n > 0 {
		e.limiter = rate.NewLimiter(rate.Limit(float64(n)/60), max(MaxTransactions, n/6))
	}
	return e, nil
}

// Degraded returns why uploads are being held back, or nil. It clears with the next success.
func (e *Engine) Degraded() *Cause {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cause
}

func (e *Engine) degrade(f *source.Failure) {
	e.mu.Lock()
	defer e.mu.Unlock()
	since := e.deps.Now()
	if e.cause != nil && e.cause.Code == f.Code {
		if f.Hint == "" || f.Hint == e.cause.Hint {
			return
		}
		since = e.cause.Since // the same trouble, seen from closer
	}
	e.cause = &Cause{Code: f.Code, Message: f.Message, Hint: f.Hint, Since: since}
}

func (e *Engine) recovered() {
	e.mu.Lock()
	e.cause = nil
	e.mu.Unlock()
}

// request is one upload on its way through.
type request struct {
	upload  *Upload
	user    rule.User
	id      string
	arrived time.Time
	replay  *replaying // nil: an upload

	shadowed  *shadowed // of the transaction under way; nil: it has none
	foretold  bool      // a worker has been told that a hook will be called
	rehearsal bool      // nothing of it is committed, and all of it is told

	// What identify has seen of the request so far: while operation ids ascend, only the last of them.
	seen      map[occurrence]int
	ascending []*identities
	last      int64
	counted   bool
}

// Apply answers POST, PUT, PATCH and DELETE of /api/data and POST /upload. The caller has authenticated
// user, has read and bounded the body, and does not change it before Apply returns. It always answers.
func (e *Engine) Apply(w http.ResponseWriter, r *http.Request, body []byte, user rule.User, requestID string) {
	arrived := e.deps.Now()
	up, err := decodeBody(r.Method, body)
	if err != nil {
		e.deps.Problem(w, r, err)
		return
	}
	// A client that hangs up does not take back what it sent: work goes on to its end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience+grace)
	defer cancel()
	crash.At(crash.Parsed)
	results := e.process(ctx, &request{upload: up, user: user, id: requestID, arrived: arrived, foretold: e.foretell(r.Context(), up)})
	crash.At(crash.Committed)
	respond(w, up.Form, withLeft(results, up.Left))
	crash.At(crash.Answered)
	e.prepare()
}

// prepare has the workers make ready for the next transaction; to say so twice does nothing.
func (e *Engine) prepare() {
	if e.deps.Prepare != nil && e.plan.program != nil {
		e.deps.Prepare(e.instance)
	}
}

// withLeft answers the transactions that were not decoded: come back for them at once.
func withLeft(results []result, left int) []result {
	for i := range left {
		next := result{Status: notAttempted}
		if i == 0 && results[len(results)-1].Status == success {
			next = retryResult("upload_too_heavy", "The rest of this upload has its turn with the next one.", time.Millisecond)
		}
		results = append(results, next)
	}
	return results
}

func decodeBody(method string, body []byte) (*Upload, error) {
	if method == http.MethodPost {
		return Decode(body)
	}
	return DecodeSingle(Op(method), body)
}

// Unreadable is the fault for an error of reading an upload's body. What a connection did on the way says nothing of the
// writes: some clients drop what was answered with a 4xx.
func Unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return fault.Newf(fault.TooLarge, "upload_too_large", "The upload is larger than %d MB.", tooLarge.Limit>>20).
			WithHint("Upload fewer transactions per request.")
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return fault.Wrap(err, fault.Unavailable, "body_cut", "The body ended early.").WithHint("Send it again; nothing of it has been looked at.")
	}
	return fault.Wrap(err, fault.Unavailable, "body_unreadable", "The body did not arrive.").WithHint("Send it again; nothing of it has been looked at.")
}

// process runs the transactions in order and gives one result for each.
func (e *Engine) process(ctx context.Context, q *request) []result {
	if e.deps.Brake != nil {
		e.deps.Brake.serve(e.revision, e.deployment, e.activated)
	}
	results := make([]result, len(q.upload.Transactions))
	skip := e.plan.onFailure == bundle.SkipFailure || q.upload.Form != Transactions
	stopped := false
	for i := range q.upload.Transactions {
		if stopped {
			results[i] = e.observe(ctx, q, i, passOver)
			continue
		}
		results[i] = e.observe(ctx, q, i, e.transaction)
		switch results[i].Status {
		case success:
		case fatal:
			stopped = !skip || *results[i].RequiresClientHandling
		default:
			stopped = true
		}
	}
	return results
}

// transaction applies one client transaction and settles what becomes of it.
func (e *Engine) transaction(ctx context.Context, q *request, t *Transaction) result {
	if e.limiter != nil && !e.limiter.AllowN(e.deps.Now(), 1) {
		return retryResult("limit_transactions_per_minute", "This instance is over its limit of transactions per minute.", 2*time.Second)
	}
	if e.deps.Brake != nil && e.deps.Brake.held(e.deployment, e.deps.Now()) {
		return brakeResult()
	}
	ids := e.identify(q, t)
	e.repeats.note(t, ids.strength, e.deps.Now())
	q.shadowed = e.shadow(q, t)
	v, failure := e.settle(ctx, q, t, ids)
	q.shadowed.ended(&v, failure)
	e.remember(q, t, &v, failure)
	noteConflicts(ctx, v.counts)
	switch {
	case failure != nil && e.poison.failed(t, ids, e.plan, failure, e.deps.Now()):
		return e.giveUp(ctx, q, t, ids, failure)
	case failure != nil:
		return e.later(q, failure)
	}
	e.poison.ended(t, ids, v.no == nil && v.held == nil && !v.known)
	switch {
	case v.held != nil:
		return e.heldBack(q, &v)
	case v.known:
		return v.result
	case e.deps.Brake != nil && e.deps.Brake.count(e.deployment, v.no, e.previous > 0, e.deps.Now()):
		return brakeResult()
	case v.no != nil:
		return e.reject(ctx, q, t, ids, v.no)
	}
	return v.result
}

// giveUp makes a rejection of a write that the database never gets done.
func (e *Engine) giveUp(ctx context.Context, q *request, t *Transaction, ids *identities, f *source.Failure) result {
	e.deps.Log.Error("the database gives up on a write each time", "instance", e.instance, "request_id", q.id, "code", f.Code, "error", f)
	r := e.reject(ctx, q, t, ids, poisonous(f, t.Operations))
	if r.Status == success || r.Status == fatal {
		e.poison.ended(t, ids, false)
	}
	return r
}

func brakeResult() result {
	return retryResult("deployment_brake", "The newest deployment refuses too much and is being taken back; this write waits for that.", brakeRetry)
}

// now is the clock in the precision that receipts keep.
func (e *Engine) now() time.Time { return e.deps.Now().UTC().Truncate(time.Millisecond) }

// later answers trouble that is ours or the operator's: the client keeps the write and comes back.
func (e *Engine) later(q *request, f *source.Failure) result {
	level := slog.LevelWarn
	after := 2 * time.Second
	switch f.Class {
	case source.Misconfigured:
		level, after = slog.LevelError, 15*time.Second
		e.degrade(f)
	case source.Down:
		after = 5 * time.Second
		e.degrade(f)
	}
	e.deps.Log.Log(context.Background(), level, "upload held back", "instance", e.instance, "request_id", q.id, "code", f.Code, "error", f)
	return retryResult(f.Code, f.Message, after)
}
