// Package follow keeps a runtime supplied with the newest bundles and able to do without them: it
// follows the control plane's feed, believes only sealed bundles that verify, keeps the last good one
// of each instance in memory and on disk, and reports what became of each revision. It must not know
// how the control plane stores or makes bundles, nor what serving one takes.
//
//	          hint (long poll)            ┌──────────────┐ sealed bytes  ┌────────┐
//	feed ────────────────────────────────►│              ├──────────────►│ gateway│ opens when asked
//	          list every 15 s: the truth  │   Follower   │               └────────┘
//	     ◄────────────────────────────────┤              ├──────► disk: the same sealed bytes
//	          acks, conditions, heartbeat └──────────────┘
//
// # What is taken
//
// A revision replaces the one before it only if its signature holds, it names the instance that was
// asked for, its number is higher, its format is known, the pool's keyset opens it, and Accept (which
// the runtime gives) finds nothing wrong. Otherwise the last good one stays and the refusal is
// reported. Hints are never trusted: they only make the next listing come sooner. A listing carries a
// cursor; every few minutes it starts from nothing, so that a control plane restored from a backup is
// noticed, too.
//
// # Without a control plane
//
// The disk holds one file per instance, written aside, synced and renamed, so a crash leaves either
// the old or the new. A runtime that starts with no control plane in reach serves what the disk
// holds. A file that does not verify is passed over: the feed brings it again.
package follow
