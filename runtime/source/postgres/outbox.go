package postgres

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/runtime/source"
)

// queueDeliveries puts deliveries into the outbox, with one statement. Where a transaction that our
// snapshot does not show has written one of them, the database makes it a conflict.
func (s *Source) queueDeliveries(b *script, list []source.Delivery) {
	if len(list) == 0 {
		return
	}
	n := len(list)
	texts := make([][]string, 7)
	deployments, times, payloads := make([]int32, n), make([]time.Time, n), make([][]byte, n)
	for i := range list {
		d := &list[i]
		for at, text := range []string{d.ID, string(d.Kind), d.Lane, d.UserID, d.TableName, d.RowID, d.RequestID} {
			texts[at] = append(texts[at], storable(text))
		}
		deployments[i], times[i], payloads[i] = int32(d.Deployment), d.CreatedAt, append([]byte{}, d.Payload...)
	}
	args := make([]any, 0, len(texts)+4)
	for _, column := range texts {
		args = append(args, column)
	}
	b.add("INSERT INTO "+s.schema+`.outbox (id, kind, lane, user_id, table_name, row_id, request_id, deployment, created_at, payload, status, due_at, instance)
		SELECT v.*, 'pending', v.created_at, $11 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::timestamptz[], $10::bytea[])
			AS v(id, kind, lane, user_id, table_name, row_id, request_id, deployment, created_at, payload)
		ON CONFLICT (id) DO NOTHING`, append(args, deployments, times, payloads, s.opt.Instance), nil)
}

// storable makes any text one that PostgreSQL takes.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// NextDelivery implements source.Outbox.
func (s *Source) NextDelivery(ctx context.Context, not []string) (lane string, due time.Time, _ error) {
	pool, err := s.connections(ctx)
	if err != nil {
		return "", due, err
	}
	err = pool.QueryRow(ctx, "SELECT lane, due_at FROM "+s.schema+".outbox o WHERE status = 'pending' AND lane <> ALL ($1::text[]) AND "+ours("o", 2)+" ORDER BY due_at LIMIT 1", append([]string{}, not...), s.opt.Instance).Scan(&lane, &due)
	switch {
	case err == pgx.ErrNoRows:
		return "", time.Time{}, nil
	case err != nil:
		return "", time.Time{}, s.ownFailure(err)
	}
	return lane, due.UTC(), nil
}

// ClaimDeliveries implements source.Outbox. What somebody else claims at the same moment is passed over.
func (s *Source) ClaimDeliveries(ctx context.Context, c source.LaneClaim) ([]source.Delivery, error) {
	where, lane := "lane = $1", any(c.Lane)
	if c.Lane == "" {
		where, lane = "lane <> ALL ($1::text[])", append([]string{}, c.Not...)
	}
	// Materialized, or the server might look again for each row and find more than the limit.
	sql := "WITH d AS MATERIALIZED (SELECT id FROM " + s.schema + ".outbox o WHERE status = 'pending' AND due_at <= $4 AND " + where + " AND " + ours("o", 5) +
		" ORDER BY due_at LIMIT " + strconv.Itoa(min(max(c.Limit, 1), 100)) + " FOR UPDATE SKIP LOCKED) UPDATE " + s.schema +
		".outbox o SET lease = $2, due_at = $3, attempts = o.attempts + 1 FROM d WHERE o.id = d.id RETURNING " + deliveryColumns
	return records(ctx, s, scanDelivery, sql, lane, c.Lease, c.Until, c.Now, s.opt.Instance)
}

// ReportDelivery implements source.Outbox.
func (s *Source) ReportDelivery(ctx context.Context, r source.DeliveryReport) (bool, error) {
	var last *string
	uncounted := int32(1)
	if r.Last != nil {
		uncounted = 0
		raw, err := json.Marshal(r.Last)
		if err != nil {
			return false, err
		}
		text := storable(string(raw))
		last = &text
	}
	var settled *time.Time
	if r.To != source.Pending {
		settled = &r.Due
	}
	return s.one(ctx, "UPDATE "+s.schema+`.outbox SET status = $3, due_at = $4, lease = '', last = coalesce($5, last), attempts = attempts - $6, settled_at = $7, settled_by = ''
		WHERE id = $1 AND lease = $2 AND status = 'pending'`, r.ID, r.Lease, string(r.To), r.Due, last, uncounted, settled)
}

// MoveDelivery implements source.Outbox.
func (s *Source) MoveDelivery(ctx context.Context, m source.DeliveryMove) (bool, error) {
	if m.To == source.Pending {
		return s.one(ctx, "UPDATE "+s.schema+`.outbox o SET status = 'pending', due_at = $2, attempts = 0, lease = '', settled_at = NULL, settled_by = ''
			WHERE id = $1 AND (status <> 'pending' OR lease = '' OR due_at <= $2) AND `+ours("o", 3), storable(m.ID), m.At, s.opt.Instance)
	}
	return s.one(ctx, "UPDATE "+s.schema+`.outbox o SET status = $4, lease = '', settled_at = $2, settled_by = $3
		WHERE id = $1 AND status IN ('pending', 'dead') AND `+ours("o", 5), storable(m.ID), m.At, m.By, string(m.To), s.opt.Instance)
}

