package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"
	"path/filepath"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/oidc"
	"turnkey/controlplane/otlp"
	"turnkey/controlplane/passkey"
	"turnkey/controlplane/seal"
	"turnkey/controlplane/store"
	"turnkey/controlplane/webhook"
	dashboardapi "turnkey/dashboard-api"
	"turnkey/internal/dial"
	"turnkey/internal/redact"
	"turnkey/runtime/command"
	"turnkey/runtime/envelope"
	"turnkey/runtime/hook/worker"
)

// kekFile is the key-encryption keyset in a folder of keys.
const kekFile = "kek.json"

// database is the control plane's own PostgreSQL.
type database struct {
	DatabaseURL     redact.Secret `help:"Connection string of the control plane's PostgreSQL; better given by file."`
	DatabaseURLFile string        `help:"File with that connection string."`
}

func (d database) url() (redact.Secret, error) {
	return secretSetting("--database-url", d.DatabaseURL, d.DatabaseURLFile, "")
}

func (d database) migrate(ctx context.Context) error {
	url, err := d.url()
	if err != nil {
		return err
	}
	return store.Migrate(ctx, url)
}

// keyEncryption names the keyset that seals what the database keeps for customers.
type keyEncryption struct {
	KeysDir string `required:"" help:"Folder with the control plane's keys: bundle-sign.pem, pool-public.json and kek.json, made by turnkey keys generate."`
	KEKFile string `name:"kek-file" help:"The key-encryption keyset. Unset: kek.json in --keys-dir."`
}

func (k keyEncryption) path() string {
	if k.KEKFile != "" {
		return k.KEKFile
	}
	return filepath.Join(k.KeysDir, kekFile)
}

// planeSettings are what every command that opens the control plane needs.
type planeSettings struct {
	database
	keyEncryption
}

// exportTimeout bounds one request to a receiver of telemetry.
const exportTimeout = 10 * time.Second

// webhookTimeout bounds one attempt to send an alert.
const webhookTimeout = 10 * time.Second

// planeOptions are what only a serving control plane chooses.
type planeOptions struct {
	signup  controlplane.Signup
	overlap time.Duration // zero: the usual one
	workers *worker.Pool  // compile and test hooks; nil: nobody deploys here
	mail    mailOptions
	base    string // where browsers reach the dashboard; empty: nobody signs in here
	// privateWebhooks lets alerts and telemetry go to private addresses and by http; for development.
	privateWebhooks bool
}

// siteSettings are those of the REST API.
type siteSettings struct {
	key         redact.Secret
	base        string
	runtimeURL  string // with {host}
	development bool
	signup      controlplane.Signup
	mailbox     bool // shows mails instead of sending them
	providers   *oidc.Providers
	proxies     []netip.Prefix
	sources     []dashboardapi.DevelopmentSource // to try out
}

// planeParts is an open control plane.
type planeParts struct {
	plane     *controlplane.Plane
	log       *slog.Logger
	db        *store.Store
	commander *command.Sender
}

// openPlane migrates, opens and assembles the control plane.
func openPlane(ctx context.Context, log *slog.Logger, s planeSettings, o planeOptions) (*planeParts, error) {
	url, err := s.url()
	if err != nil {
		return nil, err
	}
	vault, err := seal.OpenFile(s.path())
	if err != nil {
		return nil, err
	}
	sealer, signer, err := envelope.ReadSealer(s.KeysDir)
	if err != nil {
		return nil, errKeys(err)
	}
	if err := store.Migrate(ctx, url); err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	p := &planeParts{log: log, db: db, commander: command.NewSender(signer, time.Now)}
	domain := controlplane.Config{
		Store: db, Now: time.Now, Random: rand.Reader, Log: log, Signup: o.signup, KeyOverlap: o.overlap,
		Vault: vault, Bundles: sealer, Commander: p.commander, Listen: db.Listen,
		Mailing: o.mail.mailing, VerifyEmail: o.mail.verify,
		Webhooks: webhook.New(dial.New(dial.Options{AllowPrivate: o.privateWebhooks}).HTTPClient(dial.HTTPOptions{Timeout: webhookTimeout, MaxBody: 64 << 10, AllowHTTP: o.privateWebhooks}), time.Now),
	}
	receivers := dial.HTTPOptions{Timeout: exportTimeout, MaxBody: 64 << 10, AllowHTTP: o.privateWebhooks}
	if !o.privateWebhooks {
		receivers.Ports = []string{"443", "4318", "8443"} // 4318 is what receivers of OTLP listen on
	}
	domain.Exporter = otlp.New(dial.New(dial.Options{AllowPrivate: o.privateWebhooks}).HTTPClient(receivers), time.Now, version)
	if passkey.Possible(o.base) {
		verifier, err := passkey.New(o.base)
		if err != nil {
			p.close()
			return nil, err
		}
		domain.Passkeys = verifier
	}
	if o.workers != nil { // a nil pool inside the interface would look like one
		domain.Workers = o.workers
	}
	p.plane, err = controlplane.New(domain)
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *planeParts) close() {
	p.commander.Close()
	p.db.Close()
}
