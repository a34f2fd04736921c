package postgres

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"turnkey/runtime/source"
)

// TestQuickArrays holds our form of lists against the driver's own.
func TestQuickArrays(t *testing.T) {
	own := pgtype.NewMap()
	for name, c := range map[string]struct {
		oid  uint32
		list any
	}{
		"integers":            {pgtype.Int4ArrayOID, []int32{0, 1, -1, 1<<31 - 1, -1 << 31}},
		"no integers":         {pgtype.Int4ArrayOID, []int32{}},
		"bigints":             {pgtype.Int8ArrayOID, []int64{0, 1, -1, 1<<63 - 1, -1 << 63}},
		"one bigint":          {pgtype.Int8ArrayOID, []int64{9_007_199_254_740_993}},
		"no bigints":          {pgtype.Int8ArrayOID, []int64{}},
		"bytes":               {pgtype.ByteaArrayOID, [][]byte{{0}, {}, bytes.Repeat([]byte{0xff}, 300)}},
		"bytes and nulls":     {pgtype.ByteaArrayOID, [][]byte{nil, {1}, nil}},
		"no bytes":            {pgtype.ByteaArrayOID, [][]byte{}},
		"smaller than a type": {pgtype.Int8ArrayOID, []int32{1, 2}},
		"none at all":         {pgtype.Int8ArrayOID, []int64(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			quick := pgtype.NewMap()
			teach(quick)
			want, wantErr := own.Encode(c.oid, pgtype.BinaryFormatCode, c.list, nil)
			got, err := quick.Encode(c.oid, pgtype.BinaryFormatCode, c.list, nil)
			if (err == nil) != (wantErr == nil) || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("%x %v, want %x %v", got, err, want, wantErr)
			}
		})
	}
}

// TestReceiptColumns holds what is written from receipts against the driver's form of the same lists.
func TestReceiptColumns(t *testing.T) {
	receipt := func(n byte, ops ...int64) source.Receipt {
		r := source.Receipt{Owner: source.Owner{n, 0xff}, Block: int64(n) << 40, Seq: int32(n) - 2, Ops: ops}
		for i := range max(1, len(ops)) {
			r.Prints = append(r.Prints, source.Print{n, byte(i)})
		}
		return r
	}
	for name, list := range map[string][]source.Receipt{
		"operations with ids": {receipt(1, 32, 33, 9_007_199_254_740_993), receipt(2, -1), receipt(3, 1<<63-1, 0)},
		"without":             {receipt(1), receipt(2)},
		"one":                 {receipt(7, 1, 2)},
	} {
		var owners, prints [][]byte
		var blocks, ops []int64
		var seqs []int32
		ends := []int32{0}
		for _, r := range list {
			owners, blocks, seqs, prints = append(owners, r.Owner[:]), append(blocks, r.Block), append(seqs, r.Seq), append(prints, joinPrints(r.Prints))
			ops = append(ops, r.Ops...)
			ends = append(ends, int32(len(ops)))
		}
		oids := []uint32{pgtype.ByteaArrayOID, pgtype.Int8ArrayOID, pgtype.Int4ArrayOID, pgtype.Int4ArrayOID, pgtype.Int8ArrayOID, pgtype.ByteaArrayOID}
		own, quick := pgtype.NewMap(), pgtype.NewMap()
		teach(quick)
		before := []byte("what is there already")
		columns := plainColumns(list)
		for i, want := range []any{owners, blocks, seqs, ends, ops, prints} {
			a, errA := own.Encode(oids[i], pgtype.BinaryFormatCode, want, bytes.Clone(before))
			b, errB := quick.Encode(oids[i], pgtype.BinaryFormatCode, columns[i], bytes.Clone(before))
			if errA != nil || errB != nil || !bytes.Equal(a, b) || (a == nil) != (b == nil) {
				t.Errorf("%s, column %d: %x %v, want %x %v", name, i, b, errB, a, errA)
			}
		}
		if room := receiptBytes(list); len(columns) != 7 || room < 100 {
			t.Errorf("%s: %d columns, %d bytes", name, len(columns), room)
		}
	}
}
