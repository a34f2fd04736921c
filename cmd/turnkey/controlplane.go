package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
	"turnkey/controlplane/pool"
	dashboardapi "turnkey/dashboard-api"
	"turnkey/internal/fault"
	"turnkey/internal/lifecycle"
	"turnkey/internal/redact"
	"turnkey/web"
)

// controlplaneCommand serves the REST API with its pages, and the pool of runtimes.
type controlplaneCommand struct {
	planeSettings
	Listen         string              `default:"127.0.0.1:8080" help:"Address to serve people and scripts on."`
	PoolListen     string              `default:"127.0.0.1:8081" help:"Address to serve runtimes on, and the probes /livez and /readyz; an internal network."`
	BaseURL        string              `required:"" help:"Where browsers reach this, such as https://dashboard.example."`
	RuntimeURL     string              `name:"runtime-url" required:"" help:"Where apps reach an instance, with {host} for its label, such as https://{host}.run.example."`
	Signup         controlplane.Signup `default:"off" enum:"open,invite,off" help:"Who may make an account: open, invite or off."`
	TrustedProxies []string            `help:"Networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8."`
	PoolToken      redact.Secret       `help:"Token of the pool of runtimes, at least 32 random characters; better given by file."`
	PoolTokenFile  string              `help:"File with that token. Unset: pool-token in --keys-dir."`
	APISecret      redact.Secret       `name:"api-secret" help:"At least 32 random bytes that seal page cursors and remembered answers, the same on every replica; better given by file."`
	APISecretFile  string              `name:"api-secret-file" help:"File with that secret. Unset: api-secret in --keys-dir."`
	Development    bool                `help:"Permit plain http in --base-url and a short --key-overlap, and make the keys at the first start."`
	DrainDelay     time.Duration       `default:"5s" help:"How long to serve on after SIGTERM, not ready any more, until load balancers have noticed."`
	KeyOverlap     time.Duration       `help:"How long a new signing key is published before it signs; 10m, and other values only with --development."`

	mailSettings
	oidcSettings
	sandbox
	scraping
}

// Run implements the command.
func (c *controlplaneCommand) Run(ctx context.Context, term terminal) error {
	log := newLog(term)
	if c.Development {
		if err := ensureKeys(c.KeysDir); err != nil {
			return err
		}
	}
	api, token, err := c.settings()
	if err != nil {
		return err
	}
	mail, err := c.mailSettings.options(c.BaseURL, c.Development)
	if err != nil {
		return err
	}
	api.mailbox = mail.mailing.Mailbox
	if api.providers, err = c.oidcSettings.open(c.BaseURL); err != nil {
		return err
	}
	people, err := listen("--listen", c.Listen)
	if err != nil {
		return err
	}
	defer people.Close()
	runtimes, err := listen("--pool-listen", c.PoolListen)
	if err != nil {
		return err
	}
	defer runtimes.Close()
	workers, err := c.sandbox.open(ctx, log) // deployments compile and test hooks in them
	if err != nil {
		return err
	}
	defer workers.Close()
	parts, err := openPlane(ctx, log, c.planeSettings, planeOptions{signup: c.Signup, overlap: c.KeyOverlap, workers: workers, mail: mail, base: c.BaseURL, privateWebhooks: c.Development})
	if err != nil {
		return err
	}
	defer parts.close()
	site, err := parts.site(api)
	if err != nil {
		return err
	}
	feed, err := pool.New(parts.plane.Runtimes, parts.plane.Telemetry, token, log)
	if err != nil {
		return err
	}
	group := lifecycle.NewGroup(context.WithoutCancel(ctx), log)
	defer group.Stop()
	if err := c.scraping.serve(ctx, group, log, stored(parts.plane)); err != nil {
		return err
	}
	polling, endPolls := context.WithCancel(context.WithoutCancel(ctx))
	defer endPolls()
	parts.start(group, polling)
	health := &probes{ready: func() bool { return true }} // without its database it still says so to people
	serveIn(group, "pool listener", runtimes, health.handler(endWith(polling, feed)), log)
	serveIn(group, "api", people, site, log)
	fmt.Fprintf(term.out, "Serving the control plane on http://%s, runtimes on http://%s\n", people.Addr(), runtimes.Addr())
	select {
	case err := <-group.Failed():
		return err
	case <-ctx.Done():
	}
	log.Info("draining: not ready any more, serving on", "for", c.DrainDelay.String())
	health.drain()
	pause(group, c.DrainDelay)
	endPolls()
	return nil
}

