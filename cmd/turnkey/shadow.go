package main

import (
	"context"
	"log/slog"
	mathrand "math/rand/v2"
	"sync"

	"turnkey/internal/clock"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// shadows keeps the candidate that runs beside each instance's deployment in this process. Each has a source of
// its own, so that it takes no connection from uploads.
type shadows struct {
	open     func(context.Context, *bundle.Bundle) (source.Source, error)
	rehearse func(*bundle.Bundle, source.Source) (command.Rehearser, error)
	log      *slog.Logger

	mu   sync.Mutex
	byID map[string]*runningShadow
}

type runningShadow struct {
	*upload.Shadow
	end  context.CancelFunc
	done chan struct{}
}

func newShadows(p *runtimeParts) *shadows {
	return &shadows{open: p.openSource, rehearse: p.newRehearsal, log: p.log, byID: map[string]*runningShadow{}}
}

// of gives the shadow of an instance that runs; nil: none.
func (s *shadows) of(instance string) *upload.Shadow {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.byID[instance]; r != nil && r.running() {
		return r.Shadow
	}
	return nil
}

func (r *runningShadow) running() bool {
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// Start implements command.Shadows.
func (s *shadows) Start(ctx context.Context, b *bundle.Bundle, o rehearsal.ShadowOrder) error {
	src, err := s.open(ctx, b)
	if err != nil {
		return err
	}
	made, err := s.rehearse(b, src)
	if err != nil {
		_ = src.Close() // why it could not be used says more
		return err
	}
	r := &runningShadow{Shadow: upload.NewShadow(o, made.(*upload.Rehearsal), mathrand.Float64), done: make(chan struct{})}
	var run context.Context
	run, r.end = context.WithDeadline(context.WithoutCancel(ctx), o.Until)
	go func() {
		defer close(r.done)
		defer r.end()
		r.Run(run)
		if err := src.Close(); err != nil {
			s.log.Warn("closing a shadow's source", "instance", b.Instance.ID, "error", err)
		}
	}()
	s.mu.Lock()
	before := s.byID[b.Instance.ID]
	s.byID[b.Instance.ID] = r
	s.mu.Unlock()
	before.stop()
	return nil
}

// stop ends a shadow and waits for it.
func (r *runningShadow) stop() {
	if r != nil {
		r.end()
		<-r.done
	}
}

func (r *runningShadow) state() rehearsal.ShadowState {
	if r == nil {
		return rehearsal.ShadowState{}
	}
	o := r.Order()
	return rehearsal.ShadowState{Order: &o, Running: r.running() && clock.Now().Before(o.Until), Report: r.Report()}
}

// State implements command.Shadows.
func (s *shadows) State(instance string) rehearsal.ShadowState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byID[instance].state()
}

// Stop implements command.Shadows.
func (s *shadows) Stop(instance string) rehearsal.ShadowState {
	s.mu.Lock()
	r := s.byID[instance]
	delete(s.byID, instance)
	s.mu.Unlock()
	r.stop()
	return r.state()
}

// close ends all.
func (s *shadows) close() {
	s.mu.Lock()
	all := s.byID
	s.byID = map[string]*runningShadow{}
	s.mu.Unlock()
	for _, r := range all {
		r.stop()
	}
}
