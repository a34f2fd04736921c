// Package engine runs users' hooks: esbuild turns their files into one script, goja runs it. It is the
// only package that imports either, and it runs only inside worker processes (package worker): no
// option makes an interpreter in a shared process safe.
//
//	Bundle   files ── esbuild ──▶ script + map ── parse: traps ── run once: shapes ──▶ hook.Program
//	Load     hook.Program ── compile ──▶ script, kept by content hash
//	Run      transaction = session: a new VM, js/core.js, the script; then call after call
//	Test     files ── esbuild ── counters ──▶ a session for each test
//
// It must not know processes, pipes, databases, or what the runtime does with an outcome.
//
// # The line between Go and JavaScript
//
// js/core.js runs in every session before user code and captures the built-ins that it needs. It
// calls one native function (host.go), with texts, numbers and functions only: Go never converts,
// exports or prints an object that user code made, because that would run its getters and
// toString where no interrupt is caught. Results are checked and written as JSON in JavaScript, inside
// the guarded call, and the text is checked once more in Go.
//
// # What ends a call
//
// A clock (watch.go) interrupts the VM when the Run's time is used up; it stands still while the host is asked.
// Interrupts reach bytecode, not built-ins: a built-in that loops is for the worker to kill. After
// an interrupt or a stack overflow the session is thrown away and the worker retired: half-run code may
// have left anything behind. Promises are driven until the function's own has settled; one that waits for
// nothing that could still happen is an error at once. A rejection that nobody handles fails the call, as in Node.
//
// # Positions
//
// goja is never given a source map (its loader would read the file a comment names). Positions are
// those of the script until somebody asks; position.go leads them back to the users' files.
package engine
