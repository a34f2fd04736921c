package postgres

import (
	"context"
	"strings"

	"turnkey/runtime/source"
)

var _ source.Creator = (*Source)(nil)

// Create implements source.Creator: one statement, one round trip, if all rows are of one table and
// have the same columns. Row-level security is left to the ordinary way, which sets its session.
func (s *Source) Create(ctx context.Context, as source.Session, changes []source.Change) (created bool, err error) {
	if s.opt.RLS != nil {
		return false, nil
	}
	t := &tx{src: s, as: as}
	buckets, err := t.buckets(ctx, changes)
	if err != nil || len(buckets) != 1 {
		return false, nil // the ordinary way reports it, with the change to blame
	}
	st, err := buckets[0].statement(changes, nil)
	if err != nil {
		return false, nil
	}
	if len(changes) > 1 { // all or none: rows that are there already keep the others from being written
		key := buckets[0].relation.byName[buckets[0].table.Key]
		st.sql = strings.TrimSuffix(st.sql, " ON CONFLICT ("+key.quoted+") DO NOTHING") +
			" WHERE NOT EXISTS (SELECT FROM " + buckets[0].relation.name + " AS t WHERE t." + key.quoted + " = ANY ($1::text[]::" + key.cast + "[]))"
	}
	pool, err := s.connections(ctx)
	if err != nil {
		return false, err
	}
	tag, err := pool.Exec(ctx, st.sql, st.args...)
	if err != nil {
		f := source.FailureOf(t.commitFailure(err))
		if f.Class == source.Refused || f.Class == source.Conflict {
			return false, nil
		}
		return false, f
	}
	return tag.RowsAffected() == int64(len(changes)), nil
}
