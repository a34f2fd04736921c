package token

import (
	"time"
)

// Diagnosis is what can be told of a token that somebody pasted. It holds no part of the token by which anybody could
// use it.
type Diagnosis struct {
	// Kind is who made it.
	Kind     TokenKind `json:"kind"`
	Provider string    `json:"provider,omitempty"` // whose, where one is known
	Alg      string    `json:"alg,omitempty"`
	KeyID    string    `json:"kid,omitempty"`
	Issuer   string    `json:"issuer,omitempty"`
	Subject  string    `json:"subject,omitempty"`
	Audience []string  `json:"audience,omitempty"`
	IssuedAt time.Time `json:"issued_at,omitzero"`
	Expires  time.Time `json:"expires_at,omitzero"`
	// Where it would be taken.
	PowerSync Reception `json:"powersync"`
	Upload    Reception `json:"upload"`
	Exchange  Reception `json:"exchange"`
	// Findings begin with what to mend first.
	Findings []Symptom `json:"findings" nullable:"false"`
}

// TokenKind is who made a token.
type TokenKind string

// The kinds.
const (
	OursKind     TokenKind = "turnkey"  // minted by this instance
	ProviderKind TokenKind = "provider" // of one of its sign-ins
	StrangeKind  TokenKind = "unknown"
	NoToken      TokenKind = "malformed"
)

// Reception is whether somebody takes the token.
type Reception string

// What becomes of a token that is sent somewhere.
const (
	Accepted Reception = "accepted"
	Refused  Reception = "refused"
	// NotKnown is where nobody here can tell.
	NotKnown Reception = "not known"
)

// Symptom is one thing that is wrong, or worth knowing, with what to change.
type Symptom struct {
	Code    string `json:"code"`
	Claim   string `json:"claim,omitempty"` // of the token: aud, exp, kid ...
	Message string `json:"message"`
	Fix     string `json:"fix"`
	// Setting is the path in the configuration that the fix changes.
	Setting string `json:"setting,omitempty"`
	// PowerSync is the code that its service logs for it.
	PowerSync string `json:"powersync_code,omitempty"`
	// Advice is what does not refuse the token.
	Advice bool `json:"advice,omitempty"`
}

func (d *Diagnosis) find(f Symptom) { d.Findings = append(d.Findings, f) }

// wrong reports whether anything refuses the token.
func (d *Diagnosis) wrong() bool {
	for _, f := range d.Findings {
		if !f.Advice {
			return true
		}
	}
	return false
}

func reception(accepted bool) Reception {
	if accepted {
		return Accepted
	}
	return Refused
}

// PowerSync's error codes, as its service logs them.
const (
	psMalformed = "PSYNC_S2101"
	psExpired   = "PSYNC_S2103"
	psTooLong   = "PSYNC_S2104"
	psAudience  = "PSYNC_S2105"
)

const (
	// longestForPowerSync is the longest life that its service takes.
	longestForPowerSync = 24 * time.Hour
	// longestAdvised is what its documentation recommends at most.
	longestAdvised = time.Hour
)
