package devmongo

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
)

// A journal is a magic line and then frames, each one record of the store:
//
//	length of the body │ CRC-32C over sequence and body │ sequence number │ body (BSON)
//	       4 bytes     │            4 bytes             │     8 bytes     │
//
// Sequence numbers go up by one; the records of a snapshot (compaction.go) share one. So a frame counts
// only if it is whole and next in line: a tail that a kill or a power cut has torn ends the journal.
const (
	magic       = "turnkey devmongo journal 1\n"
	frameHeader = 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame adds a frame to b.
func appendFrame(b []byte, seq int64, body []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	at := len(b)
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(seq))
	b = append(b, body...)
	binary.LittleEndian.PutUint32(b[at:], crc32.Checksum(b[at+4:], castagnoli))
	return b
}

// nextFrame reads the frame at the start of b. ok is false at the end and where b is torn.
func nextFrame(b []byte, after int64) (body []byte, seq int64, size int, ok bool) {
	if len(b) < frameHeader {
		return nil, 0, 0, false
	}
	n := binary.LittleEndian.Uint32(b)
	if n > math.MaxInt32 || int(n) > len(b)-frameHeader {
		return nil, 0, 0, false
	}
	end := frameHeader + int(n)
	if crc32.Checksum(b[8:end], castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, 0, 0, false
	}
	seq = int64(binary.LittleEndian.Uint64(b[8:]))
	if after != 0 && seq != after && seq != after+1 {
		return nil, 0, 0, false
	}
	return b[frameHeader:end], seq, end, true
}

// eachFrame calls f for the whole frames of a journal and returns how many bytes they and the magic
// line take, and the last sequence number. ok is false if this is no journal of ours.
func eachFrame(all []byte, f func(body []byte) error) (good int, last int64, ok bool, err error) {
	if !bytes.HasPrefix(all, []byte(magic)) {
		return 0, 0, bytes.HasPrefix([]byte(magic), all), nil // a kill may come between creation and magic
	}
	good = len(magic)
	for {
		body, seq, size, whole := nextFrame(all[good:], last)
		if !whole {
			return good, last, true, nil
		}
		if err := f(body); err != nil {
			return good, last, true, err
		}
		good, last = good+size, seq
	}
}