// settings checks everything that needs no database.
func (c *controlplaneCommand) settings() (s siteSettings, token redact.Secret, err error) {
	s = siteSettings{base: c.BaseURL, runtimeURL: c.RuntimeURL, development: c.Development, signup: c.Signup}
	if c.KeyOverlap < 0 || c.KeyOverlap != 0 && !c.Development {
		return s, token, badSetting("--key-overlap", "is for --development only.").
			WithHint("Sync services fetch keys every few minutes and refuse tokens of a key that they do not know: leave TURNKEY_KEY_OVERLAP unset.")
	}
	if err := c.checkURLs(); err != nil {
		return s, token, err
	}
	if s.proxies, err = networks(c.TrustedProxies); err != nil {
		return s, token, err
	}
	if s.key, err = secretSetting("--api-secret", c.APISecret, c.APISecretFile, filepath.Join(c.KeysDir, apiSecretFile)); err != nil {
		return s, token, err
	}
	if token, err = secretSetting("--pool-token", c.PoolToken, c.PoolTokenFile, filepath.Join(c.KeysDir, poolTokenFile)); err != nil {
		return s, token, err
	}
	for name, secret := range map[string]redact.Secret{"--api-secret": s.key, "--pool-token": token} {
		if len(secret.Reveal()) < shortestSecret {
			return s, token, badSetting(name, "is too short.").WithHint(fmt.Sprintf("Give it at least %d random characters; `turnkey keys generate` makes one.", shortestSecret))
		}
	}
	return s, token, nil
}

// shortestSecret is in bytes.
const shortestSecret = 32

// checkURLs looks at what people and apps will be told.
func (c *controlplaneCommand) checkURLs() error {
	base, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || base.Host == "" || strings.Trim(base.Path, "/") != "" || base.Scheme != "https" && base.Scheme != "http":
		return badSetting("--base-url", "is not the address of a site.").WithHint("Set TURNKEY_BASE_URL to something like https://dashboard.example.")
	case base.Scheme == "http" && !c.Development:
		return badSetting("--base-url", "must be https: session cookies could be read on the way.").WithHint("Set TURNKEY_BASE_URL to the https address, or use --development.")
	case !strings.Contains(c.RuntimeURL, "{host}"):
		return badSetting("--runtime-url", "must contain {host}.").WithHint("Set TURNKEY_RUNTIME_URL to something like https://{host}.run.example or https://run.example/i/{host}.")
	}
	return nil
}

// start runs what a control plane does by itself. Live tails of logs end with tails, so that they do not
// hold up the end of the server.
func (p *planeParts) start(group *lifecycle.Group, tails context.Context) {
	group.Go("hint at log entries", func(context.Context) error { return p.plane.Logs.Watch(tails) })
	group.Go("watch publications", p.plane.Runtimes.Watch)
	group.Go("maintain", p.plane.Maintain)
	group.Go("send mail", p.plane.Mails.Deliver)
	group.Go("judge and send alerts", p.plane.Alerts.Watch)
	group.Go("export telemetry", p.plane.Exports.Watch)
}

// site is the API with its pages.
func (p *planeParts) site(s siteSettings) (http.Handler, error) {
	roles, err := authz.New()
	if err != nil {
		return nil, err
	}
	files, err := web.Files()
	if err != nil {
		return nil, fmt.Errorf("open the embedded dashboard: %w", err)
	}
	packages, err := web.Packages()
	if err != nil {
		return nil, fmt.Errorf("open the embedded connector: %w", err)
	}
	h, err := dashboardapi.New(dashboardapi.Config{
		Web: files, Packages: packages,
		Plane: p.plane, Authz: roles, Log: p.log, Now: time.Now, BaseURL: s.base, Development: s.development, Key: s.key, Signup: s.signup,
		Mailbox: s.mailbox, Providers: s.providers, RuntimeURL: s.runtimeURL, TrustedProxies: s.proxies, DevelopmentSources: s.sources,
	})
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "settings", "The control plane cannot start with these settings.")
	}
	return h, nil
}

// migrateCommand brings the control plane's schema up to date; several may run at once.
type migrateCommand struct{ database }

// Run implements the command.
func (c *migrateCommand) Run(ctx context.Context, term terminal) error {
	return c.migrate(ctx)
}
