package devmongo

import (
	"fmt"
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
	_, _, ours, err := eachFrame(all, func(body []byte) error {
		writes, err := writesOf(body)
		if err != nil || len(writes) == 0 {
			return err
		}
		return each(writes)
	})
	if err == nil && !ours {
		err = fmt.Errorf("%s is no journal", path)
	}
	return err
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
