package main

import (
	"context"
	"net/http"
	"sync/atomic"

	"turnkey/runtime/command"
)

// probes tell a supervisor how a process does: /livez is 200 as long as it answers at all, /readyz while
// requests should be sent to it.
type probes struct {
	// ready is asked at each probe.
	ready    func() bool
	draining atomic.Bool
}

// drain takes the process out of service, while it still serves who comes.
func (p *probes) drain() { p.draining.Store(true) }

// handler serves the probes, and everything else by next.
func (p *probes) handler(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		switch {
		case p.draining.Load():
			say(w, http.StatusServiceUnavailable, "draining")
		case !p.ready():
			say(w, http.StatusServiceUnavailable, "not ready")
		default:
			say(w, http.StatusOK, "ready")
		}
	})
	mux.Handle("/", next)
	return mux
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the prober may have gone
}

// commandsOnly serves signed commands and nothing else.
func commandsOnly(h *command.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(command.Path, h)
	return mux
}

// endWith makes requests end with ctx: a long poll would hold up a drain.
func endWith(ctx context.Context, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		next.ServeHTTP(w, r.WithContext(inner))
	})
}
