package postgres

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
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
