package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/runtime/source"
)

// conflictLayout are the statements of version 3: conflicts, tombstones and traces. The full values of a
// conflict lie in a table of their own beside payloads, whose rows belong to rejections.
var conflictLayout = []string{
	"CREATE TABLE IF NOT EXISTS $.turnkey_conflicts (id text PRIMARY KEY, user_id text NOT NULL, table_name text NOT NULL, row_id text NOT NULL, client_data text, server_data text, status text NOT NULL, created_at timestamptz NOT NULL)",
	"CREATE INDEX IF NOT EXISTS turnkey_conflicts_user ON $.turnkey_conflicts (user_id, created_at)",
	"CREATE INDEX IF NOT EXISTS turnkey_conflicts_order ON $.turnkey_conflicts (id COLLATE \"C\")",
	"CREATE INDEX IF NOT EXISTS turnkey_conflicts_status ON $.turnkey_conflicts (status, id COLLATE \"C\")",
	"CREATE INDEX IF NOT EXISTS turnkey_conflicts_row ON $.turnkey_conflicts (table_name, row_id)",
	"CREATE INDEX IF NOT EXISTS turnkey_conflicts_created ON $.turnkey_conflicts (created_at)",
	"CREATE TABLE IF NOT EXISTS $.conflict_details (id text PRIMARY KEY REFERENCES $.turnkey_conflicts ON DELETE CASCADE, owner bytea NOT NULL, client_id text NOT NULL, request_id text NOT NULL, deployment integer NOT NULL, operation integer NOT NULL, op text NOT NULL, policy text NOT NULL, outcome text NOT NULL, provider text NOT NULL, rejection_id text, fields text NOT NULL, claims text, settled_at timestamptz, settled_by text NOT NULL DEFAULT '', resolution text)",
	"CREATE INDEX IF NOT EXISTS conflict_details_rejection ON $.conflict_details (rejection_id) WHERE rejection_id IS NOT NULL",
	"CREATE INDEX IF NOT EXISTS conflict_details_client ON $.conflict_details (client_id)",
	"CREATE TABLE IF NOT EXISTS $.conflict_payloads (id text NOT NULL REFERENCES $.turnkey_conflicts ON DELETE CASCADE, kind text NOT NULL, part integer NOT NULL, data bytea NOT NULL, PRIMARY KEY (id, kind, part))",
	"CREATE TABLE IF NOT EXISTS $.tombstones (table_name text NOT NULL, row_id text NOT NULL, at timestamptz NOT NULL, owner bytea NOT NULL, user_id text NOT NULL, client_id text NOT NULL, PRIMARY KEY (table_name, row_id))",
	"CREATE INDEX IF NOT EXISTS tombstones_at ON $.tombstones (at)",
	"CREATE INDEX IF NOT EXISTS tombstones_user ON $.tombstones (user_id) WHERE user_id <> ''",
	"CREATE TABLE IF NOT EXISTS $.traces (owner bytea NOT NULL, table_name text NOT NULL, row_id text NOT NULL, remains text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (owner, table_name, row_id))",
	"CREATE INDEX IF NOT EXISTS traces_at ON $.traces USING brin (at) WITH (pages_per_range = 32)",
}

