package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/lifecycle"
	"turnkey/runtime/gateway"
)

const (
	// drainFor is how long requests in flight may take after a signal; what is still worked on then is answered
	// retryable, and its receipts tell the client's retry what became of it.
	drainFor = 15 * time.Second
	// abortFor is how long answering what has not ended by then may take.
	abortFor = 2 * time.Second
)

// drainer is told of the end: first that it comes, then that the time is over.
type drainer interface {
	Drain()
	Abort()
}

// tuneMemory lets garbage wait longer than Go's default while the process is small: most of what an
// upload allocates is dead when it is answered. The soft limit keeps the process within the 150 MB
// that a runtime may use; GOGC and GOMEMLIMIT win when the operator sets them. It is nothing for processes that hold a
// database in memory (devmongo, and dev with it): beyond the limit they would do nothing but collect.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(800)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(100 << 20)
	}
}

// listen opens the address of a setting.
func listen(setting, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cannot_listen", "Cannot listen on "+address+".").
			WithHint("End what uses the address, or choose another one with " + setting + " or " + envOf(setting) + ".")
	}
	return l, nil
}

// listenAndServe serves until the context ends, then drains.
func listenAndServe(ctx context.Context, log *slog.Logger, address string, h http.Handler, drains ...drainer) error {
	l, err := listen("--listen", address)
	if err != nil {
		return err
	}
	return serveOn(ctx, log, l, h, drains...)
}

// serveIn serves as a task of a group.
func serveIn(group *lifecycle.Group, name string, l net.Listener, h http.Handler, log *slog.Logger, drains ...drainer) {
	group.Go(name, func(ctx context.Context) error { return serveOn(ctx, log, l, h, drains...) })
}

func serveOn(ctx context.Context, log *slog.Logger, l net.Listener, h http.Handler, drains ...drainer) error {
	server := gateway.Server(h, log)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	for _, d := range drains {
		d.Drain()
	}
	err := shutdown(ctx, server, drainFor)
	if errors.Is(err, context.DeadlineExceeded) {
		for _, d := range drains {
			d.Abort()
		}
		err = shutdown(ctx, server, abortFor)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // what has not ended by now is retried by its client
	}
	<-ended
	return err
}

func shutdown(ctx context.Context, server *http.Server, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	return server.Shutdown(ctx)
}

// sweepIdle closes instances that nobody has asked for, often enough that idleAfter is not exceeded by much;
// zero is the gateway's own default.
func sweepIdle(group *lifecycle.Group, gw *gateway.Gateway, idleAfter time.Duration) {
	every := 30 * time.Second
	if idleAfter > 0 {
		every = min(every, max(idleAfter/4, time.Second))
	}
	group.Go("sweep idle instances", func(ctx context.Context) error {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
				gw.Sweep()
			}
		}
	})
}
