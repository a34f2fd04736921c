package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
)

// Mongo is MongoDB's wire protocol: OP_MSG, one answer for each message but those of monitors.
type Mongo struct{}

const (
	mongoHeader = 16
	opMsg       = 2013
)

// Message implements Protocol.
func (Mongo) Message(r *bufio.Reader, _ bool) ([]byte, error) {
	head, err := r.Peek(4)
	if err != nil {
		return nil, err
	}
	return sized(r, int(int32(binary.LittleEndian.Uint32(head))))
}

// Reply implements Protocol.
func (m Mongo) Reply(r *bufio.Reader) ([]byte, error) { return m.Message(r, false) }

// Streams implements Protocol.
func (Mongo) Streams() bool { return false }

// own are the commands of the connection itself and of monitors.
var own = map[string]bool{
	"hello": true, "isMaster": true, "ismaster": true, "ping": true, "buildInfo": true, "endSessions": true,
	"saslStart": true, "saslContinue": true, "killCursors": true,
}

// Command implements Protocol: the first key of the body names it.
func (Mongo) Command(message []byte, _ bool) string {
	const flags, kind, length, kindOfFirst = 4, 1, 4, 1
	at := mongoHeader + flags + kind + length + kindOfFirst
	if len(message) <= at || binary.LittleEndian.Uint32(message[12:]) != opMsg || message[mongoHeader+flags] != 0 {
		return ""
	}
	end := bytes.IndexByte(message[at:], 0)
	if end < 0 {
		return ""
	}
	name := string(message[at : at+end])
	if own[name] {
		return ""
	}
	return name
}
