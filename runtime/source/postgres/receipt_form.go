package postgres

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"turnkey/runtime/source"
)

// insertReceipts is the statement that writes receipts, and its parameters. Undescribed: the driver is not told the types of parameters, and goes by
// those of Go, as behind a pooler.
func (q *queries) insertReceipts(list []source.Receipt, undescribed bool) (string, []any) {
	form := formOf(list)
	if undescribed && form == plainReceipts {
		form = anyReceipts // whose parameters are lists
	}
	return q.inserts[form], receiptArgs(form, list, make([]any, 0, 7))
}

// receiptForm are the ways to say receipts in parameters. There are few, whatever the number of receipts: each is
// a statement, whose plan the server has to have at hand.
type receiptForm uint8

const (
	oneReceipt    receiptForm = iota
	plainReceipts             // several of one time, which say success: what uploads leave
	anyReceipts
	receiptFormCount
)

func formOf(list []source.Receipt) receiptForm {
	if len(list) == 1 {
		return oneReceipt
	}
	for i := range list {
		r := &list[i]
		if r.Result != nil || !r.At.Equal(list[0].At) || (r.Ops == nil) != (list[0].Ops == nil) || r.Ops != nil && len(r.Ops) != len(r.Prints) {
			return anyReceipts
		}
	}
	return plainReceipts
}

// receiptsText writes receipts, with seven parameters after the first n; conditions may follow it. from is
// what it depends on: a FROM item that has one row if they are to be written, or "".
func (q *queries) receiptsText(form receiptForm, from string, n int) string {
	p := func(i int) string { return "$" + strconv.Itoa(n+i) }
	var values, items string
	switch form {
	case oneReceipt:
		values = p(1) + "::bytea, " + p(2) + "::bigint, " + p(3) + "::integer, " + p(4) + "::bigint[], " + p(5) + "::bytea, " + p(6) + "::timestamptz, " + p(7) + "::bytea"
	case plainReceipts: // the operations of all follow each other; those of the i-th are above ends[i], up to ends[i+1]
		at := func(i int, typ, index string) string { return "(" + p(i) + "::" + typ + "[])[" + index + "]" }
		values = at(1, "bytea", "g.i") + ", " + at(2, "bigint", "g.i") + ", " + at(3, "integer", "g.i") + ", " +
			at(5, "bigint", at(4, "integer", "g.i")+"+1:"+at(4, "integer", "g.i+1")) + ", " + at(6, "bytea", "g.i") + ", " + p(7) + "::timestamptz, NULL::bytea"
		items = "generate_series(1, cardinality(" + p(2) + "::bigint[])) AS g(i)"
	default:
		values, items = "v.owner, v.block, v.seq, v.ops::bigint[], v.prints, v.at, v.result", unnestReceipts(n)
	}
	if items != "" && from != "" {
		items += ", "
	}
	if items += from; items != "" {
		items = " FROM " + items
	}
	return q.receipts + "SELECT " + values + items
}

// receiptArgs appends the parameters of receiptsText.
func receiptArgs(form receiptForm, list []source.Receipt, args []any) []any {
	switch form {
	case oneReceipt:
		r := &list[0]
		return append(args, r.Owner[:], r.Block, r.Seq, r.Ops, joinPrints(r.Prints), r.At, r.Result)
	case plainReceipts:
		return append(args, plainColumns(list)...)
	}
	return append(args, receiptColumns(list)...)
}

// receiptColumn is a list of something of each receipt, as a parameter: it is written from the receipts themselves.
type receiptColumn struct {
	list []source.Receipt
	part receiptPart
}

type receiptPart uint8

const (
	receiptOwners receiptPart = iota
	receiptBlocks
	receiptSeqs
	receiptEnds // where the operations of each begin in the list of all, and where those of the last end
	receiptOps  // of all
	receiptPrints
)

