// Package guard stands between the write pipeline and a source, so that a database that is slow, dead
// or black-holed costs its own instance and nobody else: a breaker, a time limit for every call, one
// first contact at a time, and a way to end all calls at once. It knows the Source interface and its
// failures; it must not know which database is behind it, or who admits uploads.
//
//	          Trip failures in a row                    the time is over
//	closed ─────────────────────────► open ─────────────────────────────► half-open
//	  ▲        answered at once: Down  ▲                                     │ one call goes through
//	  │                                └──────── it fails: twice as long ────┤
//	  └────────────────────────────────────────── it is answered ────────────┘
//
// A failure is what says that the database does not answer: class Down, or Unknown when the outcome
// of a commit did not arrive. A conflict, a refused row or a refused log-in is an answer. A caller
// that goes away says nothing about the database. The first time open is First, each further one
// twice as long, at most Most, with jitter, so that runtimes do not all knock at the same moment.
//
// # First contact
//
// Nobody knows a source before its first answer: that call goes alone and the others wait for it. If
// it fails they share its failure, instead of each finding out for itself after a time-out.
package guard
