package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"turnkey/runtime/source"
)

// partSize bounds one row of payloads: PostgreSQL and its replicas take small rows more gladly.
const partSize = 4 << 20

// has reports whether finish touches our own tables.
func has(f *source.Finish) bool {
	return len(f.Receipts) > 0 || !f.Bare()
}

// queueFinish writes our own records.
func (t *tx) queueFinish(s *script, f *source.Finish) {
	if !has(f) {
		return
	}
	t.asOurselves(s)
	t.queueReceipts(s, f.Receipts)
	if f.Rejection != nil {
		t.src.queueRejection(s, f.Rejection)
	}
	t.src.queueClose(s, f.Close) // before the rest of a case goes with its rejection
	t.src.queueSettle(s, f.Settle)
	t.src.queueNotes(s, f.Notes)
	t.src.queueDeliveries(s, f.Deliveries)
	t.src.queueConflicts(s, f.Conflicts)
	t.src.queueMarks(s, f)
}

// queueRejection writes a rejection. One that is there already is from a try whose outcome did not
// arrive, and stays as it is.
func (s *Source) queueRejection(b *script, r *source.Rejection) {
	status, group := r.Status, r.Group
	if status == "" {
		status = source.Open
	}
	if group == "" {
		group = r.ID
	}
	b.add("INSERT INTO "+s.schema+`.turnkey_rejections (id, user_id, table_name, row_id, error_code, message, hint, status, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
		[]any{r.ID, r.UserID, r.TableName, r.RowID, r.ErrorCode, r.Message, r.Hint, string(status), r.CreatedAt}, nil)
	b.add("INSERT INTO "+s.schema+`.rejection_details (id, client_id, request_id, deployment, operation, detail, payload_bytes, owner, provider, claims, group_id, attempts, instance)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING`,
		[]any{r.ID, r.ClientID, r.RequestID, int32(r.Deployment), int32(r.Operation), r.Detail, int64(len(r.Payload)), r.Owner[:], r.Provider, textOf(r.Claims), group, int32(r.Attempts), s.opt.Instance}, nil)
	s.queueParts(b, r.ID, "payload", r.Payload)
	s.queueParts(b, r.ID, "client", r.Client)
	if !status.Waiting() || len(r.Rows) == 0 {
		return
	}
	tables, ids, creates := make([]string, len(r.Rows)), make([]string, len(r.Rows)), make([]bool, len(r.Rows))
	for i, row := range r.Rows {
		tables[i], ids[i], creates[i] = row.TableName, row.RowID, row.Creates
	}
	b.add("INSERT INTO "+s.schema+`.rejected_rows (table_name, row_id, owner, rejection_id, group_id, creates)
		SELECT v.table_name, v.row_id, $1, $2, $3, bool_or(v.creates) FROM unnest($4::text[], $5::text[], $6::boolean[]) AS v(table_name, row_id, creates)
		WHERE EXISTS (SELECT FROM `+s.schema+`.turnkey_rejections r WHERE r.id = $2 AND r.status IN ('open', 'held'))
		GROUP BY v.table_name, v.row_id ON CONFLICT DO NOTHING`, []any{r.Owner[:], r.ID, group, tables, ids, creates}, nil)
}

func (s *Source) queueParts(b *script, id, kind string, data []byte) {
	for part := int32(0); len(data) > 0; part++ {
		n := min(len(data), partSize)
		b.add("INSERT INTO "+s.schema+".payloads (id, kind, part, data) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", []any{id, kind, part, data[:n]}, nil)
		data = data[n:]
	}
}

// textOf is nil for nil: no claims are something else than empty ones.
func textOf(b []byte) *string {
	if b == nil {
		return nil
	}
	s := string(b)
	return &s
}

// queueSettle moves rejections; the counts decide before the commit.
func (s *Source) queueSettle(b *script, list []source.Settlement) {
	for i := range list {
		m := &list[i]
		from := make([]string, len(m.From))
		for i, status := range m.From {
			from[i] = string(status)
		}
		if m.To.Waiting() {
			s.queueReopen(b, m, from)
			continue
		}
		b.add("WITH moved AS (UPDATE "+s.schema+`.turnkey_rejections SET status = $3 WHERE id = $1 AND status = ANY ($2::text[]) RETURNING id)
			UPDATE `+s.schema+`.rejection_details d SET settled_at = $4, settled_by = $5, attempts = d.attempts + $6, group_id = coalesce(nullif($7, ''), d.group_id) FROM moved WHERE d.id = moved.id`,
			[]any{m.ID, from, string(m.To), m.At, m.By, count(m.Failed), m.Group}, affected(1, rejectionMoved))
		b.add("DELETE FROM "+s.schema+".rejected_rows WHERE rejection_id = $1", []any{m.ID}, nil)
		s.queueCase(b, m)
	}
}

// queueReopen lets a rejection wait, for another reason if one is given.
func (s *Source) queueReopen(b *script, m *source.Settlement, from []string) {
	b.add("WITH moved AS (UPDATE "+s.schema+`.turnkey_rejections r SET status = $3, error_code = CASE $4 WHEN '' THEN r.error_code ELSE $4 END,
			message = CASE $4 WHEN '' THEN r.message ELSE $5 END, hint = CASE $4 WHEN '' THEN r.hint ELSE $6 END
			WHERE id = $1 AND status = ANY ($2::text[]) RETURNING id)
		UPDATE `+s.schema+`.rejection_details d SET attempts = d.attempts + $7, detail = CASE $4 WHEN '' THEN d.detail ELSE $8 END,
			operation = CASE $4 WHEN '' THEN d.operation ELSE $9 END, group_id = coalesce(nullif($10, ''), d.group_id) FROM moved WHERE d.id = moved.id`,
		[]any{m.ID, from, string(m.To), m.ErrorCode, m.Message, m.Hint, count(m.Failed), m.Detail, int32(m.Operation), m.Group}, affected(1, rejectionMoved))
	if m.Group != "" {
		b.add("UPDATE "+s.schema+".rejected_rows SET group_id = $2 WHERE rejection_id = $1", []any{m.ID, m.Group}, nil)
	}
}

func count(yes bool) int32 {
	if yes {
		return 1
	}
	return 0
}

func rejectionMoved() *source.Failure {
	return &source.Failure{Class: source.Conflict, Code: "rejection_moved", Message: "The rejection is not in the expected state any more.", Change: -1}
}

// queueNotes adds notes to the rows of waiting rejections.
func (s *Source) queueNotes(b *script, notes []source.Note) {
	if len(notes) == 0 {
		return
	}
	at := map[source.RowName]int{}
	var tables, ids, written []string
	var paths [][]string
	var deleted []bool
	for _, n := range notes { // one line for each row: an UPDATE takes only one
		name := source.RowName{TableName: n.TableName, RowID: n.RowID}
		i, ok := at[name]
		if !ok {
			i = len(tables)
			at[name] = i
			tables, ids, paths, deleted = append(tables, n.TableName), append(ids, n.RowID), append(paths, nil), append(deleted, false)
		}
		paths[i], deleted[i] = append(paths[i], n.Written...), deleted[i] || n.Deleted
	}
	for _, list := range paths {
		written = append(written, textArray(list))
	}
	b.add("UPDATE "+s.schema+`.rejected_rows r SET deleted = r.deleted OR v.deleted,
			written = ARRAY(SELECT DISTINCT w FROM unnest(r.written || v.written::text[]) w ORDER BY w)
		FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS v(table_name, row_id, written, deleted)
		WHERE r.table_name = v.table_name AND r.row_id = v.row_id`, []any{tables, ids, written, deleted}, nil)
}

// Rejected implements source.Tx.
func (t *tx) Rejected(ctx context.Context, rows []source.RowName) ([]source.RejectedRow, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	s, err := t.begin(ctx)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	t.asOurselves(s)
	tables, ids := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		tables[i], ids[i] = r.TableName, r.RowID
	}
	var out []source.RejectedRow
	s.add("SELECT DISTINCT r.table_name, r.row_id, r.creates, r.owner, r.rejection_id, r.group_id, r.written, r.deleted FROM "+t.src.schema+`.rejected_rows r
		JOIN unnest($1::text[], $2::text[]) AS v(table_name, row_id) ON r.table_name = v.table_name AND r.row_id = v.row_id ORDER BY r.rejection_id`,
		[]any{tables, ids}, func(results pgx.BatchResults) (err error) {
			out, err = scanRejectedRows(results.Query())
			return err
		})
	if err := t.run(ctx, s); err != nil {
		return nil, err
	}
	return out, nil
}

func scanRejectedRows(rows pgx.Rows, err error) ([]source.RejectedRow, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []source.RejectedRow
	for rows.Next() {
		var r source.RejectedRow
		var owner []byte
		if err := rows.Scan(&r.TableName, &r.RowID, &r.Creates, &owner, &r.Rejection, &r.Group, &r.Written, &r.Deleted); err != nil {
			return nil, err
		}
		copy(r.Owner[:], owner)
		if len(r.Written) == 0 {
			r.Written = nil
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
