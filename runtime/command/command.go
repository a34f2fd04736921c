// Package command carries orders from the control plane to one runtime's internal listener: what only
// a runtime can do, because only runtimes open sources. It has both ends, the Sender and the Handler.
// It must not know who asks the control plane for what, or how a source works.
//
//	control plane                                runtime, internal listener
//	  Sender ── POST /internal/v1/commands ──────► Handler
//	            body: Command (JSON)                 1 signature by a pinned key, over purpose and body
//	            X-Turnkey-Signature: base64          2 for this runtime, not expired, at most 30 s long
//	                                                 3 nonce not seen before
//	                                                 4 candidate bundle opens with the pool's keyset
//	         ◄───────────────── result or fault ──   5 the order itself, in the actor's name, logged
//
// The listener lies on an internal network, but nothing relies on that: an unsigned, late, repeated or
// misdirected order does nothing. Connection strings travel only inside a sealed bundle. Results hold
// no secrets.
package command

import (
	"encoding/json"
	"time"

	"turnkey/internal/fault"
)

// Path is where a runtime's internal listener takes commands.
const Path = "/internal/v1/commands"

const (
	signatureHeader = "X-Turnkey-Signature"
	purpose         = "turnkey command v1"
	// Lifetime of a command. Clocks may differ by half of it in either direction.
	Lifetime  = 30 * time.Second
	maxBody   = 32 << 20 // a sealed bundle, or an edited transaction, in base64
	maxAnswer = 40 << 20 // a rejection's payload in base64
	// runFor bounds what a command may take.
	runFor = 25 * time.Second
)

// Name says what is to be done.
type Name string

// The commands.
const (
	// SourceTest connects to the candidate's source and answers a source.TestReport.
	SourceTest Name = "source_test"
	// SourceInspect samples the candidate's source and answers a source.Inspection.
	SourceInspect Name = "source_inspect"
	// Prepare creates our own tables in the candidate's source, and answers Prepared.
	Prepare Name = "prepare"
	// Reload asks the runtime to look at the feed now.
	Reload Name = "reload"
)

// Actor is in whose name a command comes; for the runtime's log.
type Actor struct {
	UserID    string `json:"user_id"`
	TokenID   string `json:"token_id,omitempty"`
	RequestID string `json:"request_id"`
}

// Command is one order. The Sender fills in everything below Bundle.
type Command struct {
	Name     Name   `json:"name"`
	Instance string `json:"instance,omitempty"`
	Actor    Actor  `json:"actor"`
	// Bundle is a sealed candidate (revision 0): the configuration and secrets to work with.
	Bundle []byte `json:"bundle,omitempty"`
	// Argument is what a command works with that needs no candidate, JSON.
	Argument json.RawMessage `json:"argument,omitempty"`

	Runtime   string    `json:"runtime"` // id of the one that is meant
	IssuedAt  time.Time `json:"issued_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Nonce     string    `json:"nonce"`
}

// answer is what travels back.
type answer struct {
	Result json.RawMessage `json:"result,omitempty"`
	Fault  *wireFault      `json:"fault,omitempty"`
}

// wireFault is a fault without its cause, which stays in the runtime's log.
type wireFault struct {
	Kind    fault.Kind     `json:"kind"`
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Hint    string         `json:"hint,omitempty"`
	Details []fault.Detail `json:"details,omitempty"`
}

func (w *wireFault) fault() *fault.Error {
	return fault.New(w.Kind, w.Code, w.Message).WithHint(w.Hint).WithDetails(w.Details...)
}

func wireOf(err error) *wireFault {
	f := fault.Of(err)
	return &wireFault{Kind: f.Kind, Code: f.Code, Message: f.Message, Hint: f.Hint, Details: f.Details}
}
