// Package publish turns a draft into what a runtime serves: it validates and compiles a configuration
// document, has hook files compiled and tested, and puts a compiled configuration, the program, current
// secrets and keys together into a bundle that is proven to come alive. It must not know rows, actors or
// HTTP; it decides nothing about when a bundle is published, and never parses or runs customers' code.
//
//	draft ─┬─ document ─────────────► bundle.Config ─┐
//	       └─ files ══ worker ══════► hook.Program ──┼─ Release ─ kept with the deployment,
//	                 (a process)      test results ──┘            never compiled again
//	                                                     │
//	secrets, keys, state ─────────────────────── Build ──┴► bundle.Bundle ── envelope seals it ──► runtimes
//
// A deployment keeps its compiled form, so that rotating a secret or a key years later cannot fail on
// a document or a hook that a newer compiler reads differently.
//
// # Strangers' code
//
// Parsing is enough to kill a process (worker/doc.go), so that files go to Workers as they are, and what
// comes back is believed only as far as it can be checked: diagnostics are text about places, a program must
// be of the files that were sent. A worker that dies of the files is a finding about them (death.go), with the
// file that does it, where one alone does. One that could not be had says nothing about them: hooks_unavailable,
// and nothing has changed.
//
// Few jobs of workers run at once. Organizations take turns (gate.go), so that one that has many instances compiled
// waits for itself.
//
// Tests stop a deployment. They run without secrets, at a fixed time and with a fixed seed: the same files have
// the same outcome. They are part of Release and not of Compile, so that a draft can be tried out whose tests fail.
package publish
