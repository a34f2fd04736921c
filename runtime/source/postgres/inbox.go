package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/runtime/source"
)

// settleTries bounds how often Settle looks again.
const settleTries = 5

const rejectionColumns = `r.id, r.user_id, r.table_name, r.row_id, r.error_code, r.message, r.hint, r.status, r.created_at,
	coalesce(d.owner, ''), coalesce(d.client_id, ''), coalesce(d.request_id, ''), coalesce(d.deployment, 0), coalesce(d.operation, -1), coalesce(d.detail, ''),
	coalesce(nullif(d.group_id, ''), r.id), coalesce(d.provider, ''), coalesce(d.payload_bytes, 0), coalesce(d.attempts, 0), d.settled_at, coalesce(d.settled_by, '')`

func (s *Source) fromRejections() string {
	return " FROM " + s.schema + ".turnkey_rejections r LEFT JOIN " + s.schema + ".rejection_details d ON d.id = r.id"
}

// Rejections implements source.Inbox.
func (s *Source) Rejections(ctx context.Context, f source.RejectionFilter) ([]source.Rejection, error) {
	var l listing
	s.ours(&l, "d")
	among(&l, "r.status", f.Status)
	l.text("r.user_id = ?", f.UserID)
	l.text("d.client_id = ?", f.ClientID)
	l.text("r.table_name = ?", f.TableName)
	l.text("r.row_id = ?", f.RowID)
	l.text("r.error_code = ?", f.ErrorCode)
	l.text("(d.group_id = ? OR d.group_id = '' AND r.id = ?)", f.Group)
	if f.Deployment != 0 {
		l.by("d.deployment = ?", int32(f.Deployment))
	}
	l.during("r.created_at", f.From, f.To)
	page := l.page("r.id", f.After, f.OldestFirst, f.Limit)
	return records(ctx, s, scanRejection, "SELECT "+rejectionColumns+s.fromRejections()+page, l.args...)
}

// scanRejection reads rejectionColumns, and what follows them into more.
func scanRejection(row pgx.Row, more ...any) (source.Rejection, error) {
	var r source.Rejection
	var owner []byte
	var status string
	var settled *time.Time
	err := row.Scan(append([]any{&r.ID, &r.UserID, &r.TableName, &r.RowID, &r.ErrorCode, &r.Message, &r.Hint, &status, &r.CreatedAt,
		&owner, &r.ClientID, &r.RequestID, &r.Deployment, &r.Operation, &r.Detail,
		&r.Group, &r.Provider, &r.PayloadBytes, &r.Attempts, &settled, &r.SettledBy}, more...)...)
	copy(r.Owner[:], owner)
	r.Status, r.CreatedAt = source.RejectionStatus(status), r.CreatedAt.UTC()
	if settled != nil {
		r.SettledAt = settled.UTC()
	}
	return r, err
}

// Rejection implements source.Inbox, from one snapshot.
func (s *Source) Rejection(ctx context.Context, id string) (*source.Rejection, error) {
	pool, err := s.connections(ctx)
	if err != nil {
		return nil, err
	}
	var found *source.Rejection
	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var claims *string
		r, err := scanRejection(tx.QueryRow(ctx, "SELECT "+rejectionColumns+", d.claims"+s.fromRejections()+" WHERE r.id = $1 AND "+ours("d", 2), id, s.opt.Instance), &claims)
		if err == pgx.ErrNoRows {
			return nil
		} else if err != nil {
			return err
		}
		if claims != nil {
			r.Claims = []byte(*claims)
		}
		if r.Rows, err = scanRejectedRows(tx.Query(ctx, "SELECT table_name, row_id, creates, owner, rejection_id, group_id, written, deleted FROM "+s.schema+".rejected_rows WHERE rejection_id = $1 ORDER BY table_name, row_id", id)); err != nil {
			return err
		}
		if err := s.readParts(ctx, tx, &r); err != nil {
			return err
		}
		found = &r
		return nil
	})
	if err != nil {
		return nil, s.ownFailure(err)
	}
	return found, nil
}

func (s *Source) readParts(ctx context.Context, tx pgx.Tx, r *source.Rejection) error {
	rows, err := tx.Query(ctx, "SELECT kind, data FROM "+s.schema+".payloads WHERE id = $1 ORDER BY kind, part", r.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		var data []byte
		if err := rows.Scan(&kind, &data); err != nil {
			return err
		}
		switch kind {
		case "payload":
			r.Payload = append(r.Payload, data...)
		case "client":
			r.Client = append(r.Client, data...)
		}
	}
	return rows.Err()
}

// Settle implements source.Inbox. Somebody who settles at the same time makes it a conflict; looking
// again tells whether the rejections moved.
func (s *Source) Settle(ctx context.Context, list []source.Settlement) error {
	return s.alone(ctx, &source.Finish{Settle: list})
}

// alone commits our own records without a row of the customer's.
func (s *Source) alone(ctx context.Context, finish *source.Finish) error {
	for try := 1; ; try++ {
		t := &tx{src: s}
		err := t.Apply(ctx, nil, finish)
		if f := source.FailureOf(err); f == nil || f.Code != "conflict" || try == settleTries {
			return err
		}
	}
}

// Erase implements source.Inbox.
func (s *Source) Erase(ctx context.Context, userID string) (n int, err error) {
	pool, err := s.connections(ctx)
	if err != nil {
		return 0, err
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, s.deleteOwn("rejection")+" AND p.user_id = $2)", s.opt.Instance, userID)
		if err != nil {
			return err
		}
		n = int(tag.RowsAffected())
		if tag, err = tx.Exec(ctx, s.deleteOwn("conflict")+" AND p.user_id = $2)", s.opt.Instance, userID); err != nil {
			return err
		}
		n += int(tag.RowsAffected())
		if _, err = tx.Exec(ctx, "UPDATE "+s.schema+".tombstones SET user_id = '', client_id = '' WHERE user_id = $1 AND user_id <> ''", userID); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE "+s.schema+".clients SET user_id = NULL, client_id = NULL, report = NULL WHERE user_id = $1", userID)
		return err
	})
	if err != nil {
		return 0, s.ownFailure(err)
	}
	return n, nil
}
