package devmongo

import (
	"bytes"
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
	for r := bytes.NewReader(all); ; {
		body, err := bson.ReadDocument(r)
		if err != nil { // the end, or a record that was never acknowledged
			return nil
		}
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
