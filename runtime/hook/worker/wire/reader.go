package wire

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

const (
	readBuffer = 8 << 10
	// firstRoom is what is allocated on the word of a header alone; the rest follows bytes that arrived.
	firstRoom = 64 << 10
)

// Reader reads frames of one side and believes nothing: the size is checked before anything is allocated,
// and memory grows with what arrived, not with what was announced. An error that passes, such as a
// deadline, may be followed by another Next: nothing that was read is lost. After ErrTooLarge and ErrKind the stream is worthless.
type Reader struct {
	in      *bufio.Reader
	known   func(Kind) bool
	limit   int
	header  [HeaderSize]byte
	have    int // bytes of the header
	payload []byte
	want    int
}

// NewReader reads the kinds that known accepts, with payloads of at most limit bytes.
func NewReader(in io.Reader, known func(Kind) bool, limit int) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, readBuffer), known: known, limit: min(limit, MaxPayload)}
}

// Limit sets the most that the next frames may carry.
func (r *Reader) Limit(n int) { r.limit = min(n, MaxPayload) }

// Next gives the next frame.
func (r *Reader) Next() (Frame, error) {
	if r.have < HeaderSize {
		if err := r.readHeader(); err != nil {
			return Frame{}, err
		}
	}
	for len(r.payload) < r.want {
		if len(r.payload) == cap(r.payload) {
			r.payload = slices.Grow(r.payload, min(r.want-len(r.payload), max(firstRoom, len(r.payload))))
		}
		end := min(cap(r.payload), r.want)
		n, err := r.in.Read(r.payload[len(r.payload):end])
		r.payload = r.payload[:len(r.payload)+n]
		if err != nil && len(r.payload) < r.want {
			return Frame{}, within(err)
		}
	}
	f := Frame{Kind: Kind(r.header[4]), ID: binary.LittleEndian.Uint32(r.header[5:]), Payload: r.payload}
	r.have, r.want, r.payload = 0, 0, nil
	return f, nil
}

func (r *Reader) readHeader() error {
	for r.have < HeaderSize {
		n, err := r.in.Read(r.header[r.have:])
		r.have += n
		if err != nil && r.have < HeaderSize {
			if r.have > 0 {
				err = within(err)
			}
			return err
		}
	}
	size, kind := binary.LittleEndian.Uint32(r.header[:]), Kind(r.header[4])
	if !r.known(kind) {
		r.have = 0
		return fmt.Errorf("%w: %d", ErrKind, kind)
	}
	if uint64(size) > uint64(r.limit) {
		r.have = 0
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, r.limit)
	}
	r.want = int(size)
	return nil
}

// within is the end of a stream in the middle of a frame.
func within(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Rest reports whether bytes lie here that no frame has claimed: between two runs there must be none.
func (r *Reader) Rest() bool { return r.have > 0 || r.in.Buffered() > 0 }
