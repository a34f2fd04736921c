package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/runtime/source"
)

const conflictColumns = `c.id, c.user_id, c.table_name, c.row_id, c.status, c.created_at, c.client_data, c.server_data,
	coalesce(d.owner, ''), coalesce(d.client_id, ''), coalesce(d.request_id, ''), coalesce(d.deployment, 0), coalesce(d.operation, -1), coalesce(d.op, ''),
	coalesce(d.policy, ''), coalesce(d.outcome, ''), coalesce(d.provider, ''), coalesce(d.rejection_id, ''), coalesce(d.fields, '[]'), d.settled_at, coalesce(d.settled_by, ''), d.resolution`

func (s *Source) fromConflicts() string {
	return " FROM " + s.schema + ".turnkey_conflicts c LEFT JOIN " + s.schema + ".conflict_details d ON d.id = c.id"
}

// Conflicts implements source.Archive.
func (s *Source) Conflicts(ctx context.Context, f source.ConflictFilter) ([]source.ConflictRecord, error) {
	var l listing
	s.ours(&l, "d")
	among(&l, "c.status", f.Status)
	l.text("c.user_id = ?", f.UserID)
	l.text("d.client_id = ?", f.ClientID)
	l.text("c.table_name = ?", f.TableName)
	l.text("c.row_id = ?", f.RowID)
	l.text("d.policy = ?", f.Policy)
	l.text("d.outcome = ?", f.Outcome)
	l.text("d.rejection_id = ?", f.Rejection)
	if f.Deployment != 0 {
		l.by("d.deployment = ?", int32(f.Deployment))
	}
	l.during("c.created_at", f.From, f.To)
	page := l.page("c.id", f.After, f.OldestFirst, f.Limit)
	return records(ctx, s, scanConflict, "SELECT "+conflictColumns+s.fromConflicts()+page, l.args...)
}

// scanConflict reads conflictColumns, and what follows them into more.
func scanConflict(row pgx.Row, more ...any) (source.ConflictRecord, error) {
	var c source.ConflictRecord
	var owner []byte
	var status, fields string
	var client, server, resolution *string
	var settled *time.Time
	err := row.Scan(append([]any{&c.ID, &c.UserID, &c.TableName, &c.RowID, &status, &c.CreatedAt, &client, &server,
		&owner, &c.ClientID, &c.RequestID, &c.Deployment, &c.Operation, &c.Op, &c.Policy, &c.Outcome, &c.Provider, &c.Rejection, &fields, &settled, &c.SettledBy, &resolution}, more...)...)
	if err != nil {
		return c, err
	}
	copy(c.Owner[:], owner)
	c.Status, c.CreatedAt = source.ConflictStatus(status), c.CreatedAt.UTC()
	c.ClientData, c.ServerData, c.Resolution = bytesOf(client), bytesOf(server), bytesOf(resolution)
	if settled != nil {
		c.SettledAt = settled.UTC()
	}
	return c, json.Unmarshal([]byte(fields), &c.Fields)
}

// bytesOf is textOf's way back.
func bytesOf(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

// Conflict implements source.Archive, from one snapshot.
func (s *Source) Conflict(ctx context.Context, id string) (*source.ConflictRecord, error) {
	pool, err := s.connections(ctx)
	if err != nil {
		return nil, err
	}
	var found *source.ConflictRecord
	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var claims *string
		c, err := scanConflict(tx.QueryRow(ctx, "SELECT "+conflictColumns+", d.claims"+s.fromConflicts()+" WHERE c.id = $1 AND "+ours("d", 2), id, s.opt.Instance), &claims)
		if err == pgx.ErrNoRows {
			return nil
		} else if err != nil {
			return err
		}
		c.Claims = bytesOf(claims)
		rows, err := tx.Query(ctx, "SELECT data FROM "+s.schema+".conflict_payloads WHERE id = $1 AND kind = 'values' ORDER BY part", id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var part []byte
			if err := rows.Scan(&part); err != nil {
				return err
			}
			c.Values = append(c.Values, part...)
		}
		found = &c
		return rows.Err()
	})
	if err != nil {
		return nil, s.ownFailure(err)
	}
	return found, nil
}

// CloseConflicts implements source.Archive; see Settle.
func (s *Source) CloseConflicts(ctx context.Context, list []source.Closing) error {
	return s.alone(ctx, &source.Finish{Close: list})
}

func scanMarks(rows pgx.Rows, err error) ([]source.Mark, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []source.Mark
	for rows.Next() {
		var m source.Mark
		var at *time.Time
		var owner []byte
		var user, client string
		var left *string
		if err := rows.Scan(&m.TableName, &m.RowID, &at, &owner, &user, &client, &left); err != nil {
			return nil, err
		}
		if at != nil {
			m.Deleted = &source.Tombstone{TableName: m.TableName, RowID: m.RowID, At: at.UTC(), UserID: user, ClientID: client}
			copy(m.Deleted.Owner[:], owner)
		}
		if left != nil {
			if err := json.Unmarshal([]byte(*left), &m.Left); err != nil {
				return nil, err
			}
		}
		out = append(out, m)
	}
	return out, rows.Err()
}
