package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// listing is the query of a list of our own records in the making: what it selects by, and which page of it.
type listing struct {
	where []string
	args  []any
}

// by adds a condition, in which ? stands for the argument.
func (l *listing) by(condition string, arg any) {
	l.args = append(l.args, arg)
	l.where = append(l.where, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(l.args))))
}

// text adds a condition about a text, unless that is empty.
func (l *listing) text(condition, text string) {
	if text != "" {
		l.by(condition, text)
	}
}

// during adds that a time lies between two, of which zero ones do not count.
func (l *listing) during(column string, from, to time.Time) {
	if !from.IsZero() {
		l.by(column+" >= ?", from)
	}
	if !to.IsZero() {
		l.by(column+" < ?", to)
	}
}

// among adds that a column has one of some values, unless there are none.
func among[S ~string](l *listing, column string, values []S) {
	if len(values) == 0 {
		return
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	l.by(column+" = ANY (?::text[])", texts)
}

// page ends the query: at most so many records after one of them, in the order of their ids. Ids are compared
// byte by byte, whatever the database's language.
func (l *listing) page(id, after string, oldestFirst bool, limit int) string {
	id += ` COLLATE "C"`
	than, order := " < ?", " DESC"
	if oldestFirst {
		than, order = " > ?", " ASC"
	}
	l.text(id+than, after)
	where := ""
	if len(l.where) > 0 {
		where = " WHERE " + strings.Join(l.where, " AND ")
	}
	return where + " ORDER BY " + id + order + " LIMIT " + strconv.Itoa(min(max(limit, 1), 1000))
}

// records runs a query and reads each of its rows by scan.
func records[T any](ctx context.Context, s *Source, scan func(pgx.Row, ...any) (T, error), sql string, args ...any) ([]T, error) {
	pool, err := s.connections(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, s.ownFailure(err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, s.ownFailure(err)
		}
		out = append(out, one)
	}
	if err := rows.Err(); err != nil {
		return nil, s.ownFailure(err)
	}
	return out, nil
}
