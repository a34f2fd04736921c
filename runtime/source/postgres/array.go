package postgres

import (
	"context"
	"encoding/binary"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Receipts travel as arrays of integers and bytea. The driver's own code for arrays makes an interface value, and
// looks for its type, for every element; these do not, and leave every other type of list to it.

// quickArrays is done with each new connection.
func quickArrays(_ context.Context, conn *pgx.Conn) error {
	teach(conn.TypeMap())
	return nil
}

func teach(m *pgtype.Map) {
	for _, oid := range []uint32{pgtype.Int4ArrayOID, pgtype.Int8ArrayOID, pgtype.ByteaArrayOID} {
		t, _ := m.TypeForOID(oid)
		if known, ok := t.Codec.(*pgtype.ArrayCodec); ok {
			m.RegisterType(&pgtype.Type{Name: t.Name, OID: oid, Codec: quickArray{known}})
		}
	}
}

type quickArray struct{ *pgtype.ArrayCodec }

// PlanEncode implements pgtype.Codec.
func (c quickArray) PlanEncode(m *pgtype.Map, oid uint32, format int16, v any) pgtype.EncodePlan {
	var element uint32
	switch v.(type) {
	case []int32:
		element = pgtype.Int4OID
	case []int64:
		element = pgtype.Int8OID
	case [][]byte:
		element = pgtype.ByteaOID
	case *receiptColumn: // it has been made for its parameter
		element = c.ElementType.OID
	}
	if format == pgtype.BinaryFormatCode && element == c.ElementType.OID {
		return quickPlan(element)
	}
	return c.ArrayCodec.PlanEncode(m, oid, format, v)
}

// quickPlan is the type of the elements.
type quickPlan uint32

// Encode implements pgtype.EncodePlan: the binary form of an array, as unpackBigints reads it.
func (p quickPlan) Encode(v any, b []byte) ([]byte, error) {
	switch list := v.(type) {
	case []int32:
		b = p.head(b, len(list), false)
		for _, n := range list {
			b = appendInteger(b, n)
		}
	case []int64:
		b = p.head(b, len(list), false)
		for _, n := range list {
			b = appendBigint(b, n)
		}
	case [][]byte:
		nulls := false
		for _, e := range list {
			nulls = nulls || e == nil
		}
		b = p.head(b, len(list), nulls)
		for _, e := range list {
			length := uint32(len(e))
			if e == nil {
				length = ^uint32(0)
			}
			b = append(binary.BigEndian.AppendUint32(b, length), e...)
		}
	case *receiptColumn:
		b = list.encode(p, b)
	}
	return b, nil
}

func appendInteger(b []byte, n int32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, 4), uint32(n))
}

func appendBigint(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(n))
}

// head is what stands before the elements: the dimensions, whether there are nulls, the type, then length and lower bound.
func (p quickPlan) head(b []byte, n int, nulls bool) []byte {
	var head [20]byte
	if nulls {
		head[7] = 1
	}
	binary.BigEndian.PutUint32(head[8:], uint32(p))
	head[3], head[19] = 1, 1
	binary.BigEndian.PutUint32(head[12:], uint32(n))
	return append(b, head[:]...)
}