// queueConflicts records conflicts, with one statement for each table. One that is there already is from a try
// whose outcome did not arrive.
func (s *Source) queueConflicts(b *script, list []source.ConflictRecord) {
	if len(list) == 0 {
		return
	}
	n := len(list)
	text := func(of func(c *source.ConflictRecord) *string) []*string {
		out := make([]*string, n)
		for i := range list {
			out[i] = of(&list[i])
		}
		return out
	}
	given := func(of func(c *source.ConflictRecord) string) []*string {
		return text(func(c *source.ConflictRecord) *string { v := of(c); return &v })
	}
	ids, created, owners, deployments, operations := given(func(c *source.ConflictRecord) string { return c.ID }), make([]time.Time, n), make([][]byte, n), make([]int32, n), make([]int32, n)
	for i := range list {
		c := &list[i]
		created[i], owners[i], deployments[i], operations[i] = c.CreatedAt, c.Owner[:], int32(c.Deployment), int32(c.Operation)
	}
	b.add("INSERT INTO "+s.schema+`.turnkey_conflicts (id, user_id, table_name, row_id, client_data, server_data, status, created_at)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]) ON CONFLICT (id) DO NOTHING`,
		[]any{ids, given(func(c *source.ConflictRecord) string { return c.UserID }), given(func(c *source.ConflictRecord) string { return c.TableName }),
			given(func(c *source.ConflictRecord) string { return c.RowID }), text(func(c *source.ConflictRecord) *string { return textOf(c.ClientData) }),
			text(func(c *source.ConflictRecord) *string { return textOf(c.ServerData) }), given(func(c *source.ConflictRecord) string { return string(c.Status) }), created}, nil)
	b.add("INSERT INTO "+s.schema+`.conflict_details (id, owner, client_id, request_id, deployment, operation, op, policy, outcome, provider, rejection_id, fields, claims, instance)
		SELECT v.*, $14 FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::integer[], $6::integer[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]) v
		ON CONFLICT (id) DO NOTHING`,
		[]any{ids, owners, given(func(c *source.ConflictRecord) string { return c.ClientID }), given(func(c *source.ConflictRecord) string { return c.RequestID }), deployments, operations,
			given(func(c *source.ConflictRecord) string { return c.Op }), given(func(c *source.ConflictRecord) string { return c.Policy }), given(func(c *source.ConflictRecord) string { return c.Outcome }),
			given(func(c *source.ConflictRecord) string { return c.Provider }), text(rejectionOf), given(fieldsOf), text(func(c *source.ConflictRecord) *string { return textOf(c.Claims) }), s.opt.Instance}, nil)
	s.queueValues(b, list)
}

func rejectionOf(c *source.ConflictRecord) *string {
	if c.Rejection == "" {
		return nil
	}
	return &c.Rejection
}

func fieldsOf(c *source.ConflictRecord) string {
	fields, err := json.Marshal(c.Fields)
	if err != nil { // names and words
		return "[]"
	}
	return string(fields)
}

// queueValues writes the full values in parts, as many with one statement as are together no larger than a part.
func (s *Source) queueValues(b *script, list []source.ConflictRecord) {
	var ids []string
	var parts []int32
	var data [][]byte
	size := 0
	flush := func() {
		if len(ids) > 0 {
			b.add("INSERT INTO "+s.schema+`.conflict_payloads (id, kind, part, data)
				SELECT v.id, 'values', v.part, v.data FROM unnest($1::text[], $2::integer[], $3::bytea[]) AS v(id, part, data) ON CONFLICT DO NOTHING`, []any{ids, parts, data}, nil)
		}
		ids, parts, data, size = nil, nil, nil, 0
	}
	for i := range list {
		rest := list[i].Values
		for part := int32(0); len(rest) > 0; part++ {
			n := min(len(rest), partSize)
			if size += n; size > partSize {
				flush()
				size = n
			}
			ids, parts, data = append(ids, list[i].ID), append(parts, part), append(data, rest[:n])
			rest = rest[n:]
		}
	}
	flush()
}

// queueClose moves conflicts; the counts decide before the commit.
func (s *Source) queueClose(b *script, list []source.Closing) {
	for i := range list {
		m := &list[i]
		from := make([]string, len(m.From))
		for i, status := range m.From {
			from[i] = string(status)
		}
		b.add("WITH moved AS (UPDATE "+s.schema+`.turnkey_conflicts SET status = $3 WHERE id = $1 AND status = ANY ($2::text[]) RETURNING id)
			UPDATE `+s.schema+".conflict_details d SET settled_at = $4, settled_by = $5, resolution = $6 FROM moved WHERE d.id = moved.id",
			[]any{m.ID, from, string(m.To), m.At, m.By, textOf(m.Resolution)}, affected(1, conflictMoved))
	}
}

