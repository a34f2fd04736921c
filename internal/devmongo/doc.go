// Package devmongo is a development and test double of MongoDB: a server in this process that speaks
// the wire protocol to the real driver. It answers as the one member of a replica set and has what
// Turnkey and PowerSync use: multi-document transactions with snapshot reads, write conflicts with the
// driver's error labels, retryable writes, unique indexes, validators, change streams. It must not
// know anything of the product, listens on loopback only, and is never to be taken for MongoDB:
// buildInfo names it (Marker), and what it lacks answers with code 238.
//
// # How it works
//
//	connection ── run ── dispatch ──► Store: collections of entries
//	                 one command            entry: version ─► version ─► version   (newest first)
//	                 at a time              txn:   own writes over the snapshot at its start
//
// One lock guards the store; a command runs under it from beginning to end. Each document is a chain
// of versions with their commit times, so that a transaction reads what was committed when it began.
// A transaction keeps its writes to itself and marks the entries that it wrote; a second writer of
// such an entry, and a writer whose snapshot is older than the newest version, get WriteConflict with
// the label TransientTransactionError. Commit gives all its writes one time, appends them to the event
// log that change streams read, and writes one record to the journal.
package devmongo
