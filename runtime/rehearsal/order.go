package rehearsal

import "encoding/json"

// Order asks what would become of one client transaction: one that it holds, or one that was recorded.
type Order struct {
	// Transaction is as rejections keep it: {"crud": [...]}, with the entries of an upload.
	Transaction json.RawMessage `json:"transaction,omitempty"`
	User        User            `json:"user"`
	// Old stands in for what is stored in the row of the first operation, in the source's names; nil: what is
	// stored. The JSON null is a row that does not exist.
	Old json.RawMessage `json:"old,omitempty"`

	Conflict  string `json:"conflict,omitempty"`  // id of a recorded one: its operation, over what was stored then
	Rejection string `json:"rejection,omitempty"` // id of a recorded one: its transaction, over what is stored now
}

// User is who writes.
type User struct {
	ID       string         `json:"id"`
	Provider string         `json:"provider,omitempty"`
	Claims   map[string]any `json:"claims,omitempty"`
}

// Recorded reports that the order names something that was recorded.
func (o *Order) Recorded() bool { return o.Conflict != "" || o.Rejection != "" }
