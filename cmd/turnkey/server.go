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

// drainFor is how long requests in flight may take after a signal: longer than an upload is worked on.
const drainFor = 25 * time.Second

// tuneMemory lets garbage wait longer than Go's default while the process is small: most of what an
// upload allocates is dead when it is answered. The soft limit keeps the process within the 150 MB
// that a runtime may use; GOGC and GOMEMLIMIT win when the operator sets them.
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
func listenAndServe(ctx context.Context, log *slog.Logger, address string, h http.Handler) error {
	l, err := listen("--listen", address)
	if err != nil {
		return err
	}
	return serveOn(ctx, log, l, h)
}

// serveIn serves as a task of a group.
func serveIn(group *lifecycle.Group, name string, l net.Listener, h http.Handler, log *slog.Logger) {
	group.Go(name, func(ctx context.Context) error { return serveOn(ctx, log, l, h) })
}

func serveOn(ctx context.Context, log *slog.Logger, l net.Listener, h http.Handler) error {
	server := gateway.Server(h, log)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	err := server.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // what has not ended by now is retried by its client
	}
	<-ended
	return err
}

// sweepIdle closes instances that nobody asks for.
func sweepIdle(group *lifecycle.Group, gw *gateway.Gateway) {
	group.Go("sweep idle instances", func(ctx context.Context) error {
		tick := time.NewTicker(30 * time.Second)
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
