// Package effect runs the hooks that stand outside of transactions, where they may wait for a stranger's
// server: afterCommit for deliveries of the outbox, resolveUser for tokens. It must not know HTTP routes, how
// deliveries are scheduled, how tokens are made, nor which database there is.
//
//	outbox ── delivery ──► AfterCommit ──┐                  ┌──► worker ──► afterCommit, resolveUser
//	                                     ├── run, one call ─┤                    │ fetch
//	token ─── identity ──► ResolveUser ──┘                  └──► fetch.Client ◄──┘
//
// # Not in the way of writes
//
// A hook that waits for a slow server keeps its worker. So these sessions have names of their own in the pool
// ("instance/afterCommit", "instance/auth"): their workers, lines and rests are not those of the instance's
// uploads. And of all workers each of the two uses takes at most a share, so that a hundred slow receivers leave
// enough for transactions.
//
// # afterCommit
//
// An attempt is one call with the delivery's own id, clock and seed: each attempt sees the same. What went wrong
// is the attempt's code and message, with file and line of the TypeScript source, and what was logged goes with it. The
// outbox tries again later, so nothing is repeated here. That no worker is to be had says nothing about the
// hook: such an attempt does not count.
//
// What it enqueues is written before the attempt is reported, with ids made from the delivery's: an attempt that is
// made again, because its report was lost or because an operator asked for it, writes the same rows, which are there
// already. An attempt that fails enqueues nothing.
//
// # resolveUser
//
// A request waits for it, so a killed worker is replaced once, at once. What the hook refuses is the user's to
// read; what goes wrong with it is the developer's, in the instance's log: the user hears that it failed, by class, and
// the app tries again. What it said is held to the contract by package token, which also remembers it.
//
// # Time
//
// Computing is bounded by hooks.timeout, as in transactions; waiting for servers by a limit of its own for each
// function (12 s, 5 s), and each single fetch by fetch.Client.
package effect
