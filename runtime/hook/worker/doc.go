// Package worker runs users' code in processes of its own, so that whatever a hook does ends in one clear
// answer for one transaction and nothing else. It must not know JavaScript, uploads or databases: it moves
// payloads, measures time, and ends processes.
//
//	  the runtime                                      a worker: this binary again, locked in
//	┌──────────────────────────────┐    two pipes    ┌───────────────────────────────────────┐
//	│ Pool ─ Session ─ process ────┼──▶ limits, run ─┼─▶ child: loop ─▶ Handler (the engine) │
//	│   │       │        meter     │◀── host call ◀──┼────────────────────┘                  │
//	│ turns  circuit     (kill -9) │──▶ host result ─┼─▶                                     │
//	│                              │◀── ran ◀────────┼─  watch: interrupt, exit              │
//	└──────────────────────────────┘                 └───────────────────────────────────────┘
//	                                                   seccomp · memory · namespaces · Landlock · ...
//
// # Why processes
//
// No limit inside our own process holds: the engine's built-ins ignore interrupts, nothing bounds its memory, and
// deep source or JSON overflows the stack, which Go cannot recover from. A third of a hostile corpus hangs or kills
// the process it runs in. So user code, its parser included, meets nothing but a process that is made to be killed. That
// process is this binary again, found by /proc/self/exe, so that an upgrade on disk does not mix versions.
//
// # Locked in
//
// A worker takes an order, clears its environment, closes what whoever started the runtime left open, warms its
// engine, and then gives up everything else (package child). Seccomp matters most: an allow-list of what Go's
// scheduler needs; without it the other layers let sockets and anonymous files through, with it alone every attempt
// of the escape test fails. Memory has two limits, because the kernel admits one huge allocation over a reservation
// when only data is limited; the address space sees the reservation. A layer that the system refuses is left out,
// and Layers says so with the reason; Require makes it a condition. A start that has worked once is never
// weakened later: then there is no worker, which is hook_unavailable, and retried.
//
// Binaries built with cgo lack Landlock and the dropping of capabilities (both must act on all threads at once). On
// systems other than Linux a worker is a plain process: it contains crashes and loops, and is no wall. That is for
// development; production is Linux with CGO_ENABLED=0.
//
// # Believing nothing
//
// After a worker has met tenant code, whoever speaks at the other end may be the tenant. Frames are checked for
// size before memory is taken and grow with what arrives; ids and kinds must be the expected ones; bytes that nobody
// asked for end the worker; calls back are counted, and are served by the Host of the run that is under way, so
// there is nothing in a frame that could name somebody else's transaction. A worker belongs to one instance from its
// first program to its end: what it has seen can reach only the one it came from.
//
// # Time
//
// A request has so much processor time, read by the kernel's clock of that very process, not by what the worker
// says; waiting for the runtime is free. The wall clock only has the last word: 1.25 times the limit to the interruption, 1.8
// to the kill, so that an answer is there within twice (meter.go). It has no word at all about a run that has used
// less than half of its time because it wanted a processor and had none: a machine that
// is busy must not turn an honest hook into a refusal. What was interrupted is
// retired, because its heap may be full of what was left; what does not stop is killed, and the answer does not
// wait for it to die. If the runtime itself dies, the pipe hangs up and the worker exits, in the middle of a loop,
// too.
//
// # Ahead of time
//
// Each transaction has fresh global state, which takes as long to make as a short hook takes to run. A worker makes the next
// one's ahead (hook.Idler): no user code runs in it until it is asked for. By itself it does so behind its answer, while the runtime
// reads. Where a database commits upon the answer, that would be in the way: the session says PrepareLater, and the runtime tells
// the worker when the database has answered (Pool.Prepare).
//
// # Who computes
//
// At most as many workers compute as there are processors. Turns are fair by time used (turn.go), a run that waits for the
// database gives its turn back and returns without waiting (it may hold locks), and instances that hit a deadline
// in the last minute share one turn. To the system's scheduler a worker comes after the runtime; what starts, bundles, was a
// suspect, or has run for longer than most do comes last, so that a neighbour's short run does not wait behind it (where the privilege to
// take that back is missing: what has used half of its time). Last is the very end of the line, where on a busy machine next to nothing is left: whoever has had less than a
// quarter of a processor there for 20 ms is raised to where its like were before (process.feed). Slices of time are short for who is waited for
// and long for who is not, because the shorter one interrupts the longer (priority.go). Hooks run in a worker's first thread, which has the process's number, so
// nobody reads /proc/PID/task: its entries made the reaper of a worker spin (processor_linux.go). Nobody waits for long: beyond a bounded line, or two seconds, the
// answer is hook_unavailable with a time to come back. Three deaths within a minute rest the instance's program (circuit.go).
//
// # Where they compute
//
// A priority does not help against the kernel, which does not interrupt itself while it starts a process, ends it, or gives it memory; nor against one
// that has a processor and has had less than its share. So where there are two processors or more, they are divided (place.go):
//
//	              front half      back half
//	in the back       ·        starts, bundlers, suspects, the untried, who runs for 10 ms, the dying
//	brief runs      while somebody is in the back, and the front has room
//	brief runs      when nobody is, or the front is full
//
// A worker is untried until three runs of it in a row were short. It starts in the back, because what forks it is there, and moves its threads from there itself,
// before it gives up the right to. Later the runtime moves it, with all of its threads: a run waits for its own collector as well, and a collector that is behind a
// loop is late. Who is at a brief run when something comes into the back is moved at once. Where moving is refused, nobody is kept anywhere, and Layers
// says so. It is a layer with a name that can be required, but not one of "all": with one processor there is nothing to divide.
//
// # Few wake-ups
//
// A short run takes less time than waking a sleeping processor, so what wakes somebody for nothing counts: a socket that a poller
// watches (channel.go), a deadline that is moved with each request (channel.look), the watchdog of a worker's own Go
// (timerSlack).
//
// Where an upload is alone on the machine, nobody sleeps who is needed again in a moment: the worker is told that a request will follow
// (Pool.Expect) while the runtime still makes it, and stays awake for it; the runtime stays awake for the answer (Session.StayAwake),
// if the worker's last run was quick. Both for fractions of a millisecond, and both offer the processor to everybody else all the while
// (wire.Attend). Where there are others, they sleep: then there is always something to do for a processor, and it does not sleep either.
//
// # Processes at rest
//
// Two spares wait, locked in and warm, so that a death costs its instance a millisecond or two and not a start. A worker
// without work ends after a minute, the least lately used makes room when there are too many, an old one is
// replaced, and where no hook ran for ten minutes there are no spares either: a runtime without hooks has no
// processes.
//
// # The nursery
//
// A runtime is large and forks slowly: its page tables are copied, its memory stands still, and each page that it writes then is copied,
// all at its own priority. So when a first worker has started, the others are started by a process of low priority that does nothing else and has no
// memory to speak of: this binary once more, which gets what to start, and the pipes, over a socket (nursery_linux.go). The
// workers are the runtime's children nevertheless, and it is in the back of the processors, as what it starts. It knows no tenant and no secret, ends with the spares, and where it does not work,
// the runtime starts workers itself and logs it.
//
// # Failures
//
// Every error of a Session is a Failure with a class. Timeout, OutOfMemory and Crashed may be the hook or
// (kill -9) the world: the caller tries once more with a new session. Closing a session is always due.
package worker
