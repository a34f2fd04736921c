package devmongo

import (
	"bytes"
	"encoding/binary"
	"os"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Write is one document that a commit wrote.
type Write struct {
	Namespace string // database.collection
	ID        any
	Doc       bson.Raw // nil: deleted
}

// ReadCommits gives the writes of every commit in a journal, in the order of commits: what a change
// stream would have told who listened from the start. A torn tail is passed over. The server may be
// running; its journal must not have been compacted.
func ReadCommits(path string, each func(writes []Write) error) error {
	all, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	next := plainRecord
	if rest, ok := bytes.CutPrefix(all, []byte("turnkey devmongo journal 1\n")); ok {
		all, next = rest, framedRecord
	}
	for {
		body, size := next(all)
		if body == nil { // the end, or a record that was never acknowledged
			return nil
		}
		all = all[size:]
		writes, err := writesOf(body)
		if err != nil {
			return err
		}
		if len(writes) > 0 {
			if err := each(writes); err != nil {
				return err
			}
		}
	}
}

// plainRecord is a document after the other.
func plainRecord(b []byte) (body bson.Raw, size int) {
	body, err := bson.ReadDocument(bytes.NewReader(b))
	if err != nil {
		return nil, 0
	}
	return body, len(body)
}

// framedRecord has the length, a checksum and a sequence number before each document.
func framedRecord(b []byte) (body bson.Raw, size int) {
	const header = 16
	if len(b) < header {
		return nil, 0
	}
	size = header + int(binary.LittleEndian.Uint32(b))
	if size > len(b) {
		return nil, 0
	}
	return b[header:size], size
}

func writesOf(body bson.Raw) ([]Write, error) {
	var record struct {
		W []struct {
			C string
			I any
			D bson.Raw
		}
	}
	if err := bson.Unmarshal(body, &record); err != nil {
		return nil, err
	}
	out := make([]Write, len(record.W))
	for i, w := range record.W {
		out[i] = Write{Namespace: w.C, ID: w.I, Doc: w.D}
	}
	return out, nil
}
