package worker

import (
	"context"
	"sync"

	"turnkey/runtime/hook"
)

// Session is one client transaction's use of one worker. One goroutine at a time; Close is always due.
type Session struct {
	pool     *Pool
	instance *instance
	worker   *process
	program  *hook.Program
	later    bool
	awake    bool

	mu     sync.Mutex
	broken bool // the worker is not to be used again
	closed bool
}

// Session leases a worker to the instance for one transaction, waiting for it if need be. The program is
// loaded with the first run, unless the worker has it. An instance's sessions that may wait for strangers
// have a name of their own, "instance/what for": workers, lines and rests are by name, so that they keep
// none from its transactions.
func (p *Pool) Session(ctx context.Context, instance string, program *hook.Program) (*Session, error) {
	w, i, err := p.acquire(ctx, instance, hashOf(program))
	if err != nil {
		return nil, err
	}
	return &Session{pool: p, instance: i, worker: w, program: program}, nil
}

// retrying is the key of what Retrying says.
type retrying struct{}

// Retrying marks the second try of a transaction that lost its worker: it has one although the program may rest by now. Else what ends
// both workers would never be settled: at each upload its first try would make the program rest again.
func Retrying(ctx context.Context) context.Context { return context.WithValue(ctx, retrying{}, true) }

// PrepareLater leaves it to the caller to say when the worker may make the global state of the next transaction (Pool.Prepare). Until
// then it would be made while the runtime reads the last answer: where a database commits upon that, the processors have better things to do.
func (s *Session) PrepareLater() { s.later = true }

// StayAwake has runs that are quick waited for without going to sleep. It is for callers that nobody else competes with, because to them
// what a sleep costs is a good part of such a run.
func (s *Session) StayAwake() { s.awake = s.pool.watchful }

// Run sends one request and waits for its answer. After an error the session is good for Close alone.
func (s *Session) Run(ctx context.Context, q Request) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken || s.closed {
		return nil, &Failure{Class: hook.ClassAborted, Message: "The worker of this transaction is gone."}
	}
	l := s.pool.opts.Limits
	fill(&q.Kind, hook.KindRun)
	fill(&q.CPU, l.CPU)
	fill(&q.Calls, l.Calls)
	fill(&q.Waits, l.Host)
	turn, failure := s.pool.turns.enter(ctx, s.instance.name, s.pool.opts.Sizes.MaxWait)
	if failure != nil {
		return nil, failure
	}
	calls := s.counted(&q)
	awake := q.Awake && s.worker.prompt
	q.Yield = q.Yield || turn.suspect
	answer, retire, err := s.within(ctx, q, turn)
	failure = FailureOf(err)
	looped := retire || failure != nil && failure.Class == hook.ClassTimeout
	turn.leave(looped, s.pool.opts.Sizes.Suspicion)
	s.broken = retire || err != nil
	s.pool.ran(s, *calls, awake, retire, err)
	return answer, err
}

// within loads the program if this worker lacks it, then does the request.
func (s *Session) within(ctx context.Context, q Request, turn *turn) ([]byte, bool, error) {
	if s.program != nil && s.worker.program != s.program.Hash {
		s.pool.loading()
		payload, err := hook.Encode(hook.Load{Program: *s.program})
		if err != nil {
			return nil, false, err
		}
		answer, retire, err := s.worker.request(ctx, Request{Kind: hook.KindLoad, Payload: payload, CPU: s.pool.opts.Limits.Load}, turn)
		if err != nil {
			return nil, false, err
		}
		loaded, err := hook.Decode[hook.Loaded](answer)
		if err != nil || retire || loaded.Hash != s.program.Hash || loaded.Failure != nil {
			return nil, false, s.worker.lost(hook.ClassCrashed, "it did not load the program: "+loadTrouble(loaded), err)
		}
		s.worker.program = s.program.Hash
	}
	return s.worker.request(ctx, q, turn)
}

func loadTrouble(l *hook.Loaded) string {
	if l == nil || l.Failure == nil {
		return "it answered something else"
	}
	return l.Failure.Message
}

// counted counts the calls back of a request.
func (s *Session) counted(q *Request) *int64 {
	n := new(int64)
	if host := q.Host; host != nil {
		q.Host = func(ctx context.Context, payload []byte) ([]byte, error) {
			*n++
			return host(ctx, payload)
		}
	}
	return n
}

// Refuse ends the session's worker because an answer of it was not to be believed. It gives the failure.
func (s *Session) Refuse(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return err
	}
	if !s.broken {
		s.broken = true
		failure := s.worker.lost(hook.ClassCrashed, "its answer was refused", err)
		s.pool.ran(s, 0, false, false, failure)
		return failure
	}
	return &Failure{Class: hook.ClassCrashed, Message: messages[hook.ClassCrashed], Err: err}
}

// Close gives the worker back, or ends it.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	if s.broken {
		s.worker.end(hook.ClassUnavailable, "retired")
	}
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if s.broken {
		s.pool.unlease(s.instance)
		return
	}
	s.pool.giveBack(s.instance, s.worker)
}

func (p *Pool) loading() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Loads++
}

// ran counts a run.
func (p *Pool) ran(s *Session, calls int64, awake, retire bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Runs++
	p.stats.Calls += calls
	if awake {
		p.stats.Awake++
	}
	if retire {
		p.stats.Interrupted++
		p.stats.Recycled++
	}
	if err != nil {
		p.buried(s.instance, hashOf(s.program), s.worker.fate())
	}
}

func hashOf(program *hook.Program) string {
	if program == nil {
		return ""
	}
	return program.Hash
}
