package bundle

import "time"

// OnError says what becomes of a transaction whose hook threw, or answered what it may not.
type OnError string

// The choices. Zero is reject.
const (
	HookReject OnError = "reject" // refused, kept as a rejection
	HookRetry  OnError = "retry"  // held back: the device sends it again
)

// Hooks are the settings of users' code (the code itself is the bundle's Program).
type Hooks struct {
	// Timeout is how long the hooks of one run may compute.
	Timeout time.Duration `json:"timeout,omitzero"`
	OnError OnError       `json:"on_error,omitempty"`
	// Fetch lists the hosts that ctx.fetch may reach.
	Fetch []string `json:"fetch,omitempty"`
	// Env names the secrets that ctx.env shows.
	Env map[string]SecretRef `json:"env,omitempty"`
}
