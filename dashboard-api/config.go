package dashboardapi

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
	"turnkey/controlplane/oidc"
	"turnkey/internal/redact"
)

// Config is what the API needs.
type Config struct {
	Plane *controlplane.Plane
	Authz authz.Authorizer
	Log   *slog.Logger
	Now   func() time.Time
	// BaseURL is where browsers reach the API: "https://dashboard.example". Plain http is for Development.
	BaseURL string
	// Development permits plain http on BaseURL.
	Development bool
	// Providers are the identity providers that people may sign in with; nil: none.
	Providers *oidc.Providers
	// Mailbox shows mails at /development/mails; the domain's Mailing says whether there is one.
	Mailbox bool
	// DevelopmentSources are offered to everybody who is signed in, with Development only.
	DevelopmentSources []DevelopmentSource
	// Key seals cursors and remembered answers: at least 32 random bytes, the same on every replica.
	Key redact.Secret
	// Signup is what the sign-in page offers; the domain enforces its own copy.
	Signup controlplane.Signup
	// TrustedProxies are the addresses whose X-Forwarded-For is believed; usually the ingress.
	TrustedProxies []netip.Prefix
	// RuntimeURL is where apps reach an instance, with {host} for its host label:
	// "https://{host}.run.example" or "http://localhost:8080/i/{host}".
	RuntimeURL string
	// Patience is how long a deployment waits for runtimes before it answers 202; zero: 10 s.
	Patience time.Duration
	// Limits bounds requests; zero fields take the defaults.
	Limits Limits
	// Web is the built dashboard, with index.html at its root; nil: only the API and its documentation.
	Web fs.FS
	// Packages are the JavaScript connector's versions, as npm packs them; nil: none is served.
	Packages fs.FS
}

// defaultPatience is what design and documentation promise: after 10 s a deployment answers 202.
const defaultPatience = 10 * time.Second

// minKey is the shortest usable Key, in bytes.
const minKey = 32

// check names the setting that is wrong.
func (c Config) check() error {
	switch {
	case c.Plane == nil || c.Authz == nil || c.Log == nil || c.Now == nil:
		return errors.New("dashboard-api: Plane, Authz, Log and Now are required")
	case len(c.Key.Reveal()) < minKey:
		return fmt.Errorf("dashboard-api: Key must have at least %d bytes", minKey)
	case !strings.Contains(c.RuntimeURL, "{host}"):
		return errors.New("dashboard-api: RuntimeURL must contain {host}, such as https://{host}.run.example")
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || base.Path != "" && base.Path != "/" {
		return errors.New("dashboard-api: BaseURL must look like https://dashboard.example")
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !c.Development) {
		return errors.New("dashboard-api: BaseURL must be https outside development, or cookies could be read on the way")
	}
	return nil
}
