package engine

import (
	"time"

	"github.com/dlclark/regexp2/v2"

	"turnkey/runtime/hook"
)

// Engine implements hook.Engine with goja and esbuild. It is not safe for concurrent use.
type Engine struct {
	now     func() time.Time
	used    func() time.Duration // of processor time; nil: only the wall clock
	library *library
	script  *script  // what Run calls
	session *session // the transaction that is going on; nil after one that was cut off
	spare   *session // made when there was time, for the next transaction
}

var (
	_ hook.Engine  = (*Engine)(nil)
	_ hook.Idler   = (*Engine)(nil)
	_ hook.Warmer  = (*Engine)(nil)
	_ hook.Metered = (*Engine)(nil)
)

// regexpTimeout ends regular expressions that backtrack for ever: no interrupt reaches them.
const regexpTimeout = 100 * time.Millisecond

// New makes an engine that measures with the clock given. It sets the process's timeout for regular
// expressions with lookaround or back references, which the library has as a variable only.
func New(now func() time.Time) *Engine {
	regexp2.DefaultMatchTimeout = regexpTimeout
	return &Engine{now: now, library: newLibrary()}
}

// Meter implements hook.Metered.
func (e *Engine) Meter(used func() time.Duration) { e.used = used }

// Load makes a program the one that Run calls.
func (e *Engine) Load(load hook.Load) hook.Loaded {
	p := &load.Program
	if e.script != nil && e.script.hash == p.Hash {
		return hook.Loaded{Hash: p.Hash}
	}
	e.script, e.session, e.spare = nil, nil, nil
	if p.Hash != hook.HashOf(p.Code, p.Map) {
		return hook.Loaded{Hash: p.Hash, Failure: &hook.Failure{Class: hook.ClassError, Message: "The program's code is not what its hash says."}}
	}
	s, err := compile(p)
	if err != nil {
		return hook.Loaded{Hash: p.Hash, Failure: &hook.Failure{Class: hook.ClassError, Message: "The program cannot be compiled: " + err.Error(), Hint: "Deploy it again."}}
	}
	e.script = s
	return hook.Loaded{Hash: p.Hash}
}

// Run carries out calls of one transaction.
func (e *Engine) Run(run hook.Run, host hook.Host) hook.Ran {
	if e.script == nil || e.script.hash != run.Hash {
		return gone("The program is not loaded.")
	}
	if run.Begin {
		e.session = nil
	} else if e.session == nil {
		return gone("The transaction's global state is gone.")
	}
	ran := hook.Ran{Outcomes: make([]hook.Outcome, 0, len(run.Calls))}
	w := e.watch(time.Duration(run.Limits.TimeMS) * time.Millisecond)
	defer w.end()
	if e.session == nil {
		e.session = e.take()
	}
	s := e.session
	s.begin(&run, w, host)
	for i := range run.Calls {
		o := s.call(i, &run.Calls[i])
		ran.Outcomes = append(ran.Outcomes, o)
		if !o.Succeeded() {
			break
		}
	}
	if s.broken {
		e.session, ran.Retire = nil, true
	}
	return ran
}

// Idle makes the global state of the next transaction before it is asked for: about half of what a
// transaction of one operation costs.
func (e *Engine) Idle() {
	if e.script == nil || e.spare != nil {
		return
	}
	s := newSession(e.script, e.library, e.now)
	w := newWatch(time.Second)
	defer w.end()
	s.watch = w
	err := s.guard(func() error {
		if err := s.load(); err != nil {
			return err
		}
		s.script.prepare(s.vm)
		if !s.script.async {
			return nil
		}
		_, err := s.part("later", "later")
		return err
	})
	if err == nil && !s.broken {
		e.spare = s
	}
}

// take gives a session that nobody has used.
func (e *Engine) take() *session {
	if s := e.spare; s != nil {
		e.spare = nil
		return s
	}
	return newSession(e.script, e.library, e.now)
}

// gone is an answer for a transaction that this engine does not have (any more): the runtime begins it again.
func gone(message string) hook.Ran {
	return hook.Ran{Outcomes: []hook.Outcome{{Result: hook.Failed, Failure: &hook.Failure{Class: hook.ClassAborted, Message: message}}}}
}
