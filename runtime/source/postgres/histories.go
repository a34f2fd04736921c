package postgres

import (
	"encoding/binary"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"turnkey/runtime/source"
)

// newHistories is what is known of several claims at once: a row for each block of each claim, with the
// claim's number first and then the columns of knowing.
func newHistories(schema string) string {
	return "SELECT b.n, (SELECT c.floor FROM " + schema + ".clients c WHERE c.owner = b.owner) AS turnkey_floor," +
		" EXISTS (SELECT FROM " + schema + ".rejected_rows) AS turnkey_rejected," +
		" CASE WHEN b.whole THEN (SELECT max(n.block) FROM " + schema + ".receipts n WHERE n.owner = b.owner) END AS turnkey_newest," +
		" (SELECT string_agg(record_send(ROW(r.block, r.seq, r.ops, r.prints, r.at, r.result)), ''::bytea) FROM " + schema + ".receipts r" +
		" WHERE r.owner = b.owner AND r.block = b.block AND (b.whole OR r.ops && b.ops::bigint[] IS NOT FALSE OR r.seq =" +
		" (SELECT max(l.seq) FROM " + schema + ".receipts l WHERE l.owner = b.owner AND l.block = b.block))) AS turnkey_receipts" +
		" FROM unnest($1::integer[], $2::bytea[], $3::bigint[], $4::text[], $5::boolean[]) AS b(n, owner, block, ops, whole)"
}

// queueHistories asks for what is known of the operations of several claims.
func (t *tx) queueHistories(s *script, claims []*source.Claim, into []source.History) {
	var numbers []int32
	var owners [][]byte
	var blocks []int64
	var ops []*string
	var whole []bool
	for n, c := range claims {
		named := bigints(c.Ops)
		for _, block := range c.Blocks {
			numbers, owners = append(numbers, int32(n)), append(owners, c.Owner[:])
			blocks, ops, whole = append(blocks, block), append(ops, named), append(whole, c.Whole)
		}
	}
	if len(numbers) == 0 {
		s.add(t.src.queries.flag, nil, func(r pgx.BatchResults) error { return flagAll(r, into) })
		return
	}
	s.add(t.src.queries.histories, []any{numbers, owners, blocks, ops, whole}, func(results pgx.BatchResults) error {
		rows, err := results.Query()
		if err != nil {
			return err
		}
		defer rows.Close()
		var of source.History
		for rows.Next() {
			n, err := small(rows.RawValues()[0], rows.FieldDescriptions()[0].Format)
			if err != nil {
				return err
			}
			if of, err = history(rows, 1, claims[n].Owner); err != nil {
				return err
			}
			of.Receipts = append(into[n].Receipts, of.Receipts...) // of the claim's other blocks
			into[n] = of
		}
		for n := range into {
			into[n].Rejected = of.Rejected // the same snapshot
		}
		return rows.Err()
	})
}

func flagAll(r pgx.BatchResults, into []source.History) error {
	var rejected bool
	err := r.QueryRow().Scan(&rejected)
	for n := range into {
		into[n].Rejected = rejected
	}
	return err
}

// small reads an integer.
func small(raw []byte, format int16) (int, error) {
	if format == pgtype.BinaryFormatCode {
		return int(binary.BigEndian.Uint32(raw)), nil
	}
	return strconv.Atoi(string(raw))
}
