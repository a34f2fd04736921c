package postgres

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestHistoryReadsItsBlocksAlone: an owner may have a million receipts. What a claim costs must not grow
// with them, whatever the server believes of the table: at first it knows nothing of it.
func TestHistoryReadsItsBlocksAlone(t *testing.T) {
	const size = 30_000
	s, uri := prepared(t, `SELECT`, func(o *Options) { o.MaxConns = 1 })
	sql(t, uri, `INSERT INTO turnkey.receipts SELECT '\x07000000000000000000000000000000', i >> 5, i & 31, ARRAY[i], decode(repeat('01', 16), 'hex'), now() FROM generate_series(0, `+strconv.Itoa(size-1)+`) i`)
	pool, err := s.connections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ known, args string }{
		"one block":      {s.queries.history.block, "9, '{290}'"},
		"several blocks": {s.queries.history.blocks, "'{9,10,11}', '{290,330,352}'"},
	} {
		for _, analyzed := range []bool{false, true} {
			if analyzed {
				sql(t, uri, "ANALYZE turnkey.receipts")
			}
			block := "bigint"
			if strings.Contains(c.args, "{9") {
				block += "[]"
			}
			if _, err := pool.Exec(t.Context(), "PREPARE history (bytea, "+block+", bigint[]) AS SELECT turnkey_known.* FROM "+c.known); err != nil {
				t.Fatal(err)
			}
			rows, err := pool.Query(t.Context(), `EXPLAIN (ANALYZE, BUFFERS) EXECUTE history ('\x07000000000000000000000000000000', `+c.args+")")
			if err != nil {
				t.Fatal(err)
			}
			plan := ""
			for rows.Next() {
				var line string
				if err := rows.Scan(&line); err != nil {
					t.Fatal(err)
				}
				plan += line + "\n"
			}
			if rows.Err() != nil {
				t.Fatal(rows.Err())
			}
			// The first figure is the whole plan's.
			hit := regexp.MustCompile(`Buffers: shared hit=(\d+)`).FindStringSubmatch(plan)
			if hit == nil {
				t.Fatalf("%s: no buffers in\n%s", name, plan)
			}
			if n, _ := strconv.Atoi(hit[1]); n > 40 {
				t.Errorf("%s, analyzed %v: %d pages are read\n%s", name, analyzed, n, plan)
			}
			if _, err := pool.Exec(t.Context(), "DEALLOCATE history"); err != nil {
				t.Fatal(err)
			}
		}
	}
}
