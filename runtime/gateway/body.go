package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"turnkey/internal/fault"
	"turnkey/runtime/admission"
	"turnkey/runtime/upload"
)

const (
	firstBody = 64 << 10  // the most that is taken before the first byte is read
	keepBody  = firstBody // buffers up to here are used again; more would count for small bodies
	// weighBody and larger bodies are weighed before they are decoded; smaller ones are taken to need
	// three times their size.
	weighBody = 256 << 10
)

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// body is an upload's body on its way in: what has been read, and the memory that is counted for it.
type body struct {
	kept  *[]byte // of the pool
	bytes []byte
	room  *admission.Body
}

var errNoRoom = errors.New("no memory for the body")

func (g *Gateway) newBody(instance string) *body {
	kept := buffers.Get().(*[]byte)
	return &body{kept, (*kept)[:0], g.bodies.Body(instance)}
}

// uncompressed refuses bodies that would have to be unpacked: their size says nothing of what they become.
func uncompressed(r *http.Request) error {
	encoding := r.Header.Get("Content-Encoding")
	if encoding == "" || strings.EqualFold(encoding, "identity") {
		return nil
	}
	return fault.New(fault.Invalid, "content_encoding", "The body is compressed, which is not taken here.").
		WithHint("Send plain JSON, without the header Content-Encoding.")
}

// read reads all of it. Memory is taken as the bytes arrive, so that whoever sends slowly holds no
// more than twice what has been sent. errNoRoom leaves the rest unread.
func (b *body) read(r *http.Request) error {
	most := int64(maxBody) + 1 // one byte more, to see the end
	if r.ContentLength >= 0 {
		most = min(most, r.ContentLength+1)
	}
	size := max(min(most, firstBody), int64(cap(b.bytes)))
	for {
		if !b.room.Grow(size) {
			return errNoRoom
		}
		if int64(cap(b.bytes)) < size {
			b.bytes = append(make([]byte, 0, size), b.bytes...)
		}
		for len(b.bytes) < cap(b.bytes) {
			n, err := r.Body.Read(b.bytes[len(b.bytes):cap(b.bytes)])
			b.bytes = b.bytes[:len(b.bytes)+n]
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return upload.Unreadable(err)
			}
		}
		size = max(size+1, min(2*size, most))
	}
}

// decodable takes the memory for the decoded form.
func (b *body) decodable(limit int64) bool {
	size := int64(len(b.bytes))
	weight := 4 * size
	if size >= weighBody {
		weight = size + upload.Weight(b.bytes)
	}
	return b.room.Grow(min(weight, limit))
}

// unread makes the request's body what has been read and what has not.
func (b *body) unread(r *http.Request) {
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b.bytes), r.Body), r.Body}
}

func (b *body) free() {
	b.room.Free()
	if cap(b.bytes) <= keepBody {
		*b.kept = b.bytes
	}
	buffers.Put(b.kept)
}
