// Package bundle is the contract between the planes: everything that a runtime needs to serve one
// instance, as pure types with a version number. The control plane publishes bundles (package
// envelope signs and seals them); runtimes follow them.
//
// It must not do I/O, and must not know how bundles travel, where they are stored or who made them.
package bundle

import (
	"time"

	"turnkey/internal/redact"
	"turnkey/runtime/hook"
)

// Format is the highest version of this contract that this code reads. A runtime that meets a higher
// one keeps its last good bundle and reports it. Additions that an older runtime may ignore do not
// raise it; a bundle is written with the lowest format that serves it (FormatFor).
//
//	1  2026-11  first version
//	2  2026-11  conflict policies other than last_write, deletes other than win
//	3  2026-11  hooks
const Format = 3

// Bundle is the active deployment of one instance, compiled, plus what changes without a deployment:
// secrets, signing keys, API keys and the instance's state. Revisions only go up.
type Bundle struct {
	Format     int
	Revision   int64
	Instance   Instance
	Deployment int // number of the active deployment; 0: none yet, nothing but JWKS is served
	// ActivatedAt is when it became active; Previous the number of the one before it, 0 for none.
	ActivatedAt time.Time
	Previous    int
	Config      Config
	// Program is the deployment's hooks; nil: it has none.
	Program *hook.Program
	Secrets map[string]redact.Secret
	// SigningKeys holds every key that is published, signing or still valid; see SigningKey.
	SigningKeys []SigningKey
	// APIKeys authenticate customers' own servers at /token (provider type api_key).
	APIKeys []APIKey
	// IssuedAt is the control plane's clock when it made this revision.
	IssuedAt time.Time
}

// Kind of an instance; immutable.
type Kind string

// The kinds of instance.
const (
	Development Kind = "development"
	Production  Kind = "production"
)

// State of an instance.
type State string

// The states. A paused instance answers uploads with retryable errors; a deleted one is gone.
const (
	Active  State = "active"
	Paused  State = "paused"
	Deleted State = "deleted"
)

// Instance identifies who is served.
type Instance struct {
	ID             string `json:"id"`
	Host           string `json:"host"` // DNS label, never reused
	Kind           Kind   `json:"kind"`
	State          State  `json:"state"`
	ProjectID      string `json:"project_id"`
	OrganizationID string `json:"organization_id"`
}

// Algorithm of a signing key, as JOSE names it.
type Algorithm string

// The algorithms that we mint with.
const (
	EdDSA Algorithm = "EdDSA"
	RS256 Algorithm = "RS256"
)

// SigningKey is one key pair. Its life: published at PublishAt, signs from SignFrom (10 minutes
// later, so that every verifier has fetched it) until a younger key signs, and stays in the JWKS
// until RetireAt. Which key signs is decided by time alone: the youngest with SignFrom in the past.
type SigningKey struct {
	ID        string // the kid
	Algorithm Algorithm
	Private   redact.Secret // PKCS #8, PEM
	PublishAt time.Time
	SignFrom  time.Time
	RetireAt  time.Time // zero: not scheduled
	// Revoked keys leave the JWKS at once and verify nothing.
	Revoked bool
}

// APIKey is the SHA-256 of a key that was shown once.
type APIKey struct {
	ID        string    `json:"id"`
	Hash      []byte    `json:"hash"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}
