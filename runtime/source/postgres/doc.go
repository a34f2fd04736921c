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
// # Poolers
//
// Behind a pooler in transaction mode nothing may live longer than a transaction. It shows in the
// process id that the connection was told against the one that the server has; statements are then
// sent unnamed, and settings only with SET LOCAL.
//
// # Our own tables
//
// In the schema that source.database names: turnkey_rejections has exactly the columns that sync
// streams may select; rejection_details and payloads are for operators.
package postgres
