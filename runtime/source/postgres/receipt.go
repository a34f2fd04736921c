package postgres

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"turnkey/runtime/source"
)

// agedAfter: a transaction that adds to a block whose last receipt is older than this locks that
// receipt, so that the sweeper cannot take the block away between its reading and its writing. It is
// longer than any transaction lives, and far below any retention.
const agedAfter = time.Minute

// queries are the texts that name our own tables, made once: the server plans each text once.
type queries struct {
	schema  string
	flag    string // does any rejection wait
	flagged string // the same as a FROM item
	history knowing
	solo    knowing // after one parameter
	// histories is the same for several claims.
	histories string
	lock      string                   // the last receipts of old blocks
	receipts  string                   // INSERT INTO receipts (...)
	inserts   [receiptFormCount]string // by form
}

// knowing is what is known of a claim, a FROM item of one row: the floor, whether any rejection waits,
// the newest block, and the receipts in one binary. Its parameters are owner, block or blocks, operations,
// and whether all is wanted.
type knowing struct {
	block  string // of one block, the commonest
	blocks string
}

func newQueries(schema string) queries {
	flag := "SELECT EXISTS (SELECT FROM " + schema + ".rejected_rows)"
	q := queries{
		schema:  schema,
		flag:    flag,
		flagged: "(" + flag + " AS turnkey_rejected) AS turnkey_known",
		history: newKnowing(schema, 1),
		solo:    newKnowing(schema, 2), histories: newHistories(schema),
		lock: "SELECT FROM " + schema + ".receipts r, unnest($1::bytea[], $2::bigint[], $3::integer[]) AS v(owner, block, seq)" +
			" WHERE r.owner = v.owner AND r.block = v.block AND r.seq = v.seq FOR KEY SHARE OF r",
		receipts: "INSERT INTO " + schema + ".receipts (owner, block, seq, ops, prints, at, result) ",
	}
	for n := range q.inserts {
		q.inserts[n] = q.receiptsText(receiptForm(n), "", 0)
	}
	return q
}

// newKnowing makes the texts with parameters from first on. Blocks are compared with "=" alone: for "= ANY" the
// server may read all receipts of an owner and throw most of them away, since it cannot know how many
// an owner has. OFFSET 0 keeps it from joining in another order.
func newKnowing(schema string, first int) knowing {
	p := strings.NewReplacer("$owner", "$"+strconv.Itoa(first)+"::bytea", "$block", "$"+strconv.Itoa(first+1), "$ops", "$"+strconv.Itoa(first+2)+"::bigint[]", "$whole", "$"+strconv.Itoa(first+3)+"::boolean", "$.", schema+".")
	const list = "(SELECT (SELECT c.floor FROM $.clients c WHERE c.owner = $owner) AS turnkey_floor, EXISTS (SELECT FROM $.rejected_rows) AS turnkey_rejected," +
		" CASE WHEN $whole THEN (SELECT max(n.block) FROM $.receipts n WHERE n.owner = $owner) END AS turnkey_newest," +
		" (SELECT string_agg(record_send(ROW(r.block, r.seq, r.ops, r.prints, r.at, r.result)), ''::bytea) FROM "
	const wanted = "($whole OR r.ops && $ops IS NOT FALSE OR r.seq = (SELECT max(l.seq) FROM $.receipts l WHERE l.owner = $owner AND l.block = "
	return knowing{
		block: p.Replace(list + "$.receipts r WHERE r.owner = $owner AND r.block = $block::bigint AND " + wanted + "$block::bigint))) AS turnkey_receipts) AS turnkey_known"),
		blocks: p.Replace(list + "unnest($block::bigint[]) AS b(block) CROSS JOIN LATERAL (SELECT r.* FROM $.receipts r WHERE r.owner = $owner AND r.block = b.block AND " +
			wanted + "b.block)) OFFSET 0) AS r) AS turnkey_receipts) AS turnkey_known"),
	}
}

// of gives the text for a claim, and its parameters.
func (k *knowing) of(claim *source.Claim, args []any) (string, []any) {
	if len(claim.Blocks) == 1 {
		return k.block, append(args, claim.Owner[:], claim.Blocks[0], claim.Ops, claim.Whole)
	}
	return k.blocks, append(args, claim.Owner[:], claim.Blocks, claim.Ops, claim.Whole)
}

func splitPrints(b []byte) []source.Print {
	out := make([]source.Print, len(b)/len(source.Print{}))
	for i := range out {
		copy(out[i][:], b[i*len(source.Print{}):])
	}
	return out
}

