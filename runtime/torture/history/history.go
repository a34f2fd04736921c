// Package history is what a torture run remembers: what devices queued, sent and heard, what the
// database says it did, and what is in it at the end. Events are kept in memory for the checkers and
// written as JSON lines for people. It must not know how anything is checked or broken.
package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Kind says what happened.
type Kind string

// The kinds of events.
const (
	Queue    Kind = "queue"    // a local transaction was committed on a device
	Drop     Kind = "drop"     // the device forgot operations: power loss, log-out
	Clone    Kind = "clone"    // a device was restored from a backup of another one
	Send     Kind = "send"     // a request left
	OK       Kind = "ok"       // operations were acknowledged
	Rejected Kind = "rejected" // operations were refused for good
	Info     Kind = "info"     // a request ended without a result: its effect is unknown
	Contract Kind = "contract" // an answer broke the contract, or would block the queue for ever
	Read     Kind = "read"     // a device looked at its rows
	Snapshot Kind = "snapshot" // the sum of all accounts in one snapshot of the database
	Fault    Kind = "fault"    // a nemesis struck
	Drained  Kind = "drained"  // a device's queue is empty after healing
	Stuck    Kind = "stuck"    // a device's queue did not empty in time
)

// Op is one queued operation. PUT and PATCH write Tag into the row's tag column, so that the
// database's own log says which operation made which change.
type Op struct {
	Tag   string         `json:"tag"`
	Verb  string         `json:"op"` // PUT, PATCH, DELETE
	Table string         `json:"table"`
	ID    string         `json:"id"`
	Data  map[string]any `json:"data,omitempty"`
	Old   map[string]any `json:"old,omitempty"`
	OpID  int64          `json:"op_id,omitempty"` // as the device counts: again after it lost power
	// Delta is what a counter's operation adds.
	Delta int64 `json:"delta,omitempty"`
	// Optional: the row may be gone when the operation arrives, and then it rightly does nothing.
	Optional bool `json:"optional,omitempty"`
	// Doomed: a hook refuses it, and with it the whole transaction.
	Doomed bool `json:"doomed,omitempty"`
}

// Event is one line of the history.
type Event struct {
	At      time.Duration     `json:"t"`
	Kind    Kind              `json:"kind"`
	Device  string            `json:"device,omitempty"`
	User    string            `json:"user,omitempty"` // send, rejected: whose write it is
	Session int               `json:"session,omitempty"`
	Tx      string            `json:"tx,omitempty"`
	Ops     []Op              `json:"ops,omitempty"`
	Tags    []string          `json:"tags,omitempty"`
	Seen    map[string]string `json:"seen,omitempty"`  // read: table/id to the tag seen there
	Whole   bool              `json:"whole,omitempty"` // queue: this device never splits a transaction
	Sum     int64             `json:"sum,omitempty"`
	Note    string            `json:"note,omitempty"`
}

// Change is one row change that the database committed, in its order of commits.
type Change struct {
	Commit string `json:"commit"` // names the database transaction
	Verb   string `json:"verb"`   // insert, update, delete
	Table  string `json:"table"`
	ID     string `json:"id"`
	Row    Row    `json:"row"` // after the change; before it for delete
}

// Row has the one shape of all tables of the torture.
type Row struct {
	Tag   string   `json:"tag"`
	N     int64    `json:"n"`
	Items []string `json:"items,omitempty"`
}

// Key names a row across tables.
func Key(table, id string) string { return table + "/" + id }

// Split takes a Key apart.
func Split(key string) (table, id string) {
	table, id, _ = strings.Cut(key, "/")
	return table, id
}

// Run is all that a checker may look at.
type Run struct {
	Events  []Event
	Changes []Change       // the database's log since the seeds
	Seeds   map[string]Row // rows that were there before the first event
	Rows    map[string]Row // rows at the end
	// Rejections are all that are kept, whatever their status; nil: not read.
	Rejections []Rejection
	// Arrivals are what a receiver was sent.
	Arrivals []Arrival
}

// Arrival is a webhook, or a request of a hook, as the receiver saw it.
type Arrival struct {
	Lane  string // the outbox; or what stands for a request of a hook
	ID    string
	Tag   string // of the operation that it is about
	Body  string
	Taken bool   // the receiver did not refuse it
	Wrong string // what the receiver found wrong with it; "": nothing
}

// Rejection is one kept refusal.
type Rejection struct {
	User string
	Row  string // Key of the operation to blame
}

// Recorder collects events of many goroutines.
type Recorder struct {
	start time.Time
	now   func() time.Time

	mu     sync.Mutex
	events []Event
	out    *bufio.Writer
	err    error
}

// NewRecorder makes a recorder that also writes each event as a line to out; nil: in memory only.
func NewRecorder(now func() time.Time, out io.Writer) *Recorder {
	r := &Recorder{start: now(), now: now}
	if out != nil {
		r.out = bufio.NewWriterSize(out, 1<<16)
	}
	return r
}

// Add records one event at this moment.
func (r *Recorder) Add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.At = r.now().Sub(r.start)
	r.events = append(r.events, e)
	if r.out == nil || r.err != nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = r.out.Write(append(line, '\n'))
	}
	r.err = err
}

// Close flushes and gives the events. The error says that the lines on disk are incomplete.
func (r *Recorder) Close() ([]Event, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out != nil && r.err == nil {
		r.err = r.out.Flush()
	}
	if r.err != nil {
		return r.events, fmt.Errorf("writing the history: %w", r.err)
	}
	return r.events, nil
}
