package main

import (
	"encoding/hex"
	"strconv"
	"sync/atomic"
)

const (
	connections = 8
	// rowsEach is how many rows each connection of the PATCH workload has to itself.
	rowsEach  = 5_000
	benchUser = "bench"
)

// workload is what the operations of a cell do.
type workload string

const (
	puts    workload = "PUT"   // of rows that do not exist
	patches workload = "PATCH" // of rows that do
)

// rows hands out row numbers: fresh ones for PUT, the connection's own in turn for PATCH.
type rows struct {
	next     *atomic.Int64
	patch    bool
	at, from int
	buf      []int64
}

func (r *rows) take(n int) []int64 {
	r.buf = r.buf[:0]
	if !r.patch {
		last := r.next.Add(int64(n))
		for i := range n {
			r.buf = append(r.buf, last-int64(n)+int64(i))
		}
		return r.buf
	}
	for range n {
		r.buf = append(r.buf, int64(r.at))
		if r.at++; r.at == r.from+rowsEach {
			r.at = r.from
		}
	}
	return r.buf
}

// rowID is the UUID of a row number.
func rowID(n int64) string {
	var raw [16]byte
	for i := range 8 {
		raw[15-i] = byte(n >> (8 * i))
	}
	raw[6], raw[8] = 0x70, 0x80
	h := hex.EncodeToString(raw[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func titleOf(n int64) string { return "Water the plants, number " + strconv.FormatInt(n, 10) }

// uploadBody is one request with all operations in one client transaction, as the reference
// connector spells it.
func uploadBody(dst []byte, work workload, table string, transaction int64, ids []int64) []byte {
	dst = append(dst[:0], `{"transactions":[{"transaction_id":`...)
	dst = strconv.AppendInt(dst, transaction, 10)
	dst = append(dst, `,"crud":[`...)
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"op":"`...)
		dst = append(dst, work...)
		dst = append(dst, `","table":"`...)
		dst = append(dst, table...)
		dst = append(dst, `","id":"`...)
		dst = append(dst, rowID(id)...)
		if work == puts {
			dst = append(dst, `","op_data":{"owner_id":"`+benchUser+`","title":"`...)
			dst = append(dst, titleOf(id)...)
			dst = append(dst, `","done":0,"priority":`...)
			dst = strconv.AppendInt(dst, id%10, 10)
			dst = append(dst, `,"due":"2026-05-01T08:30:00.000Z"}}`...)
			continue
		}
		dst = append(dst, `","op_data":{"title":"`...)
		dst = append(dst, titleOf(transaction)...)
		dst = append(dst, `","done":`...)
		dst = strconv.AppendInt(dst, transaction&1, 10)
		dst = append(dst, `}}`...)
	}
	return append(dst, `]}]}`...)
}
