// Package upload turns the wire dialects of PowerSync clients into transactions on a source: it is
// the write pipeline. It knows requests, rules and rows; it must not know which database is behind
// the Source, how an instance was found, who issued a token, or where bundles come from.
//
// # The way of an upload
//
//	body ── Decode ──► transactions ── targets ──► rows read and locked ── apply ──► changes ── Apply+commit ──► result
//	          │              │                            │                │              │
//	         400         Refusal                      Conflict          Refusal        Refused
//	                         │                        (again)              │              │
//	                         └──────────────► rejection, stored ◄──────────┴── one by one ┘
//
// Decode walks the body once, leniently, to find transactions and the bytes of each entry; every
// entry is then read strictly by itself, so that a broken one costs its own transaction and no
// other. Only what is not an upload at all is a 400: a 4xx would block the device's queue for ever.
//
// A client transaction is one source transaction. Its rows are read once, in one command for each
// table; the operations then play in memory on those rows (row.now), in order; the net effect of
// each row is one Change; and all changes travel with the commit in one go. When the database
// refuses that, the transaction is tried once more in strict mode, one operation at a time: the
// grouped order may have been the problem (a foreign key, two rows that swap a unique value), and
// if it was not, the operation to blame is now known. A row that is deleted and created again in one
// transaction goes through strict mode from the start, so that cascades happen as they should.
//
// # Order inside one operation
//
// Deletes win: PATCH and DELETE of a missing row succeed before any rule. PUT of a row that exists
// is an update, for rules too, and leaves absent columns alone. Values are typed by the configuration, else
// by the database's column, else by the stored value; a value that says what is stored already is
// not a change. Then the table's conflict policy weighs base, server and client (package conflict). If
// the device does not have its way in all of it, the rule is asked about what it wanted first: nobody
// learns of a conflict in a row that they may not write. Then immutable fields and transitions, then
// what would break PowerSync's replication, then the rule over old, new and changed as decided.
//
// # What becomes of a failure
//
//	Refusal (ours) and Refused (the database's)   fatal_error, after the rejection is stored
//	the same, code listed in client_handling      fatal_error, client decides, nothing stored
//	Conflict, Unknown                             again with fresh reads, 20 s from arrival
//	Down, Misconfigured, rejection not stored     retryable_error, the rest not_attempted
//
// An Unknown commit is repeated because operations carry absolute values. What a repetition can get
// wrong without receipts is a create that had succeeded (the second time it is judged by the update
// rule), and the policies whose decision depends on what is stored: counter, append, set and text,
// which would take their own first result for somebody else's write.
package upload
