// Package engine runs users' hooks: esbuild turns their files into one script, goja runs it. It is the
// only package that imports either, and runs only inside worker processes (package worker).
//
// It must not know processes, pipes, databases, or what the runtime does with an outcome.
package engine
