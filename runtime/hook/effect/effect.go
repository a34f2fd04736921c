package effect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/fetch"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/telemetry"
)

// Config of Hooks. All functions are called concurrently.
type Config struct {
	Workers *worker.Pool
	Fetch   *fetch.Client
	// Share is how many workers each use may have at once, of all instances together.
	Share int
	// Observe is told what hooks log; nil: nobody is. It must not wait.
	Observe func(telemetry.Entry)
	// Idle is called before a call waits for its worker, and what it returns after it; nil: nothing is.
	Idle func(ctx context.Context) (back func())
	Now  func() time.Time
	// NewSeed makes what a call's randomness comes from; nobody may guess it.
	NewSeed func() string
}

// Hooks runs them for every instance of a runtime. Safe for concurrent use.
type Hooks struct {
	cfg    Config
	commit use
	auth   use
}

// use is one of the two reasons to run a hook here.
type use struct {
	name   string        // of its sessions
	waits  time.Duration // for servers, in one call
	places *semaphore.Weighted
}

// placeWait is how long a call waits for its use's share of the workers, as long as the pool makes it wait for one.
const placeWait = 2 * time.Second

// New makes Hooks.
func New(cfg Config) *Hooks {
	share := int64(max(1, cfg.Share))
	return &Hooks{
		cfg:    cfg,
		commit: use{"afterCommit", 12 * time.Second, semaphore.NewWeighted(share)},
		auth:   use{"auth", 5 * time.Second, semaphore.NewWeighted(share)},
	}
}

// run makes one call in a session of its own.
func (h *Hooks) run(ctx context.Context, b *bundle.Bundle, u *use, call hook.Call, user *hook.User) (*hook.Outcome, error) {
	if h.cfg.Idle != nil {
		defer h.cfg.Idle(ctx)()
	}
	if err := u.enter(ctx); err != nil {
		return nil, err
	}
	defer u.places.Release(1)
	s, err := h.cfg.Workers.Session(ctx, b.Instance.ID+"/"+u.name, b.Program)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	run := &hook.Run{Hash: b.Program.Hash, Begin: true, User: user, Env: environment(b), Limits: u.limits(b), Calls: []hook.Call{call}}
	ran, err := s.Do(ctx, run, h.host(b, run))
	if err != nil {
		return nil, err
	}
	return &ran.Outcomes[0], nil
}

func (u *use) enter(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, placeWait)
	defer cancel()
	if u.places.Acquire(limited, 1) != nil {
		return &worker.Failure{Class: hook.ClassUnavailable, Message: "Too many hooks wait for servers at once.", RetryAfter: placeWait}
	}
	return nil
}

// limits are those of a hook in an upload, and what waiting for servers needs.
func (u *use) limits(b *bundle.Bundle) hook.Limits {
	l := hook.DefaultLimits()
	if t := b.Config.Hooks.Timeout; t > 0 {
		l.TimeMS = int(t / time.Millisecond)
	}
	l.HostMS = int(u.waits / time.Millisecond)
	return l
}

// environment is ctx.env: the secrets that the configuration names.
func environment(b *bundle.Bundle) map[string]string {
	out := make(map[string]string, len(b.Config.Hooks.Env))
	for name, ref := range b.Config.Hooks.Env {
		if secret, ok := b.Secrets[ref.Secret]; ok {
			out[name] = secret.Reveal()
		}
	}
	return out
}

// host answers what the program asks for in the middle of a run. That is fetch alone: what asks for a database where
// there is no transaction is refused where it is decoded.
func (h *Hooks) host(b *bundle.Bundle, run *hook.Run) worker.HostCalls {
	asked := 0 // the engine counts, too; but who speaks may not be the engine
	return func(ctx context.Context, call *hook.HostCall) (hook.HostResult, error) {
		if asked++; asked > run.Limits.Fetches {
			return refuse(&hook.HostError{Code: "too_many_calls", Message: fmt.Sprintf("One hook may fetch at most %d times.", run.Limits.Fetches)}), nil
		}
		answer, refused := h.cfg.Fetch.Do(ctx, b.Config.Hooks.Fetch, call.Fetch)
		if refused != nil {
			return refuse(refused), nil
		}
		value, err := hook.Encode(answer)
		return hook.HostResult{Value: value}, err
	}
}

func refuse(e *hook.HostError) hook.HostResult { return hook.HostResult{Error: e} }

// tell puts what a call logged, and why it failed, into the instance's log.
func (h *Hooks) tell(b *bundle.Bundle, call *hook.Call, o *hook.Outcome, about telemetry.Entry) {
	if h.cfg.Observe == nil || o == nil {
		return
	}
	about.At, about.Instance, about.Deployment = h.cfg.Now(), b.Instance.ID, b.Deployment
	about.Kind, about.Outcome = telemetry.Hook, telemetry.Noted
	for _, line := range o.Logs {
		about.Level, about.Message = levels[line.Level], line.String()
		h.cfg.Observe(about)
	}
	if o.LogsDropped > 0 {
		about.Level, about.Message = telemetry.Warn, fmt.Sprintf("%s of %s logged %d more lines, over the limit.", call.Function, call.Name, o.LogsDropped)
		h.cfg.Observe(about)
	}
	if f := o.Failure; f != nil && about.Lane == "" { // of a delivery, the attempt says it
		about.Level, about.Code, about.Message = telemetry.Error, string(f.Class), failing(b.Program, call, f)
		h.cfg.Observe(about)
	}
}

var levels = map[hook.Level]telemetry.Level{hook.Debug: telemetry.Info, hook.Info: telemetry.Info, hook.Warn: telemetry.Warn, hook.Error: telemetry.Error}

// failing is a failure with its place in the source: where it happened, else where the function begins.
func failing(p *hook.Program, c *hook.Call, f *hook.Failure) string {
	place := p.Place(c.Name, c.Function)
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	}
	text := place + " " + f.Message
	if f.Hint != "" {
		text += " " + f.Hint
	}
	return text
}

// death is the failure of a call that cost its worker; nil: err is none. Nobody knows where in the function that was.
func death(err error) *hook.Failure {
	f := worker.FailureOf(err)
	if f == nil || !f.Again() {
		return nil
	}
	return &hook.Failure{Class: f.Class, Message: f.Message}
}

// overtime says that the context's own time was up: the worker's side calls that given up.
func overtime(ctx context.Context) bool { return errors.Is(ctx.Err(), context.DeadlineExceeded) }

func failed(class hook.Class, message string) error {
	return fault.New(fault.Invalid, string(class), message)
}
