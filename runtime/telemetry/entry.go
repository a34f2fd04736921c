package telemetry

import "time"

// Kind says what an entry is about.
type Kind string

// The kinds of entries.
const (
	Transaction Kind = "transaction" // one client transaction, finished
	Token       Kind = "token"       // one token exchange
	Refusal     Kind = "refusal"     // an upload whose credential was refused
	Instance    Kind = "instance"    // something that happened to the instance itself
	Delivery    Kind = "delivery"    // one attempt to deliver something of the outbox, finished
	Hook        Kind = "hook"        // a line of a hook's log, or (Fatal, with the class as its code) a hook that was killed
	Keys        Kind = "keys"        // somebody fetched the public keys; never a line of the log
)

// Level is how much an entry matters. Higher is worse.
type Level int8

// The levels.
const (
	Info  Level = 1
	Warn  Level = 2
	Error Level = 3
)

// Outcome is how it ended. Transactions use the words of PowerSync's reference contract.
type Outcome string

// The outcomes.
const (
	Success      Outcome = "success"
	Fatal        Outcome = "fatal_error"
	Retryable    Outcome = "retryable_error"
	NotAttempted Outcome = "not_attempted"
	Issued       Outcome = "issued"      // a token
	Refused      Outcome = "refused"     // a token or an upload: the credential does not verify
	Unavailable  Outcome = "unavailable" // a token or an upload: it could not be verified now
	Noted        Outcome = "noted"       // an event of the instance
	Fetched      Outcome = "fetched"     // the keys, by a program
	Viewed       Outcome = "viewed"      // the keys, by a browser or a developer's tool
)

// TableOperations counts one table's operations in one transaction.
type TableOperations struct {
	Table  string `json:"table"`
	Put    int    `json:"put,omitempty"`
	Patch  int    `json:"patch,omitempty"`
	Delete int    `json:"delete,omitempty"`
	// NoPrevious counts those that could have conflicted but came without previous values, Previous those that came with them.
	NoPrevious int       `json:"no_previous_values,omitempty"`
	Previous   int       `json:"-"`
	Conflicts  Conflicts `json:"conflicts,omitzero"`
}

func (o TableOperations) total() int64 { return int64(o.Put) + int64(o.Patch) + int64(o.Delete) }

// Conflicts counts decided conflicts by what the decision was.
type Conflicts struct {
	Client   int `json:"client,omitempty"`
	Server   int `json:"server,omitempty"`
	Merged   int `json:"merged,omitempty"`
	Rejected int `json:"rejected,omitempty"`
	Recorded int `json:"recorded,omitempty"`
}

// Add adds other counts to these.
func (c *Conflicts) Add(more Conflicts) {
	c.Client += more.Client
	c.Server += more.Server
	c.Merged += more.Merged
	c.Rejected += more.Rejected
	c.Recorded += more.Recorded
}

// HookCalls counts the calls of one hook in one transaction by what they came to.
type HookCalls struct {
	Hook       string `json:"hook"` // file and function, as in todos.beforeWrite
	Result     string `json:"result"`
	Calls      int    `json:"calls"`
	DurationUS int64  `json:"duration_us,omitempty"` // together, as the worker measured it
	Spread     Spread `json:"-"`                     // of the calls, each by itself
}

// Entry is one line of an instance's log, and what its counters are made from.
type Entry struct {
	At         time.Time `json:"at"`
	Instance   string    `json:"instance"`
	Deployment int       `json:"deployment,omitempty"`
	Kind       Kind      `json:"kind"`
	Level      Level     `json:"level"`

	// Waits says that the device's queue does not go on: it sends the transaction again. Development marks a token for
	// a bare user id. Both are about the device and not part of the log; here they take no room.
	Waits       bool `json:"-"`
	Development bool `json:"-"`

	RequestID  string            `json:"request_id,omitempty"`
	UserID     string            `json:"user_id,omitempty"`
	ClientID   string            `json:"client_id,omitempty"`
	SDK        string            `json:"sdk,omitempty"`
	AppVersion string            `json:"app_version,omitempty"`
	Operations []TableOperations `json:"operations,omitempty"`
	Outcome    Outcome           `json:"outcome"`
	Code       string            `json:"code,omitempty"` // why it did not succeed
	Message    string            `json:"message,omitempty"`
	Rejection  string            `json:"rejection_id,omitempty"`
	// DurationUS is microseconds of work, without waiting for the body.
	DurationUS int64 `json:"duration_us,omitempty"`
	// DatabaseUS is what of that passed in the customer's database; it is counted and not part of the log.
	DatabaseUS int64 `json:"-"`
	// Retries is how often a conflict made it start over.
	Retries int `json:"retries,omitempty"`
	// Hooks are the calls of users' code.
	Hooks []HookCalls `json:"hooks,omitempty"`
	// Lane is where a delivery goes.
	Lane string `json:"lane,omitempty"`

	// Trace is how a transaction passed; nil for most that succeeded.
	Trace *Trace `json:"trace,omitempty"`

	// What follows is about the device and its credential, and is not part of the log.

	// Report is what the connector says of itself; with the first transaction of an upload alone.
	Report *Report `json:"-"`
	// Credential is what a refused one says of itself.
	Credential *Credential `json:"-"`
}

// Count is one counter's increase.
type Count struct {
	Instance string `json:"instance"`
	// Minute is its start, in Unix seconds. After a long outage it may be the start of an hour or a day.
	Minute int64 `json:"minute"`
	Series
	N int64 `json:"n"`
}

// Batch is what is sent and stored as one. Batches of a Source have the Seqs 1, 2, 3, ... and arrive in
// that order; one with a Seq that is not higher than the last stored one is a repetition.
type Batch struct {
	Source  string  `json:"source"`
	Seq     int64   `json:"seq"`
	Entries []Entry `json:"entries,omitempty"`
	Counts  []Count `json:"counts,omitempty"`

	Sights  []Sighting          `json:"sights,omitempty"`
	Devices []Device            `json:"devices,omitempty"`
	Refused []RefusedCredential `json:"refused,omitempty"`
}

// empty reports that there is nothing to send.
func (b *Batch) empty() bool {
	return len(b.Entries)+len(b.Counts)+len(b.Sights)+len(b.Devices)+len(b.Refused) == 0
}

// Limits of one batch.
const (
	MaxEntries = 1000
	MaxCounts  = 5000
	MaxSights  = 5000
	MaxDevices = 1000
	MaxRefused = 500
	// MaxBytes of a batch as JSON, unpacked.
	MaxBytes = 16 << 20
)

// Path of the control plane's internal listener: POST a Batch as gzipped JSON, with the pool's token;
// 204 when it is stored, now or before.
const Path = "/internal/v1/telemetry"
