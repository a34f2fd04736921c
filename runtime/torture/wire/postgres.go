package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
)

// Postgres is PostgreSQL's protocol 3: typed messages after an untyped first one. Many travel before
// the first answer.
type Postgres struct{}

// Message implements Protocol.
func (Postgres) Message(r *bufio.Reader, first bool) ([]byte, error) {
	kind := 1
	if first {
		kind = 0
	}
	head, err := r.Peek(kind + 4)
	if err != nil {
		return nil, err
	}
	return sized(r, kind+int(int32(binary.BigEndian.Uint32(head[kind:]))))
}

// postgresNames of messages that do something.
var postgresNames = map[byte]string{
	'Q': "Query", 'P': "Parse", 'B': "Bind", 'D': "Describe", 'E': "Execute", 'S': "Sync", 'C': "Close", 'H': "Flush",
}

// Command implements Protocol.
func (Postgres) Command(message []byte, first bool) string {
	if first || len(message) == 0 {
		return ""
	}
	return postgresNames[message[0]]
}

// Reply implements Protocol; it is never asked.
func (Postgres) Reply(*bufio.Reader) ([]byte, error) { return nil, errors.New("PostgreSQL streams") }

// Streams implements Protocol.
func (Postgres) Streams() bool { return true }
