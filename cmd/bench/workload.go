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

// device is one client with our connector: it has an id, and numbers its operations and transactions as
// a queue does, so that it gets receipts of the strong kind.
type device struct {
	id              string
	transaction, op int64
	body            []byte
}

func newDevice(name string, n int) *device {
	return &device{id: "bench-" + name + "-" + strconv.Itoa(n)}
}

// upload is one request with one client transaction, as our connector spells it. stamp makes the
// values of a PATCH new: one that changes nothing would not be written. The bytes are valid until the
// next call.
func (d *device) upload(work workload, table string, stamp int64, ids []int64) []byte {
	d.transaction++
	b := append(d.body[:0], `{"client":{"id":"`...)
	b = append(b, d.id...)
	b = append(b, `","sdk":"@powersync/node","app_version":"1.0.0","queue_count":1},"transactions":[{"transaction_id":`...)
	b = strconv.AppendInt(b, d.transaction, 10)
	b = append(b, `,"crud":[`...)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = d.operation(b, work, table, stamp, id)
	}
	d.body = append(b, `]}]}`...)
	return d.body
}

func (d *device) operation(b []byte, work workload, table string, stamp, id int64) []byte {
	d.op++
	b = append(b, `{"op":"`...)
	b = append(b, work...)
	b = append(b, `","table":"`...)
	b = append(b, table...)
	b = append(b, `","id":"`...)
	b = append(b, rowID(id)...)
	b = append(b, `","op_id":`...)
	b = strconv.AppendInt(b, d.op, 10)
	b = append(b, `,"transaction_id":`...)
	b = strconv.AppendInt(b, d.transaction, 10)
	switch {
	case table == "plain" || table == "hooked":
		return append(appendTask(append(b, `,"op_data":`...), id), '}')
	case work == puts:
		b = append(b, `,"op_data":{"owner_id":"`+benchUser+`","title":"`...)
		b = append(b, titleOf(id)...)
		b = append(b, `","done":0,"priority":`...)
		b = strconv.AppendInt(b, id%10, 10)
		return append(b, `,"due":"2026-05-01T08:30:00.000Z"}}`...)
	}
	b = append(b, `,"op_data":{"title":"`...)
	b = append(b, titleOf(stamp)...)
	b = append(b, `","done":`...)
	b = strconv.AppendInt(b, stamp&1, 10)
	return append(b, `}}`...)
}
