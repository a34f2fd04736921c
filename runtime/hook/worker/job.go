package worker

import (
	"context"
	"sync"

	"turnkey/runtime/hook"
)

// Bundle parses and bundles source text in a worker of its own: parsers, too, are killed by what strangers
// write. One at a time for each instance.
func (p *Pool) Bundle(ctx context.Context, instance string, b hook.Bundle) (*hook.Bundled, error) {
	return job(ctx, p, instance, hook.KindBundle, b, hook.DecodeBundled)
}

// Test runs a configuration's own tests, the same way.
func (p *Pool) Test(ctx context.Context, instance string, t hook.Test) (*hook.Tested, error) {
	return job(ctx, p, instance, hook.KindTest, t, hook.DecodeTested)
}

func job[A any](ctx context.Context, p *Pool, instance string, kind hook.Kind, message any, decode func([]byte) (*A, error)) (*A, error) {
	payload, err := hook.Encode(message)
	if err != nil {
		return nil, err
	}
	raw, err := p.job(ctx, instance, Request{Kind: kind, Payload: payload})
	if err != nil {
		return nil, err
	}
	answer, err := decode(raw)
	if err != nil {
		return nil, &Failure{Class: hook.ClassCrashed, Message: messages[hook.ClassCrashed], Detail: "its answer was refused", Err: err}
	}
	return answer, nil
}

func (p *Pool) job(ctx context.Context, instance string, q Request) ([]byte, error) {
	leave, failure := p.jobs.enter(ctx, instance)
	if failure != nil {
		return nil, failure
	}
	defer leave()
	limits := p.opts.Limits
	limits.Memory, limits.Frame = p.opts.Bundles.Memory, max(limits.Frame, 16*mib)
	w, err := p.launch(ctx, limits, niceLong)
	if ctx.Err() != nil {
		return nil, aborted(ctx)
	} else if err != nil {
		return nil, unavailable(messages[hook.ClassUnavailable], p.opts.Sizes.MaxWait, err)
	}
	defer func() {
		w.end(hook.ClassUnavailable, "its one job is done")
		<-w.gone
	}()
	q.CPU = p.opts.Bundles.CPU
	answer, _, err := w.request(ctx, q, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Bundles++
	if failure := FailureOf(err); failure != nil && failure.Again() {
		p.stats.Deaths[failure.Class]++ // no circuit: who publishes waits for the answer, and reads it
	}
	return answer, err
}

// jobs lets few workers of this costly kind run, and one of an instance.
type jobs struct {
	slots chan struct{}

	mu   sync.Mutex
	busy map[string]*lock
}

// lock is one instance's; a channel, so that waiting for it can end.
type lock struct {
	held  chan struct{}
	users int
}

func newJobs(n int) *jobs { return &jobs{slots: make(chan struct{}, n), busy: map[string]*lock{}} }

// enter waits until the instance has no job under way and there is a slot.
func (j *jobs) enter(ctx context.Context, instance string) (leave func(), failure *Failure) {
	j.mu.Lock()
	l := j.busy[instance]
	if l == nil {
		l = &lock{held: make(chan struct{}, 1)}
		j.busy[instance] = l
	}
	l.users++
	j.mu.Unlock()
	forget := func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(j.busy, instance)
		}
	}
	select {
	case l.held <- struct{}{}:
	case <-ctx.Done():
		forget()
		return nil, aborted(ctx)
	}
	select {
	case j.slots <- struct{}{}:
	case <-ctx.Done():
		<-l.held
		forget()
		return nil, aborted(ctx)
	}
	return func() {
		<-j.slots
		<-l.held
		forget()
	}, nil
}
