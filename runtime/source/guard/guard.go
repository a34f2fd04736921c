package guard

import (
	"context"
	"errors"
	"sync"
	"time"

	"turnkey/runtime/source"
)

// Options of a guard.
type Options struct {
	// Call is the longest that one call to the source may take.
	Call time.Duration
	// Stop ends every call under way, and refuses those to come: the process is about to end.
	Stop context.Context
	// Wait is called before every wait for the source, and what it returns after it; nil: nothing.
	Wait func(ctx context.Context) (back func())
	// Enqueued is called after a commit that put something into the outbox; nil: nobody wants to know. It
	// must not wait.
	Enqueued func()
	Now      func() time.Time
	Random   func() float64 // in [0, 1)
}

// Guard is a guarded source.
type Guard struct {
	source.Source // what is not guarded here passes through
	opt           Options
	breaker       breaker

	mu      sync.Mutex
	proven  bool     // it has answered once
	contact *contact // nil: none is under way
	mode    source.Mode
}

var _ source.Source = (*Guard)(nil)

// New guards a source, which the guard closes.
func New(src source.Source, opt Options) *Guard {
	if opt.Wait == nil {
		opt.Wait = func(context.Context) func() { return func() {} }
	}
	g := &Guard{Source: src, opt: opt, mode: src.Mode()}
	g.breaker = breaker{now: opt.Now, random: opt.Random}
	return g
}

// Status tells the breaker's state. suspended is how long uploads need not be tried; 0: they may.
func (g *Guard) Status() (s Status, suspended time.Duration) { return g.breaker.status() }

var errEnding = errors.New("the runtime is ending")

func ending() error {
	return untried("runtime_ending", "The server is being replaced; try again.", errEnding)
}

func suspended() error {
	return untried("source_suspended", "The database has not been answering; it is tried again shortly.", nil)
}

func untried(code, message string, err error) *source.Failure {
	return &source.Failure{Class: source.Down, Code: code, Message: message, Change: -1, Err: err, Untried: true}
}

// verdict is what a call says about the source.
type verdict uint8

const (
	nothing  verdict = iota
	answered         // the database gave an answer, be it a refusal
	silent           // it did not
)

// call makes one call that reaches the database.
func (g *Guard) call(ctx context.Context, ask func(ctx context.Context) error) error {
	return g.run(ctx, answered, ask)
}

// run makes one call. success is what its success says: nothing for a call that may be answered
// without asking the database.
func (g *Guard) run(ctx context.Context, success verdict, ask func(ctx context.Context) error) error {
	if g.opt.Stop.Err() != nil {
		return ending()
	}
	allowed, probe := g.breaker.allow()
	if !allowed {
		return suspended()
	}
	defer g.opt.Wait(ctx)()
	end, err := g.first(ctx)
	if err != nil {
		g.breaker.settle(probe, nothing, "") // whoever made the contact has counted it
		return err
	}
	limited, cancel := context.WithTimeout(ctx, g.opt.Call)
	defer cancel()
	defer context.AfterFunc(g.opt.Stop, cancel)()
	v, code := nothing, ""
	defer func() { // in a panic, too: others wait for a first contact to end
		end(v, err)
		g.breaker.settle(probe, v, code)
	}()
	err = ask(limited)
	v, code = g.judge(ctx, err, success)
	return err
}

// judge tells what the end of a call says about the source. A caller that went away says nothing.
func (g *Guard) judge(ctx context.Context, err error, success verdict) (_ verdict, code string) {
	f := source.FailureOf(err)
	switch {
	case f == nil:
		return success, ""
	case f.Class != source.Down && f.Class != source.Unknown:
		return answered, ""
	case errors.Is(ctx.Err(), context.Canceled) || g.opt.Stop.Err() != nil:
		return nothing, ""
	}
	return silent, f.Code
}

// first lets one call at a time make the first contact. It returns what to call when the call has
// ended, or the failure of the contact that this call has waited for.
func (g *Guard) first(ctx context.Context) (end func(verdict, error), _ error) {
	for {
		g.mu.Lock()
		if g.proven {
			g.mu.Unlock()
			return func(verdict, error) {}, nil
		}
		c := g.contact
		if c == nil {
			c = &contact{ended: make(chan struct{})}
			g.contact = c
			g.mu.Unlock()
			return func(v verdict, err error) { g.contacted(c, v, err) }, nil
		}
		g.mu.Unlock()
		select {
		case <-c.ended:
			if c.failure != nil {
				return nil, c.failure
			}
		case <-ctx.Done():
			return nil, untried("source_timeout", "The database did not answer in time.", ctx.Err())
		case <-g.opt.Stop.Done():
			return nil, ending()
		}
	}
}

// contact is a first contact under way.
type contact struct {
	ended   chan struct{}
	failure error // valid once ended
}

func (g *Guard) contacted(c *contact, v verdict, err error) {
	mode := g.Source.Mode()
	if v == silent {
		c.failure = err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.proven, g.mode, g.contact = v == answered, mode, nil
	close(c.ended)
}
