package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"turnkey/runtime/source"
)

// script is a batch of statements for one round trip, each with what is to be done with its result.
type script struct {
	batch   pgx.Batch
	steps   []func(pgx.BatchResults) error
	commits bool // COMMIT is the last one
}

// add queues a statement. Without a step its result does not matter.
func (s *script) add(sql string, args []any, step func(pgx.BatchResults) error) {
	if step == nil {
		step = discard
	}
	s.batch.Queue(sql, args...)
	s.steps = append(s.steps, step)
}

func discard(r pgx.BatchResults) error {
	_, err := r.Exec()
	return err
}

// affected fails unless a statement touched n rows.
func affected(n int, otherwise func() *source.Failure) func(pgx.BatchResults) error {
	return func(r pgx.BatchResults) error {
		tag, err := r.Exec()
		if err == nil && tag.RowsAffected() != int64(n) {
			return otherwise()
		}
		return err
	}
}

func (s *script) commit() {
	s.commits = true
	s.add("COMMIT", nil, func(r pgx.BatchResults) error {
		tag, err := r.Exec()
		if err != nil {
			return commitFailure(err)
		}
		if tag.String() == "ROLLBACK" { // PostgreSQL's answer to the commit of a failed transaction
			return moved()
		}
		return nil
	})
}

// run sends the script. A connection that dies while COMMIT is on its way leaves its outcome open.
func (t *tx) run(ctx context.Context, s *script) error {
	if len(s.steps) == 0 {
		return nil
	}
	results := t.conn.SendBatch(ctx, &s.batch)
	var err error
	for _, step := range s.steps {
		if err = step(results); err != nil {
			break
		}
	}
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		return nil
	}
	var known *source.Failure
	var pg *pgconn.PgError
	if s.commits && !errors.As(err, &pg) && !errors.As(err, &known) {
		err = commitFailure(err)
	}
	return t.fail(ctx, err)
}

// commitFailure translates an error of the commit itself.
func commitFailure(err error) error { return unknown(source.FailureOf(translate(err))) }

// unknown: when the connection died with the commit on its way, nobody knows what became of it. An error that the server
// told is known: it has ended the transaction, and the connection lives on. To try that again at once would be of no use where a
// statement outran statement_timeout.
func unknown(f *source.Failure) *source.Failure {
	var told *pgconn.PgError
	if f.Class != source.Down || errors.As(f.Err, &told) && told.SeverityUnlocalized == "ERROR" {
		return f
	}
	c := *f
	c.Class, c.Code, c.Message = source.Unknown, "commit_unknown", "The database did not confirm the commit."
	return &c
}
