package postgres

import (
	"regexp"
	"strconv"
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
	const owner = `'\x07000000000000000000000000000000'`
	for name, c := range map[string]struct{ types, query, args string }{
		"one block":       {"bytea, bigint, bigint[], boolean", "SELECT turnkey_known.* FROM " + s.queries.history.block, owner + ", 9, '{290}', false"},
		"a whole block":   {"bytea, bigint, bigint[], boolean", "SELECT turnkey_known.* FROM " + s.queries.history.block, owner + ", 9, '{290}', true"},
		"several blocks":  {"bytea, bigint[], bigint[], boolean", "SELECT turnkey_known.* FROM " + s.queries.history.blocks, owner + ", '{9,10,11}', '{290,330,352}', false"},
		"several clients": {"integer[], bytea[], bigint[], text[], boolean[]", s.queries.histories, "'{0,0,1}', ARRAY[" + owner + ", " + owner + `, '\x08']::bytea[], '{9,10,9}', ARRAY['{290,330}', '{290,330}', '{1}'], '{true,true,true}'`},
	} {
		for _, analyzed := range []bool{false, true} {
			if analyzed {
				sql(t, uri, "ANALYZE turnkey.receipts")
			}
			if _, err := pool.Exec(t.Context(), "PREPARE history ("+c.types+") AS "+c.query); err != nil {
				t.Fatal(err)
			}
			rows, err := pool.Query(t.Context(), `EXPLAIN (ANALYZE, BUFFERS) EXECUTE history (`+c.args+")")
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
