// Package wire is the language of the pipes between the runtime and a sandbox worker: frames, and the
// few messages that are not the hooks' own. It must not know processes, JavaScript or what a payload means.
//
//	u32le length of the payload | u8 kind | u32le id | payload
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"turnkey/runtime/hook"
)

// Kind says what a frame is: one of ours, or the hooks' own (hook.Kind), whose payload is not ours to read.
type Kind = hook.Kind

// Our own kinds.
const (
	Setup  Kind = 1 // to the worker: an Order; the first frame of all
	Hello  Kind = 2 // from the worker: a Greeting; it is locked in
	Limit  Kind = 3 // to the worker: the Limits of the request behind it
	Retire Kind = 4 // from the worker: the answer behind it is the last that it is good for
	// Prepare tells the worker that now is the time to make ready for the next transaction. It is not answered.
	Prepare Kind = 5
	// Expect tells the worker that a request follows at once, which it may wait for awake. It is not answered.
	Expect Kind = 6
)

// HeaderSize is what precedes a payload.
const HeaderSize = 9

// MaxPayload is the most that either side takes, whatever else it agreed to.
const MaxPayload = 64 << 20

// Errors of a stream that is not to be believed any more.
var (
	ErrTooLarge = errors.New("wire: frame over the size limit")
	ErrKind     = errors.New("wire: unknown kind of frame")
)

// Frame is one message. The payload is the receiver's own.
type Frame struct {
	Kind    Kind
	ID      uint32
	Payload []byte
}

// FromRuntime tells whether the runtime sends frames of the kind.
func FromRuntime(k Kind) bool {
	switch k {
	case Setup, Limit, Prepare, Expect, hook.KindHostResult:
		return true
	}
	return Request(k)
}

// Request tells whether a frame of the kind is answered.
func Request(k Kind) bool {
	return k == hook.KindLoad || k == hook.KindRun || k == hook.KindBundle || k == hook.KindTest
}

// FromWorker tells whether a worker sends frames of the kind.
func FromWorker(k Kind) bool {
	switch k {
	case Hello, Retire, hook.KindLoaded, hook.KindRan, hook.KindHostCall, hook.KindBundled, hook.KindTested, hook.KindBroken:
		return true
	}
	return false
}

// Append adds a frame to a buffer, so that several leave in one write.
func Append(buf []byte, f Frame) []byte {
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(f.Payload)))
	buf = append(buf, byte(f.Kind))
	buf = binary.LittleEndian.AppendUint32(buf, f.ID)
	return append(buf, f.Payload...)
}

// Limits are what one request may take, to the millisecond, and what is to follow it.
type Limits struct {
	CPU  time.Duration // of processor time, until the engine is interrupted
	Wall time.Duration // until it is interrupted whatever it used; waiting for the runtime does not count
	Exit time.Duration // until the worker ends itself, in case the runtime does not end it
	// Prepare is as the frame of that name, behind the answer.
	Prepare bool
}

// limitsSize is their length on the wire.
const limitsSize = 13

// AppendLimits adds the frame that goes before a request.
func AppendLimits(buf []byte, l Limits) []byte {
	var text [limitsSize]byte
	for i, d := range []time.Duration{l.CPU, l.Wall, l.Exit} {
		binary.LittleEndian.PutUint32(text[4*i:], uint32(max(d, 0)/time.Millisecond))
	}
	if l.Prepare {
		text[limitsSize-1] = 1
	}
	return Append(buf, Frame{Kind: Limit, Payload: text[:]})
}

// ParseLimits reads its payload.
func ParseLimits(payload []byte) (Limits, error) {
	if len(payload) != limitsSize {
		return Limits{}, fmt.Errorf("wire: limits of %d bytes", len(payload))
	}
	at := func(i int) time.Duration {
		return time.Duration(binary.LittleEndian.Uint32(payload[4*i:])) * time.Millisecond
	}
	return Limits{CPU: at(0), Wall: at(1), Exit: at(2), Prepare: payload[limitsSize-1] != 0}, nil
}
