package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/runtime/source"
)

const (
	// sweepRows bounds one transaction of the sweeper, sweepRejections one that removes payloads, too.
	sweepRows, sweepRejections = 1000, 100
	// leaseTime is far longer than one transaction of the sweeper takes.
	leaseTime = "30 seconds"
)

// Sweep implements source.Sweeper. Every transaction renews the lease in meta and does nothing without.
func (s *Source) Sweep(ctx context.Context, now time.Time, keep source.Retention) (source.Swept, error) {
	var swept source.Swept
	pool, err := s.connections(ctx)
	if err != nil {
		return swept, err
	}
	w := &sweep{src: s, holder: rand.Text(), now: now, keep: keep}
	for _, part := range []struct {
		batch func(context.Context, pgx.Tx) (removed int, more bool, err error)
		total *int
	}{{w.agree, new(int)}, {w.receipts, &swept.Receipts}, {w.rejections, &swept.Rejections}, {w.clients, &swept.Clients},
		{w.conflicts, &swept.Conflicts}, {w.traces, new(int)}, {w.tombstones, &swept.Tombstones}} {
		for more := true; more; {
			var removed int
			err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) (err error) {
				if err = w.lease(ctx, tx); err == nil {
					removed, more, err = part.batch(ctx, tx)
				}
				return err
			})
			switch {
			case err == errBusy:
				swept.Busy = true
				return swept, nil
			case err != nil && ctx.Err() != nil:
				swept.More = true
				w.release(ctx, pool)
				return swept, nil
			case err != nil:
				w.release(ctx, pool)
				return swept, s.ownFailure(err)
			}
			*part.total += removed
		}
	}
	w.release(ctx, pool)
	return swept, nil
}

// sweep is one run of the sweeper.
type sweep struct {
	src    *Source
	holder string
	now    time.Time
	keep   source.Retention // of what is the instance's own
	shared source.Retention // of the rest; see share.go
}

var errBusy = &source.Failure{Class: source.Conflict, Code: "lease_held", Message: "Another runtime sweeps.", Change: -1}

// lease takes or renews the lease, by the database's clock.
func (w *sweep) lease(ctx context.Context, tx pgx.Tx) error {
	tag, err := tx.Exec(ctx, "INSERT INTO "+w.src.schema+`.meta AS m (name, version, holder, held_until) VALUES ('sweep', 0, $1, clock_timestamp() + $2::interval)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
		WHERE m.holder = excluded.holder OR m.held_until IS NULL OR m.held_until < clock_timestamp()`, w.holder, leaseTime)
	if err == nil && tag.RowsAffected() == 0 {
		return errBusy
	}
	return err
}

func (w *sweep) release(ctx context.Context, pool *pgxpool.Pool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
	defer cancel()
	// Without it the lease ends by itself.
	_, _ = pool.Exec(ctx, "UPDATE "+w.src.schema+".meta SET held_until = NULL WHERE name = 'sweep' AND holder = $1", w.holder)
}

// receipts removes whole blocks whose last receipt is old. Parts of a block have to stay together: their
// number is the next one's key. A transaction that adds to such a block has locked the last receipt,
// and then the block stays; one that comes later finds the lock gone and starts over (see aged).
func (w *sweep) receipts(ctx context.Context, tx pgx.Tx) (removed int, more bool, err error) {
	before := w.now.Add(-w.shared.Receipts)
	const last = "(SELECT n.seq FROM %.receipts n WHERE n.owner = r.owner AND n.block = r.block ORDER BY n.seq DESC LIMIT 1)"
	rows, err := tx.Query(ctx, w.sql("SELECT r.owner, r.block, r.seq FROM %.receipts r WHERE r.at < $1 AND r.seq = "+last+" LIMIT 1000 FOR UPDATE SKIP LOCKED"), before)
	if err != nil {
		return 0, false, err
	}
	var owners [][]byte
	var blocks []int64
	var seqs []int32
	size := 0
	for rows.Next() {
		var owner []byte
		var block int64
		var seq int32
		if err := rows.Scan(&owner, &block, &seq); err != nil {
			rows.Close()
			return 0, false, err
		}
		if n := int(seq) + 1; len(blocks) == 0 || size+n <= sweepRows {
			owners, blocks, seqs, size = append(owners, owner), append(blocks, block), append(seqs, seq), size+n
		}
	}
	if err := rows.Err(); err != nil || len(blocks) == 0 {
		return 0, false, err
	}
	rows, err = tx.Query(ctx, w.sql("DELETE FROM %.receipts r USING unnest($1::bytea[], $2::bigint[], $3::integer[]) AS v(owner, block, seq)"+
		" WHERE r.owner = v.owner AND r.block = v.block AND v.seq = "+last+" RETURNING r.owner, r.ops"), owners, blocks, seqs)
	if err != nil {
		return 0, false, err
	}
	floors := map[source.Owner]int64{}
	for rows.Next() {
		var owner []byte
		var ops []int64
		if err := rows.Scan(&owner, &ops); err != nil {
			rows.Close()
			return 0, false, err
		}
		removed++
		for _, op := range ops {
			key := source.Owner(owner)
			if floor, ok := floors[key]; !ok || op > floor {
				floors[key] = op
			}
		}
	}
	if err := rows.Err(); err != nil {
		return 0, false, err
	}
	return removed, removed > 0, w.raise(ctx, tx, floors)
}

