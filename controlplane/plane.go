package controlplane

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
)

// Config is what the domain needs from outside.
type Config struct {
	Store  Store
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
	// Password is the cost of hashing; the zero value is the production cost.
	Password PasswordCost
	// Signup says who may make an account; the zero value is SignupOff.
	Signup Signup
	// Mailing says what becomes of mail; the zero value: none is sent.
	Mailing Mailing
	// Passkeys checks them; nil: they do not work here.
	Passkeys PasskeyVerifier
	// VerifyEmail demands that people verify their address before they change anything but their account.
	VerifyEmail bool

	// Vault seals what is kept for customers.
	Vault Vault
	// Bundles seals what runtimes get.
	Bundles Sealer
	// Commander reaches runtimes.
	Commander Commander
	// Workers compile and test hook files; nil: drafts with hook files cannot be deployed here.
	Workers publish.Workers
	// Listen calls its function after each publication until the context ends; *store.Store has it.
	Listen func(ctx context.Context, published func()) error
	// Webhooks sends alerts to addresses of tenants; nil: none are sent.
	Webhooks WebhookSender
	// Exporter sends telemetry to receivers of tenants; nil: none is sent.
	Exporter Exporter
	// KeyOverlap is how long a signing key is published before it signs; zero: DefaultKeyOverlap.
	KeyOverlap time.Duration
}

// Plane holds the services, one per noun.
type Plane struct {
	Organizations *Organizations
	Members       *Members
	Invitations   *Invitations
	Accounts      *Accounts
	Mails         *Mails
	Tokens        *Tokens
	Audit         *Audit
	Answers       *Answers
	Places        *Places

	Projects    *Projects
	Instances   *Instances
	Drafts      *Drafts
	Files       *Files
	Hooks       *Hooks
	Secrets     *Secrets
	Sources     *Sources
	Deployments *Deployments
	SigningKeys *SigningKeys
	APIKeys     *APIKeys
	DevTokens   *DevTokens
	Rejections  *Rejections
	Deliveries  *Deliveries
	Inboxes     *Inboxes
	Conflicts   *Conflicts
	Rehearsals  *Rehearsals
	Runtimes    *Runtimes
	Keyring     *Keyring
	Connections *Connections
	Doctor      *Doctor
	Promotions  *Promotions
	GoLive      *GoLive

	Telemetry *Telemetry
	Logs      *Logs
	Metrics   *Metrics

	Sightings   *Sightings
	Devices     *Devices
	Credentials *Credentials
	Attention   *Attention

	Alerts        *Alerts
	AlertChannels *AlertChannels
	Exports       *Exports
}

// New builds the services. It fails when a part is missing.
func New(c Config) (*Plane, error) {
	if c.Store == nil || c.Now == nil || c.Random == nil || c.Log == nil {
		return nil, errors.New("controlplane: Store, Now, Random and Log are required")
	}
	if c.Vault == nil || c.Bundles == nil || c.Commander == nil || c.Listen == nil {
		return nil, errors.New("controlplane: Vault, Bundles, Commander and Listen are required")
	}
	if c.VerifyEmail && !c.Mailing.possible() {
		return nil, errors.New("controlplane: VerifyEmail needs mail")
	}
	if c.Mailing.possible() && c.Mailing.BaseURL == "" {
		return nil, errors.New("controlplane: Mailing.BaseURL is required where there is mail")
	}
	if c.KeyOverlap == 0 {
		c.KeyOverlap = DefaultKeyOverlap
	}
	k := &core{
		store: c.Store, clock: c.Now, random: c.Random, log: c.Log, ids: NewIDs(c.Now, c.Random),
		vault: c.Vault, bundles: c.Bundles, commander: c.Commander, overlap: c.KeyOverlap, mailing: c.Mailing,
		compiler: publish.NewCompiler(c.Workers, c.Now),
	}
	passwords, err := newPasswords(c.Password)
	if err != nil {
		return nil, err
	}
	return &Plane{
		Organizations: &Organizations{k},
		Members:       &Members{k},
		Invitations:   &Invitations{k},
		Accounts:      &Accounts{core: k, passwords: passwords, signup: c.Signup, verifyEmail: c.VerifyEmail, passkeys: c.Passkeys},
		Mails:         &Mails{k},
		Tokens:        &Tokens{k},
		Audit:         &Audit{k},
		Answers:       &Answers{k},
		Places:        &Places{k},

		Projects:    &Projects{k},
		Instances:   &Instances{k},
		Drafts:      &Drafts{k},
		Files:       &Files{k},
		Hooks:       &Hooks{k},
		Secrets:     &Secrets{k},
		Sources:     &Sources{k},
		Deployments: &Deployments{k},
		SigningKeys: &SigningKeys{k},
		APIKeys:     &APIKeys{k},
		DevTokens:   &DevTokens{k},
		Rejections:  &Rejections{k},
		Deliveries:  &Deliveries{k},
		Inboxes:     &Inboxes{k},
		Conflicts:   &Conflicts{k},
		Rehearsals:  &Rehearsals{k},
		Runtimes:    &Runtimes{core: k, listen: c.Listen},
		Keyring:     &Keyring{k},
		Connections: &Connections{k},
		Doctor:      &Doctor{k},
		Promotions:  &Promotions{k},
		GoLive:      &GoLive{k},

		Telemetry: &Telemetry{core: k},
		Logs:      &Logs{core: k},
		Metrics:   &Metrics{k},

		Sightings:   &Sightings{k},
		Devices:     &Devices{k},
		Credentials: &Credentials{k},
		Attention:   &Attention{k},

		Alerts:        &Alerts{core: k, webhooks: c.Webhooks},
		AlertChannels: &AlertChannels{k},
		Exports:       &Exports{core: k, exporter: c.Exporter},
	}, nil
}

// core is what every service shares.
type core struct {
	store  Store
	clock  func() time.Time
	random io.Reader
	log    *slog.Logger
	ids    *IDs

	vault     Vault
	bundles   Sealer
	commander Commander
	compiler  *publish.Compiler
	overlap   time.Duration
	mailing   Mailing
}

// now is the time in the precision that the store keeps, so that a value read back equals what was written.
func (k *core) now() time.Time { return k.clock().UTC().Truncate(time.Microsecond) }

// change runs fn and records the one event that it returns, in one transaction. fn may run more than
// once (a serialization failure), so it must touch nothing but tx and its own results.
func (k *core) change(ctx context.Context, actor Actor, fn func(Tx) (Event, error)) error {
	return k.store.InTx(ctx, func(tx Tx) error {
		event, err := fn(tx)
		if err != nil {
			return err
		}
		return k.record(ctx, tx, actor, event)
	})
}

// read runs fn in one transaction that changes nothing.
func (k *core) read(ctx context.Context, fn func(Tx) error) error { return k.store.View(ctx, fn) }

// notFound is the answer for what is absent and for what is not the actor's.
func notFound(what string) *fault.Error {
	return fault.New(fault.NotFound, "not_found", "There is no such "+what+".")
}

// checkVersion compares the version that an edit saw with the current one.
func checkVersion(seen, current int64) error {
	if seen != current {
		return fault.New(fault.PreconditionFailed, "version_mismatch", "It changed since you read it.").
			WithHint("Read it again and repeat the edit with the new ETag in If-Match.")
	}
	return nil
}