// plainColumns are the parameters of plainReceipts.
func plainColumns(list []source.Receipt) []any {
	columns := new([receiptPrints + 1]receiptColumn)
	args := make([]any, 0, len(columns)+1)
	for part := range columns {
		columns[part] = receiptColumn{list, receiptPart(part)}
		args = append(args, &columns[part])
	}
	return append(args, list[0].At)
}

// encode appends the binary form of the array; nil is null.
func (c *receiptColumn) encode(element quickPlan, b []byte) []byte {
	n := len(c.list)
	switch c.part {
	case receiptOwners: // the first: make room for all of them
		b = element.head(slices.Grow(b, receiptBytes(c.list)), n, false)
		for i := range c.list {
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(source.Owner{}))), c.list[i].Owner[:]...)
		}
	case receiptBlocks:
		b = element.head(b, n, false)
		for i := range c.list {
			b = appendBigint(b, c.list[i].Block)
		}
	case receiptSeqs:
		b = element.head(b, n, false)
		for i := range c.list {
			b = appendInteger(b, c.list[i].Seq)
		}
	case receiptEnds:
		b = appendInteger(element.head(b, n+1, false), 0)
		end := 0
		for i := range c.list {
			end += len(c.list[i].Ops)
			b = appendInteger(b, int32(end))
		}
	case receiptOps:
		if c.list[0].Ops == nil {
			return nil
		}
		total := 0
		for i := range c.list {
			total += len(c.list[i].Ops)
		}
		b = element.head(b, total, false)
		for i := range c.list {
			for _, op := range c.list[i].Ops {
				b = appendBigint(b, op)
			}
		}
	case receiptPrints:
		b = element.head(b, n, false)
		for i := range c.list {
			b = binary.BigEndian.AppendUint32(b, uint32(len(c.list[i].Prints)*len(source.Print{})))
			b = appendPrints(b, c.list[i].Prints)
		}
	}
	return b
}

// receiptBytes is about what all columns take.
func receiptBytes(list []source.Receipt) int {
	const heads, each, operation = 6 * 24, 20 + 12 + 8 + 8 + 4, 12 + 16
	n := heads + each*len(list)
	for i := range list {
		n += operation * len(list[i].Prints)
	}
	return n
}

// unnestReceipts is the FROM item v of several receipts in seven parameters after the first n.
func unnestReceipts(n int) string {
	types := []string{"bytea", "bigint", "integer", "text", "bytea", "timestamptz", "bytea"}
	for i, typ := range types {
		types[i] = "$" + strconv.Itoa(n+i+1) + "::" + typ + "[]"
	}
	return "unnest(" + strings.Join(types, ", ") + ") AS v(owner, block, seq, ops, prints, at, result)"
}

func receiptColumns(list []source.Receipt) []any {
	n := len(list)
	owners, blocks, seqs, ops := make([][]byte, n), make([]int64, n), make([]int32, n), make([]*string, n)
	prints, times, results := make([][]byte, n), make([]time.Time, n), make([][]byte, n)
	for i := range list {
		r := &list[i]
		owners[i], blocks[i], seqs[i], ops[i] = r.Owner[:], r.Block, r.Seq, bigints(r.Ops)
		prints[i], times[i], results[i] = joinPrints(r.Prints), r.At, r.Result
	}
	return []any{owners, blocks, seqs, ops, prints, times, results}
}

// bigints writes '{1,2}': lists of different lengths have no common array in PostgreSQL.
func bigints(list []int64) *string {
	if list == nil {
		return nil
	}
	text := []byte{'{'}
	for i, n := range list {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, n, 10)
	}
	s := string(append(text, '}'))
	return &s
}

func joinPrints(list []source.Print) []byte {
	return appendPrints(make([]byte, 0, len(list)*len(source.Print{})), list)
}

func appendPrints(b []byte, list []source.Print) []byte {
	for i := range list {
		b = append(b, list[i][:]...)
	}
	return b
}