// raise lifts owners' floors.
func (w *sweep) raise(ctx context.Context, tx pgx.Tx, floors map[source.Owner]int64) error {
	if len(floors) == 0 {
		return nil
	}
	var owners [][]byte
	var values []int64
	for owner := range floors {
		owners = append(owners, owner[:])
	}
	slices.SortFunc(owners, bytes.Compare)
	for _, owner := range owners {
		values = append(values, floors[source.Owner(owner)])
	}
	_, err := tx.Exec(ctx, w.sql(`INSERT INTO %.clients AS c (owner, floor, seen_at) SELECT v.owner, v.floor, $3 FROM unnest($1::bytea[], $2::bigint[]) AS v(owner, floor)
		ON CONFLICT (owner) DO UPDATE SET floor = greatest(c.floor, excluded.floor), seen_at = greatest(c.seen_at, excluded.seen_at)`), owners, values, w.now)
	return err
}

// sql puts our schema in.
func (w *sweep) sql(text string) string { return strings.ReplaceAll(text, "%", w.src.schema) }

func (w *sweep) rejections(ctx context.Context, tx pgx.Tx) (int, bool, error) {
	tag, err := tx.Exec(ctx, w.src.deleteOwn("rejection")+" AND p.created_at < $2 ORDER BY p.created_at LIMIT $3)", w.src.opt.Instance, w.now.Add(-w.keep.Rejections), sweepRejections)
	return int(tag.RowsAffected()), tag.RowsAffected() == sweepRejections, err
}

func (w *sweep) clients(ctx context.Context, tx pgx.Tx) (int, bool, error) {
	tag, err := tx.Exec(ctx, w.sql(`DELETE FROM %.clients WHERE owner IN (SELECT owner FROM %.clients c WHERE c.seen_at < $1
		AND NOT EXISTS (SELECT FROM %.receipts r WHERE r.owner = c.owner) LIMIT $2)`), w.now.Add(-w.shared.Clients), sweepRows)
	return int(tag.RowsAffected()), tag.RowsAffected() == sweepRows, err
}

func (w *sweep) conflicts(ctx context.Context, tx pgx.Tx) (int, bool, error) {
	tag, err := tx.Exec(ctx, w.src.deleteOwn("conflict")+" AND p.created_at < $2 ORDER BY p.created_at LIMIT $3)", w.src.opt.Instance, w.now.Add(-w.keep.Conflicts), sweepRejections)
	return int(tag.RowsAffected()), tag.RowsAffected() == sweepRejections, err
}

func (w *sweep) traces(ctx context.Context, tx pgx.Tx) (int, bool, error) {
	return w.aged(ctx, tx, "traces", w.shared.Conflicts)
}

func (w *sweep) tombstones(ctx context.Context, tx pgx.Tx) (int, bool, error) {
	return w.aged(ctx, tx, "tombstones", w.shared.Tombstones)
}

// aged removes a batch of what is older than its retention. A row that somebody renews meanwhile is left
// for another time.
func (w *sweep) aged(ctx context.Context, tx pgx.Tx, table string, keep time.Duration) (int, bool, error) {
	tag, err := tx.Exec(ctx, w.sql("DELETE FROM %."+table+" WHERE ctid = ANY (ARRAY(SELECT ctid FROM %."+table+" WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))"),
		w.now.Add(-keep), sweepRows)
	return int(tag.RowsAffected()), tag.RowsAffected() == sweepRows, err
}