func conflictMoved() *source.Failure {
	return &source.Failure{Class: source.Conflict, Code: source.CodeConflictMoved, Message: "The conflict is not in the expected state any more.", Change: -1}
}

// queueCase closes what is still open of the case of a rejection that is settled.
func (s *Source) queueCase(b *script, m *source.Settlement) {
	to := source.ConflictDismissed
	if m.To == source.Replayed {
		to = source.ConflictResolved
	}
	b.add("WITH moved AS (UPDATE "+s.schema+".turnkey_conflicts SET status = $2 WHERE status = $3 AND id IN (SELECT id FROM "+s.schema+`.conflict_details WHERE rejection_id = $1) RETURNING id)
		UPDATE `+s.schema+".conflict_details d SET settled_at = $4, settled_by = $5 FROM moved WHERE d.id = moved.id",
		[]any{m.ID, string(to), string(source.ConflictOpen), m.At, m.By}, nil)
}

// queueMarks writes tombstones and traces over what is there, with one statement for each.
func (s *Source) queueMarks(b *script, f *source.Finish) {
	if n := len(f.Tombstones); n > 0 {
		tables, rows, users, clients, owners, at := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([][]byte, n), make([]time.Time, n)
		for i := range f.Tombstones {
			t := &f.Tombstones[i]
			tables[i], rows[i], users[i], clients[i], owners[i], at[i] = t.TableName, t.RowID, t.UserID, t.ClientID, t.Owner[:], t.At
		}
		b.add("INSERT INTO "+s.schema+`.tombstones AS t (table_name, row_id, at, owner, user_id, client_id)
			SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bytea[], $5::text[], $6::text[])
			ON CONFLICT (table_name, row_id) DO UPDATE SET at = excluded.at, owner = excluded.owner, user_id = excluded.user_id, client_id = excluded.client_id`,
			[]any{tables, rows, at, owners, users, clients}, nil)
	}
	if n := len(f.Traces); n > 0 {
		tables, rows, remains, owners, at := make([]string, n), make([]string, n), make([]string, n), make([][]byte, n), make([]time.Time, n)
		for i := range f.Traces {
			t := &f.Traces[i]
			tables[i], rows[i], remains[i], owners[i], at[i] = t.TableName, t.RowID, "{}", t.Owner[:], t.At
			if left, err := json.Marshal(t.Left); err == nil { // paths and hashes
				remains[i] = string(left)
			}
		}
		b.add("INSERT INTO "+s.schema+`.traces AS t (owner, table_name, row_id, remains, at)
			SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
			ON CONFLICT (owner, table_name, row_id) DO UPDATE SET remains = excluded.remains, at = excluded.at`,
			[]any{owners, tables, rows, remains, at}, nil)
	}
}

// Marks implements source.Tx.
func (t *tx) Marks(ctx context.Context, owner source.Owner, rows []source.RowName) ([]source.Mark, error) {
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
	var out []source.Mark
	s.add("SELECT v.table_name, v.row_id, d.at, d.owner, coalesce(d.user_id, ''), coalesce(d.client_id, ''), l.remains FROM (SELECT DISTINCT * FROM unnest($2::text[], $3::text[]) AS u(table_name, row_id)) v"+
		" LEFT JOIN "+t.src.schema+".tombstones d ON d.table_name = v.table_name AND d.row_id = v.row_id"+
		" LEFT JOIN "+t.src.schema+".traces l ON l.owner = $1 AND l.table_name = v.table_name AND l.row_id = v.row_id WHERE d.at IS NOT NULL OR l.remains IS NOT NULL",
		[]any{owner[:], tables, ids}, func(results pgx.BatchResults) (err error) {
			out, err = scanMarks(results.Query())
			return err
		})
	if err := t.run(ctx, s); err != nil {
		return nil, err
	}
	return out, nil
}
