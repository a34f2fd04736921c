package postgres

import (
	"strconv"
	"strings"

	"turnkey/runtime/source"
)

// creation makes an INSERT that does nothing unless everything is new, with its receipts.
//
//	WITH known AS (receipts to write, with their seq and whether the block names their operations),
//	     made AS (INSERT ... SELECT ... WHERE nothing waits, nothing is known, no row exists RETURNING 1)
//	INSERT INTO receipts SELECT ... FROM known WHERE EXISTS (SELECT FROM made)
func (s *Source) creation(b *bucket, st *statement, receipts []source.Receipt) {
	if len(receipts) == 1 && receipts[0].Ops != nil {
		s.creationInBlock(b, st, &receipts[0])
		return
	}
	insert, conflict, conditions := s.allNew(b, st)
	if len(receipts) == 0 {
		st.sql = insert + " WHERE " + strings.Join(conditions, " AND ") + conflict
		return
	}
	n := len(st.args)
	st.args = append(st.args, receiptColumns(receipts)...)
	conditions = append(conditions, "NOT EXISTS (SELECT FROM known, "+s.schema+".clients c WHERE c.owner = known.owner AND c.floor >= ANY (known.ops))")
	conditions = append(conditions, "NOT EXISTS (SELECT FROM known WHERE known.named)")
	st.sql = "WITH known AS MATERIALIZED (SELECT v.owner, v.block, v.ops::bigint[] AS ops, v.prints, v.at, v.result, r.seq, r.named FROM " + unnestReceipts(n) +
		" CROSS JOIN LATERAL (SELECT count(*)::integer AS seq, coalesce(bool_or(r.ops && v.ops::bigint[] IS NOT FALSE OR r.at < v.at - interval '1 minute'), false) AS named" +
		" FROM " + s.schema + ".receipts r WHERE r.owner = v.owner AND r.block = v.block) r)," +
		" made AS (" + insert + " WHERE " + strings.Join(conditions, " AND ") + conflict + " RETURNING 1) " +
		s.queries.receipts + "SELECT owner, block, seq, ops, prints, at, result FROM known WHERE EXISTS (SELECT FROM made)"
}

// allNew gives an INSERT that writes all rows or none, in parts: what comes before its conditions, what
// comes after them, and the conditions so far.
func (s *Source) allNew(b *bucket, st *statement) (insert, conflict string, conditions []string) {
	key := b.relation.byName[b.table.Key]
	insert, conflict = st.head, st.tail
	conditions = []string{"NOT EXISTS (SELECT FROM " + s.schema + ".rejected_rows)"}
	if len(st.changes) > 1 { // rows that are there already keep the others from being written
		conditions = append(conditions, "NOT EXISTS (SELECT FROM "+b.relation.name+" AS t WHERE t."+key.quoted+" = ANY ($1::text[]::"+key.cast+"[]))")
		conflict = ""
	}
	return insert, conflict, conditions
}

// creationInBlock is creation for operations of one block, the commonest, in the form that costs the
// server least.
func (s *Source) creationInBlock(b *bucket, st *statement, r *source.Receipt) {
	n, f := len(st.args), newRow
	if len(st.changes) > 1 {
		f = newRows
	}
	st.sql = b.relation.text(f, b.shape, func() string { return s.creationInBlockSQL(b, st, n) })
	lowest, _ := lowestOp([]source.Receipt{*r})
	st.args = append(st.args, r.Owner[:], r.Block, r.Ops, joinPrints(r.Prints), r.At, r.Result, lowest)
}

// creationInBlockSQL has its parameters after the first n.
func (s *Source) creationInBlockSQL(b *bucket, st *statement, n int) string {
	insert, conflict, conditions := s.allNew(b, st)
	p := func(i int) string { return "$" + strconv.Itoa(n+i) }
	conditions = append(conditions,
		"NOT EXISTS (SELECT FROM "+s.schema+".clients c WHERE c.owner = "+p(1)+"::bytea AND c.floor >= "+p(7)+"::bigint)",
		"NOT EXISTS (SELECT FROM "+s.schema+".receipts r WHERE r.owner = "+p(1)+"::bytea AND r.block = "+p(2)+"::bigint AND (r.ops && "+p(3)+
			"::bigint[] IS NOT FALSE OR r.at < "+p(5)+"::timestamptz - interval '1 minute'))")
	return "WITH made AS (" + insert + " WHERE " + strings.Join(conditions, " AND ") + conflict + " RETURNING 1) " + s.queries.receipts +
		"SELECT " + p(1) + "::bytea, " + p(2) + "::bigint, (SELECT count(*)::integer FROM " + s.schema + ".receipts r WHERE r.owner = " + p(1) + "::bytea AND r.block = " + p(2) +
		"::bigint), " + p(3) + "::bigint[], " + p(4) + "::bytea, " + p(5) + "::timestamptz, " + p(6) + "::bytea WHERE EXISTS (SELECT FROM made)"
}

// lowestOp is the lowest operation of receipts that have a floor.
func lowestOp(list []source.Receipt) (lowest int64, ok bool) {
	for i := range list {
		for _, op := range list[i].Ops {
			if !ok || op < lowest {
				lowest, ok = op, true
			}
		}
	}
	return lowest, ok
}
