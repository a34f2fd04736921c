// Package hook is the contract between the runtime and the code that users write: which functions a
// hook file may export, what they are called with, what may come back, and the messages that carry
// all of that between a runtime and a worker process. It is pure types with their checks; package
// engine knows JavaScript, package worker knows processes and limits, and neither needs the other.
//
//	runtime ──Call──▶ worker (parent) ══frames══▶ worker process ──▶ engine (goja, esbuild)
//	   ▲                    │  ▲                                        │
//	   │                    │  └──────── host call, host result ◀───────┤  ctx.db, fetch
//	   └────── Outcome ─────┴◀═══════════════════════════════════════════┘
//
// It must not know JavaScript, processes, databases or how an upload is decided, and does no I/O.
//
// # Whom to trust
//
// What the runtime sends is ours. What a worker process answers was written by a stranger, who may
// have taken the process over: every answer goes through DecodeRan and its sisters, which refuse
// unknown members, results that the called function cannot have, text that is not well formed, and
// more than the limits allow. A refused answer is a broken worker (hook_crashed), not a result.
//
// # How it crosses
//
// Messages are JSON text, but for Run, the one that each write sends: its members cross as lengths and bytes (codec.go). Only the runtime writes
// one. What a worker answers to it is JSON, too; the usual answer is known by its bytes.
//
// # One transaction
//
// All calls of one client transaction go to one worker, in one or several Run messages; the first
// says Begin, which makes fresh global state. Calls of one Run are carried out in order, and the first
// that does not succeed (rejected or failed) ends it: a transaction is refused as a whole, so nobody would use the rest.
// Clock and seed belong to the call, so that a repeated attempt sees what the first one saw.
//
// # Values
//
// Rows cross as JSON text, in the form that rules see: ids, UUIDs and decimals are strings, dates are
// ISO 8601 strings in UTC, binary is base64. JavaScript numbers are doubles: an integer beyond
// 2^53 - 1 must be sent as a string, or it comes back as its neighbour. The package carries texts and
// does not look inside.
package hook
