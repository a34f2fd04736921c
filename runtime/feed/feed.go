// Package feed is what runtimes and the control plane say to each other about bundles: which revisions
// exist, the sealed bytes of one, and what each runtime has made of them. It holds the messages, their
// HTTP paths and the client that runtimes use; the control plane serves it. It must not know what is
// inside a bundle, how it is sealed, or how either side stores anything.
package feed

import "time"

// Change says that an instance has a revision.
type Change struct {
	Instance string `json:"instance"`
	Revision int64  `json:"revision"`
}

// Page is one answer to "what has changed since". The order is that of publication.
type Page struct {
	Changes []Change `json:"changes"`
	// Cursor is given as since to the next call; 0 lists everything.
	Cursor int64 `json:"cursor"`
	// More says that the list goes on after Cursor.
	More bool `json:"more"`
}

// Runtime is one process that serves instances.
type Runtime struct {
	ID string `json:"id"`
	// Address is where the control plane reaches the runtime's internal listener: "http://host:port".
	Address string `json:"address"`
	Version string `json:"version"`
	// Format is the highest bundle format that the runtime reads.
	Format int `json:"format"`
	// Capabilities are the commands that it carries out.
	Capabilities []string  `json:"capabilities"`
	StartedAt    time.Time `json:"started_at"`
	// Sandbox is nil until it is known.
	Sandbox *Sandbox `json:"sandbox,omitempty"`
}

// Ack says what became of one revision: it serves (no Code), or why it does not.
type Ack struct {
	Instance string `json:"instance"`
	Revision int64  `json:"revision"`
	Code     string `json:"code,omitempty"`
	Message  string `json:"message,omitempty"`
}

// Condition is something wrong with an instance that serves, or, with a code of a note, to know of it.
type Condition struct {
	Instance string    `json:"instance"`
	Code     string    `json:"code"`
	Message  string    `json:"message"`
	Since    time.Time `json:"since"`
}

// The codes of notes: nothing is wrong, but somebody should know.
const (
	// RepeatsWeak: repeated writes of some devices are recognised less well than others'.
	RepeatsWeak = "repeats_weak"
	// RepeatsUnknown: those of some devices are not recognised.
	RepeatsUnknown = "repeats_unknown"
)

// Note reports that nothing is wrong.
func Note(code string) bool { return code == RepeatsWeak || code == RepeatsUnknown }

// Brake says that a deployment refuses what the one before it took, and that writes are held until that
// one is active again.
type Brake struct {
	Instance   string    `json:"instance"`
	Deployment int       `json:"deployment"`
	Code       string    `json:"code"` // of the refusals
	Table      string    `json:"table"`
	Refused    int       `json:"refused"` // transactions, by this cause
	Of         int       `json:"of"`      // since the activation
	At         time.Time `json:"at"`
}

// Report is a runtime's heartbeat, and with the first one its registration.
type Report struct {
	Runtime Runtime `json:"runtime"`
	// Acks are new since the last report that arrived.
	Acks []Ack `json:"acks,omitempty"`
	// Degraded is everything that is wrong now, and every note; what is not listed has healed.
	Degraded []Condition `json:"degraded,omitempty"`
	// Brakes are those that tripped since the last report that arrived.
	Brakes []Brake `json:"brakes,omitempty"`
	// Leaving is the last report of a runtime that shuts down.
	Leaving bool `json:"leaving,omitempty"`
}

// HeartbeatEvery is how often a runtime reports when nothing happens. The control plane takes one
// that has been silent for three times as long for gone.
const HeartbeatEvery = 5 * time.Second

// The paths of the control plane's internal listener. All need the pool's token.
const (
	PathChanges = "/internal/v1/changes" // GET ?since=, answers a Page
	PathWait    = "/internal/v1/wait"    // GET ?since=, answers 204 when something may be newer
	PathBundles = "/internal/v1/bundles" // GET /{instance}, answers sealed bytes
	PathReports = "/internal/v1/reports" // POST a Report
)

// WaitFor is how long the control plane holds a call to PathWait.
const WaitFor = 20 * time.Second
