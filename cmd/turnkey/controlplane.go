package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
	"turnkey/controlplane/seal"
	"turnkey/controlplane/store"
	dashboardapi "turnkey/dashboard-api"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/command"
	"turnkey/runtime/envelope"
)

// database is the control plane's own PostgreSQL.
type database struct {
	DatabaseURL     redact.Secret `help:"Connection string of the control plane's PostgreSQL; better given by file."`
	DatabaseURLFile string        `help:"File with that connection string."`
}

func (d database) url() (redact.Secret, error) {
	return secretSetting("--database-url", d.DatabaseURL, d.DatabaseURLFile)
}

// secretSetting reads a secret from its setting or from the file that another setting names.
func secretSetting(name string, value redact.Secret, file string) (redact.Secret, error) {
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return value, fault.Wrap(err, fault.Invalid, "settings", "The file of "+name+"-file cannot be read.")
		}
		value = redact.New(strings.TrimSpace(string(raw)))
	}
	if value.Empty() {
		env := "TURNKEY_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(name, "--"), "-", "_"))
		return value, fault.New(fault.Invalid, "settings", name+" is not set.").WithHint("Set " + env + ", or " + env + "_FILE to a file that holds it.")
	}
	return value, nil
}

// migrateCommand brings the control plane's schema up to date; several may run at once.
type migrateCommand struct{ database }

// Run implements the command.
func (c *migrateCommand) Run(ctx context.Context, term terminal) error {
	url, err := c.url()
	if err != nil {
		return err
	}
	return store.Migrate(ctx, url)
}

// controlplaneCommand serves the REST API and the dashboard's pages.
type controlplaneCommand struct {
	database
	Listen        string              `default:"127.0.0.1:8080" help:"Address to serve on."`
	BaseURL       string              `required:"" help:"Where browsers reach this, such as https://dashboard.example."`
	Development   bool                `help:"Permit plain http in --base-url."`
	Signup        controlplane.Signup `default:"off" enum:"open,invite,off" help:"Who may make an account: open, invite or off."`
	KeysDir       string              `required:"" help:"Folder with the key-encryption keyset (kek.json), bundle-sign.pem and pool-public.json."`
	RuntimeURL    string              `name:"runtime-url" required:"" help:"Where apps reach an instance, with {host} for its label, such as https://{host}.run.example."`
	APISecret     redact.Secret       `name:"api-secret" help:"At least 32 random bytes that seal page cursors, the same on every replica; better given by file."`
	APISecretFile string              `name:"api-secret-file" help:"File with that secret."`

	scraping
}

// Run implements the command.
func (c *controlplaneCommand) Run(ctx context.Context, term terminal) error {
	url, err := c.url()
	if err != nil {
		return err
	}
	key, err := secretSetting("--api-secret", c.APISecret, c.APISecretFile)
	if err != nil {
		return err
	}
	log := newLog(term)
	api, closeAPI, err := newAPI(ctx, log, apiSettings{url: url, key: key, base: c.BaseURL, development: c.Development, signup: c.Signup, keysDir: c.KeysDir, runtimeURL: c.RuntimeURL, scraping: c.scraping})
	if err != nil {
		return err
	}
	defer closeAPI()
	return listenAndServe(ctx, log, c.Listen, api)
}

// apiSettings are what the control plane's HTTP side is made from.
type apiSettings struct {
	url, key    redact.Secret
	base        string
	keysDir     string // of this plane's keys; made in development
	runtimeURL  string // with {host}
	development bool
	signup      controlplane.Signup
	scraping    scraping
	// ready, when set, gets the assembled plane.
	ready func(*controlplane.Plane)
}

// newAPI migrates, opens and assembles the control plane.
func newAPI(ctx context.Context, log *slog.Logger, s apiSettings) (h http.Handler, closeAll func(), err error) {
	kek := filepath.Join(s.keysDir, "kek.json")
	if s.development {
		if _, err := envelope.EnsureKeys(s.keysDir); err != nil {
			return nil, nil, err
		}
		if _, err := seal.EnsureFile(kek); err != nil {
			return nil, nil, err
		}
	}
	vault, err := seal.OpenFile(kek)
	if err != nil {
		return nil, nil, err
	}
	sealer, signer, err := envelope.ReadSealer(s.keysDir)
	if err != nil {
		return nil, nil, err
	}
	if err := store.Migrate(ctx, s.url); err != nil {
		return nil, nil, err
	}
	db, err := store.Open(ctx, s.url)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	commander := command.NewSender(signer, time.Now)
	plane, err := controlplane.New(controlplane.Config{
		Store: db, Now: time.Now, Random: rand.Reader, Log: log, Signup: s.signup,
		Vault: vault, Bundles: sealer, Commander: commander, Listen: db.Listen,
	})
	if err != nil {
		return nil, nil, err
	}
	roles, err := authz.New()
	if err != nil {
		return nil, nil, err
	}
	h, err = dashboardapi.New(dashboardapi.Config{
		Plane: plane, Authz: roles, Log: log, Now: time.Now, BaseURL: s.base, Development: s.development, Key: s.key, Signup: s.signup,
		RuntimeURL: s.runtimeURL,
	})
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Invalid, "settings", "The control plane cannot start with these settings.")
	}
	group := upkeep(ctx, log, plane)
	if err := s.scraping.serve(ctx, group, log, stored(plane)); err != nil {
		group.Stop()
		return nil, nil, err
	}
	if s.ready != nil {
		s.ready(plane)
	}
	return h, func() { group.Stop(); commander.Close(); db.Close() }, nil
}
