package postgres

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"turnkey/runtime/source"
)

// Several instances may use one database, and then one schema of ours: a development instance beside the real one, or
// two backends of one customer. What says who is who by itself (receipts, clients, waiting rows: their owner is a hash over the
// instance, too) and what is true of the data whoever wrote it (tombstones) needs no more. What people see and act on does:
// rejections, conflicts and deliveries have the instance that made them, and another sees nothing of them. Those
// that a layout before 4 made have none, and belong to everybody.
var instanceLayout = []string{
	"ALTER TABLE $.rejection_details ADD COLUMN IF NOT EXISTS instance text NOT NULL DEFAULT ''",
	"ALTER TABLE $.conflict_details ADD COLUMN IF NOT EXISTS instance text NOT NULL DEFAULT ''",
	"ALTER TABLE $.outbox ADD COLUMN IF NOT EXISTS instance text NOT NULL DEFAULT ''",
}

// ofAnEarlierLayout recognises that a column of instanceLayout is missing, which the server says without the schema.
func ofAnEarlierLayout(pg *pgconn.PgError) bool {
	for _, table := range []string{"rejection_details", "conflict_details", "outbox"} {
		if pg.Code == "42703" && strings.HasPrefix(pg.Message, `column "instance" of relation "`+table+`"`) {
			return true
		}
	}
	return false
}

// ours is the condition that a record, or the details beside it, is of the instance in a parameter. Details may be
// missing.
func ours(alias string, parameter int) string {
	return "coalesce(" + alias + ".instance, '') IN ($" + strconv.Itoa(parameter) + ", '')"
}

// ours adds it to a list.
func (s *Source) ours(l *listing, alias string) {
	l.args = append(l.args, s.opt.Instance)
	l.where = append(l.where, ours(alias, len(l.args)))
}

// deleteOwn is the beginning of a statement that deletes the instance's rejections or conflicts, p, as far as what
// follows selects them. $1 is the instance.
func (s *Source) deleteOwn(kind string) string {
	public := s.schema + ".turnkey_" + kind + "s"
	return "DELETE FROM " + public + " WHERE id IN (SELECT p.id FROM " + public + " p LEFT JOIN " + s.schema + "." + kind + "_details d ON d.id = p.id WHERE " + ours("d", 1)
}

// keptAs are the retentions of what instances share, as they are named in meta.
func keptAs(keep *source.Retention) map[string]*time.Duration {
	return map[string]*time.Duration{"receipts": &keep.Receipts, "clients": &keep.Clients, "traces": &keep.Conflicts, "tombstones": &keep.Tombstones}
}

// agree says in meta how long this instance wants what is shared to be kept, in minutes, and takes the longest that
// any instance wants. One that is gone for good keeps its say: too much is kept then, never too little.
func (w *sweep) agree(ctx context.Context, tx pgx.Tx) (int, bool, error) {
	w.shared = w.keep
	for name, wanted := range keptAs(&w.shared) {
		minutes := int64(*wanted / time.Minute)
		err := tx.QueryRow(ctx, w.sql(`WITH mine AS (INSERT INTO %.meta AS m (name, version) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET version = excluded.version WHERE m.version <> excluded.version)
			SELECT greatest($2, coalesce(max(version), 0)) FROM %.meta WHERE starts_with(name, $3) AND name <> $1`),
			"keep "+name+" "+w.src.opt.Instance, min(minutes, 1<<31-1), "keep "+name+" ").Scan(&minutes)
		if err != nil {
			return 0, false, err
		}
		*wanted = max(*wanted, time.Duration(minutes)*time.Minute)
	}
	return 0, false, nil
}