// one runs a statement about one row and reports whether it found it.
func (s *Source) one(ctx context.Context, sql string, args ...any) (bool, error) {
	pool, err := s.connections(ctx)
	if err != nil {
		return false, err
	}
	tag, err := pool.Exec(ctx, sql, args...)
	if err != nil {
		return false, s.ownFailure(err)
	}
	return tag.RowsAffected() == 1, nil
}

const deliveryColumns = `o.id, o.kind, o.lane, o.user_id, o.table_name, o.row_id, o.request_id, o.deployment, o.created_at, octet_length(o.payload),
	o.status, o.due_at, o.attempts, o.lease, o.last, o.settled_at, o.settled_by`

// Deliveries implements source.Outbox.
func (s *Source) Deliveries(ctx context.Context, f source.DeliveryFilter) ([]source.Delivery, error) {
	var l listing
	s.ours(&l, "o")
	among(&l, "o.status", f.Status)
	l.text("o.kind = ?", string(f.Kind))
	l.text("o.lane = ?", f.Lane)
	l.text("o.user_id = ?", f.UserID)
	page := l.page("o.id", f.After, false, f.Limit)
	return records(ctx, s, scanDelivery, "SELECT "+deliveryColumns+" FROM "+s.schema+".outbox o"+page, l.args...)
}

// Delivery implements source.Outbox.
func (s *Source) Delivery(ctx context.Context, id string) (*source.Delivery, error) {
	pool, err := s.connections(ctx)
	if err != nil {
		return nil, err
	}
	var payload []byte
	d, err := scanDelivery(pool.QueryRow(ctx, "SELECT "+deliveryColumns+", o.payload FROM "+s.schema+".outbox o WHERE o.id = $1 AND "+ours("o", 2), storable(id), s.opt.Instance), &payload)
	switch {
	case err == pgx.ErrNoRows:
		return nil, nil
	case err != nil:
		return nil, s.ownFailure(err)
	}
	d.Payload = payload
	return &d, nil
}

// scanDelivery reads deliveryColumns, and what follows them into more.
func scanDelivery(row pgx.Row, more ...any) (source.Delivery, error) {
	var d source.Delivery
	var kind, status, lease string
	var last *string
	var settled *time.Time
	err := row.Scan(append([]any{&d.ID, &kind, &d.Lane, &d.UserID, &d.TableName, &d.RowID, &d.RequestID, &d.Deployment, &d.CreatedAt, &d.PayloadBytes,
		&status, &d.DueAt, &d.Attempts, &lease, &last, &settled, &d.SettledBy}, more...)...)
	if err != nil {
		return d, err
	}
	d.Kind, d.Status, d.Leased, d.CreatedAt = source.DeliveryKind(kind), source.DeliveryStatus(status), lease != "", d.CreatedAt.UTC()
	if d.DueAt = d.DueAt.UTC(); d.Status != source.Pending {
		d.DueAt = time.Time{}
	}
	if settled != nil {
		d.SettledAt = settled.UTC()
	}
	if last != nil {
		d.Last = &source.Attempt{}
		err = json.Unmarshal([]byte(*last), d.Last)
	}
	return d, err
}

// EraseDeliveries implements source.Outbox.
func (s *Source) EraseDeliveries(ctx context.Context, userID string) (int, error) {
	return s.removeDeliveries(ctx, "user_id = $1", " ORDER BY id FOR UPDATE", storable(userID))
}

// SweepDeliveries implements source.Outbox. Runtimes that do so at once share the work.
func (s *Source) SweepDeliveries(ctx context.Context, settled, made time.Time) (int, error) {
	const share = " FOR UPDATE SKIP LOCKED"
	n, err := s.removeDeliveries(ctx, "settled_at < $1", share, settled)
	if err != nil {
		return n, err
	}
	old, err := s.removeDeliveries(ctx, "created_at < $1", share, made)
	return n + old, err
}

// removeDeliveries removes in batches, each a transaction by itself.
func (s *Source) removeDeliveries(ctx context.Context, where, lock string, arg any) (total int, err error) {
	pool, err := s.connections(ctx)
	if err != nil {
		return 0, err
	}
	for {
		tag, err := pool.Exec(ctx, "DELETE FROM "+s.schema+".outbox WHERE id IN (SELECT id FROM "+s.schema+".outbox o WHERE "+where+" AND "+ours("o", 2)+strings.Replace(lock, " FOR", " LIMIT "+strconv.Itoa(sweepRows)+" FOR", 1)+")", arg, s.opt.Instance)
		if err != nil {
			return total, s.ownFailure(err)
		}
		n := int(tag.RowsAffected())
		if total += n; n == 0 {
			return total, nil
		}
	}
}
