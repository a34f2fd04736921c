package postgres

import (
	"context"
	"encoding/json"

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
	"CREATE INDEX IF NOT EXISTS traces_at ON $.traces (at)",
}

// queueConflicts records conflicts. One that is there already is from a try whose outcome did not arrive.
func (s *Source) queueConflicts(b *script, list []source.ConflictRecord) {
	for i := range list {
		c := &list[i]
		fields, err := json.Marshal(c.Fields)
		if err != nil { // names and words
			fields = []byte("[]")
		}
		var rejection *string
		if c.Rejection != "" {
			rejection = &c.Rejection
		}
		b.add("INSERT INTO "+s.schema+`.turnkey_conflicts (id, user_id, table_name, row_id, client_data, server_data, status, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
			[]any{c.ID, c.UserID, c.TableName, c.RowID, textOf(c.ClientData), textOf(c.ServerData), string(c.Status), c.CreatedAt}, nil)
		b.add("INSERT INTO "+s.schema+`.conflict_details (id, owner, client_id, request_id, deployment, operation, op, policy, outcome, provider, rejection_id, fields, claims)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING`,
			[]any{c.ID, c.Owner[:], c.ClientID, c.RequestID, int32(c.Deployment), int32(c.Operation), c.Op, c.Policy, c.Outcome, c.Provider, rejection, string(fields), textOf(c.Claims)}, nil)
		data := c.Values
		for part := int32(0); len(data) > 0; part++ {
			n := min(len(data), partSize)
			b.add("INSERT INTO "+s.schema+".conflict_payloads (id, kind, part, data) VALUES ($1, 'values', $2, $3) ON CONFLICT DO NOTHING", []any{c.ID, part, data[:n]}, nil)
			data = data[n:]
		}
	}
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

// queueMarks writes tombstones and traces over what is there.
func (s *Source) queueMarks(b *script, f *source.Finish) {
	for i := range f.Tombstones {
		t := &f.Tombstones[i]
		b.add("INSERT INTO "+s.schema+`.tombstones AS t (table_name, row_id, at, owner, user_id, client_id) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (table_name, row_id) DO UPDATE SET at = excluded.at, owner = excluded.owner, user_id = excluded.user_id, client_id = excluded.client_id`,
			[]any{t.TableName, t.RowID, t.At, t.Owner[:], t.UserID, t.ClientID}, nil)
	}
	for i := range f.Traces {
		t := &f.Traces[i]
		left, err := json.Marshal(t.Left)
		if err != nil { // paths and hashes
			continue
		}
		b.add("INSERT INTO "+s.schema+`.traces AS t (owner, table_name, row_id, remains, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (owner, table_name, row_id) DO UPDATE SET remains = excluded.remains, at = excluded.at`,
			[]any{t.Owner[:], t.TableName, t.RowID, string(left), t.At}, nil)
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
