// Package child is the inside of a sandbox worker: it locks its own process in, then answers the runtime's
// frames with a Handler until the socket closes. It must not know JavaScript, pools or instances, and it
// trusts the runtime as a process trusts its parent.
package child

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"turnkey/runtime/hook/worker/wire"
)

// Asked reports whether this process was started to be a worker, or to start them. Ask first of all in main: what else the
// program sets up has no business in a worker.
func Asked(args []string) bool {
	return len(args) == 2 && (args[1] == wire.Command || args[1] == wire.Nursery)
}

// Main is the life of the process; its value is the exit code. Hooks run in the process's first thread and in no other: its number is that of
// the process, so the runtime can give it its place among those who want a processor, and see how long it waited for one.
func Main(h Handler) int {
	runtime.LockOSThread()
	if os.Args[1] == wire.Nursery {
		if err := nurse(); err != nil {
			return 1
		}
		return 0
	}
	var c conn
	in := wire.NewReader(c, wire.FromRuntime, wire.MaxPayload)
	if err := begin(c, in, h); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox worker:", err)
		return 1
	}
	if err := newLoop(c, in, h).serve(); err != nil {
		fmt.Fprintln(os.Stderr, "sandbox worker:", err)
		return 1
	}
	return 0
}

// begin goes from a fresh process to one that may meet a stranger's code.
func begin(c conn, in *wire.Reader, h Handler) error {
	f, err := in.Next()
	if err != nil {
		return fmt.Errorf("no order: %w", err)
	}
	var order wire.Order
	if f.Kind != wire.Setup {
		return fmt.Errorf("the first frame is of kind %d", f.Kind)
	} else if err := wire.Decode(f.Payload, &order); err != nil {
		return fmt.Errorf("the order does not read: %w", err)
	}
	closeLeaked()
	os.Clearenv()
	time.Local = time.UTC // loaded by now and the same everywhere: nothing reads a zone file later
	debug.SetMaxStack(order.Stack)
	if order.Memory > 0 {
		debug.SetMemoryLimit(order.Memory / 5 * 4) // the collector must feel it before the kernel does
	}
	h.Warm()
	time.AfterFunc(time.Hour, func() {}).Stop() // the runtime makes its descriptors for timers now, not under seccomp
	c.exitWithRuntime()
	in.Limit(order.Frame)
	greeting := lock(order)
	return c.send(wire.Append(nil, wire.Frame{Kind: wire.Hello, Payload: wire.Encode(greeting)}))
}
