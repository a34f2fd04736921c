// Package postgres is the source for customers' PostgreSQL databases, over pgx. It must not know
// rules, uploads or tokens; it is the only package of the runtime that imports pgx.
//
// # One transaction, two round trips
//
//	begin, session settings, SELECT ... = ANY     one batch    rows
//	INSERT / UPDATE / DELETE over unnest, COMMIT  one batch    done
//
// Transactions are REPEATABLE READ with synchronous_commit on. Rows are read without row locks: under
// this isolation a write to a row that somebody changed since our snapshot fails with 40001, which is
// a Conflict, and the pipeline starts over with fresh reads. That is the same guarantee as FOR UPDATE
// without its extra write to every row, and under row-level security it shows rows that may be read
// but not changed, so that a refused update is told apart from a missing row.
//
// Changes of one table and one set of columns become one statement, whatever their number. Values
// travel as text arrays and are cast to the column's own type by PostgreSQL, which knows every type
// that a customer may have; hot types are read in binary.
//
// With row-level security the commit is not sent along with the statements: a row that a policy
// hides from UPDATE or DELETE is not an error to PostgreSQL, only a count that is too low, and that
// must be seen before the commit.
//
// Queries of hooks (query.go) name columns of the catalog only, quoted, and their values are parameters like
// those of writes. They run in the same transaction and, with row-level security, as the client: trusted code of the
// customer's reads and writes with the rights of the user whose upload it serves.
//
// # Receipts
//
// What is known of a transaction's operations is read in the same snapshot as its rows, and its own
// receipts are committed with its changes. A receipt's key is owner, block and the number of receipts
// that the block had in the snapshot. Two transactions with one operation have read the same block, so
// they want the same key, and only one commits; the other fails with 40001 or 23505, which on our own
// tables is a Conflict, and its next try reads the receipt. In the three ways:
//
//	(a) general   BEGIN, history, SELECT       receipts first, then the changes, COMMIT
//	(b) one row   one SELECT with both         WITH w AS (guarded write RETURNING) INSERT receipts FROM w
//	(c) direct                                 WITH made AS (INSERT if nothing is known) INSERT receipts
//	                                           or, with numbers that are known, receipts and rows that are as expected
//
// The sweeper removes whole blocks, those whose last receipt is old, and raises the owner's floor in the
// same transaction. Parts of a block would leave gaps in the numbers, and the next number would be taken
// for ever. A transaction that adds to a block whose last receipt is older than a minute locks that
// receipt (FOR KEY SHARE) as it writes: if the sweeper took it meanwhile, that is a Conflict. Otherwise
// a copy that reads after the sweep could use the block's first number again, and both would commit.
//
// # Stalled runtimes
//
// Between reading and writing nothing is locked, so a transaction may rest there as long as a request
// lasts: idle_in_transaction_session_timeout is 25 s, above the 20 s of a request with all its hooks.
// Where the commit follows in a round trip of its own (row-level security, views, settlements), rows are
// locked meanwhile, and the limit is 1.5 s (SET LOCAL, which also holds behind a pooler). A killed
// process needs no limit: its connections are closed, and the server rolls back. Where operations are sent one
// by one, and what hooks write by ctx.db, locks are held while code runs: there the limit is 25 s, too, as a worker may be
// waited for longer than 1.5 s.
//
// # Poolers
//
// Behind a pooler in transaction mode nothing may live longer than a transaction. It shows in the
// process id that the connection was told against the one that the server has; statements are then
// sent unnamed, and settings only with SET LOCAL.
//
// # Our own tables
//
// In the schema that source.database names: turnkey_rejections has exactly the columns that sync
// streams may select; rejection_details and payloads are for operators; rejected_rows has the rows of
// rejections that wait; receipts and clients (the floors) are for exactly once; outbox has deliveries,
// which are claimed and reported by single statements; meta has the layout's version and the sweeper's
// lease. turnkey_conflicts, conflict_details and conflict_payloads are the same for
// conflicts: payloads belong to rejections, by a foreign key that runtimes of the version before rely on.
// tombstones and traces are notes about rows. What is kept for people has its instance, since several may share the schema
// (share.go). They are read and written as the connection's own user: with
// row-level security the client's role is set only around the statements on the customer's tables.
package postgres