// queueHistory asks for what is known of a claim's operations.
func (t *tx) queueHistory(s *script, claim *source.Claim, into *source.History) {
	q := &t.src.queries
	if claim == nil {
		s.add(q.flag, nil, func(r pgx.BatchResults) error { return r.QueryRow().Scan(&into.Rejected) })
		return
	}
	known, args := q.history.of(claim, nil)
	s.add("SELECT turnkey_known.* FROM "+known, args, func(results pgx.BatchResults) error {
		rows, err := results.Query()
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if *into, err = history(rows, 0, claim.Owner); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// old keeps the last receipt of every claimed block that the sweeper might want.
func (t *tx) old(h *source.History) {
	for i := range h.Receipts {
		r := &h.Receipts[i]
		if t.src.opt.Now().Sub(r.At) > agedAfter && isLast(r, h.Receipts) {
			t.aged = append(t.aged, *r)
		}
	}
}

func isLast(r *source.Receipt, list []source.Receipt) bool {
	for i := range list {
		if list[i].Block == r.Block && list[i].Seq > r.Seq {
			return false
		}
	}
	return true
}

// queueReceipts writes receipts, before anything else: where somebody else's are in the way, nothing
// more needs to be tried.
func (t *tx) queueReceipts(s *script, list []source.Receipt) {
	if len(list) == 0 {
		return
	}
	q := &t.src.queries
	if n := len(t.aged); n > 0 {
		owners, blocks, seqs := make([][]byte, n), make([]int64, n), make([]int32, n)
		for i := range t.aged {
			owners[i], blocks[i], seqs[i] = t.aged[i].Owner[:], t.aged[i].Block, t.aged[i].Seq
		}
		s.add(q.lock, []any{owners, blocks, seqs}, affected(n, moved))
	}
	sql, args := q.insertReceipts(list, t.src.pooled)
	s.add(sql, args, affected(len(list), moved))
}

// history reads the columns of knowing, from the first on, of the current row.
func history(rows pgx.Rows, first int, owner source.Owner) (h source.History, err error) {
	raw, fields := rows.RawValues()[first:], rows.FieldDescriptions()[first:]
	if h.Floor, h.HasFloor, err = optional(raw[0], fields[0].Format); err != nil {
		return h, err
	}
	h.Rejected = isTrue(raw[1], fields[1].Format)
	if h.Newest, h.HasNewest, err = optional(raw[2], fields[2].Format); err != nil {
		return h, err
	}
	packed := raw[3]
	if packed != nil && fields[3].Format != pgtype.BinaryFormatCode {
		if packed, err = hex.DecodeString(strings.TrimPrefix(string(packed), `\x`)); err != nil {
			return h, err
		}
	}
	h.Receipts, err = unpackReceipts(packed, owner)
	return h, err
}

// optional reads a bigint that may be null.
func optional(raw []byte, format int16) (n int64, is bool, err error) {
	switch {
	case raw == nil:
		return 0, false, nil
	case format == pgtype.BinaryFormatCode:
		return int64(binary.BigEndian.Uint64(raw)), true, nil
	}
	n, err = strconv.ParseInt(string(raw), 10, 64)
	return n, true, err
}

func isTrue(raw []byte, format int16) bool {
	return len(raw) == 1 && (format == pgtype.BinaryFormatCode && raw[0] == 1 || raw[0] == 't')
}

// unpackReceipts reads the binary form of records (block, seq, ops, prints, at, result), one after
// another: the number of fields, then for each its type, length (-1: null) and bytes.
func unpackReceipts(b []byte, owner source.Owner) ([]source.Receipt, error) {
	var out []source.Receipt
	for len(b) > 0 {
		var fields [6][]byte
		if len(b) < 4 || binary.BigEndian.Uint32(b) != uint32(len(fields)) {
			return nil, errPacked
		}
		b = b[4:]
		for i := range fields {
			if len(b) < 8 {
				return nil, errPacked
			}
			n := int32(binary.BigEndian.Uint32(b[4:]))
			if b = b[8:]; n < 0 {
				continue
			}
			if int(n) > len(b) {
				return nil, errPacked
			}
			fields[i], b = b[:n:n], b[n:]
		}
		if len(fields[0]) != 8 || len(fields[1]) != 4 || len(fields[4]) != 8 {
			return nil, errPacked
		}
		ops, err := unpackBigints(fields[2])
		if err != nil {
			return nil, err
		}
		r := source.Receipt{Owner: owner, Block: int64(binary.BigEndian.Uint64(fields[0])), Seq: int32(binary.BigEndian.Uint32(fields[1])), Ops: ops, Prints: splitPrints(fields[3])}
		r.At = pgEpoch.Add(time.Duration(int64(binary.BigEndian.Uint64(fields[4]))) * time.Microsecond)
		if fields[5] != nil {
			r.Result = append([]byte{}, fields[5]...)
		}
		out = append(out, r)
	}
	return out, nil
}

var errPacked = fmt.Errorf("the receipts of a block cannot be read")

// unpackBigints reads the binary form of bigint[]: dimensions, flags, element type, then length and
// lower bound of the one dimension, then each element after its length.
func unpackBigints(b []byte) ([]int64, error) {
	if b == nil {
		return nil, nil
	}
	if len(b) == 12 {
		return []int64{}, nil
	}
	if len(b) < 20 || binary.BigEndian.Uint32(b) != 1 {
		return nil, errPacked
	}
	n := int(binary.BigEndian.Uint32(b[12:]))
	if b = b[20:]; len(b) != n*12 {
		return nil, errPacked
	}
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(binary.BigEndian.Uint64(b[i*12+4:]))
	}
	return out, nil
}
