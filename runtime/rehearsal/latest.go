package rehearsal

import (
	"encoding/json"
	"time"
)

// Latest is one of the last transactions that devices of a development instance sent, for trying a draft on it.
type Latest struct {
	ID         string            `json:"id"`
	At         time.Time         `json:"at"`
	User       User              `json:"user"`
	Operations []LatestOperation `json:"operations"` // the first ones
	Count      int               `json:"count"`      // of operations
	Outcome    Outcome           `json:"outcome"`
	Code       string            `json:"error_code,omitempty"`
	// Transaction is as rejections keep it.
	Transaction json.RawMessage `json:"transaction"`
}

// LatestOperation says what an operation is about.
type LatestOperation struct {
	Op    string `json:"op"`
	Table string `json:"table"`
	ID    string `json:"id"`
}
