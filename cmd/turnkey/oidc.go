package main

import (
	"os"
	"strings"
	"time"

	"turnkey/controlplane/oidc"
	"turnkey/internal/dial"
	"turnkey/internal/fault"
)

// oidcSettings name the identity providers that people may sign in with.
type oidcSettings struct {
	OIDCConfig               string `name:"oidc-config" help:"Identity providers to sign in with: a YAML or JSON file, or the document itself. Each has name, title, issuer, client_id, client_secret or client_secret_file. Register <base-url>/api/v1/auth/oidc/<name>/callback with them."`
	OIDCAllowPrivateNetworks bool   `name:"oidc-allow-private-networks" help:"Permit identity providers in private networks, and over http."`
}

// open reads the configuration; nil when there is none.
func (o oidcSettings) open(base string) (*oidc.Providers, error) {
	if o.OIDCConfig == "" {
		return nil, nil
	}
	document := []byte(o.OIDCConfig)
	if !strings.ContainsAny(o.OIDCConfig, "{\n") {
		var err error
		if document, err = os.ReadFile(o.OIDCConfig); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "settings", "The file of --oidc-config cannot be read.")
		}
	}
	list, err := oidc.Parse(document)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if strings.HasPrefix(p.Issuer, "http://") && !o.OIDCAllowPrivateNetworks {
			return nil, badSetting("--oidc-config", "names the provider "+p.Name+" at a plain http address.").
				WithHint("Use https; on a private network also TURNKEY_OIDC_ALLOW_PRIVATE_NETWORKS.")
		}
	}
	guard := dial.New(dial.Options{AllowPrivate: o.OIDCAllowPrivateNetworks})
	client := guard.HTTPClient(dial.HTTPOptions{Timeout: 10 * time.Second, MaxBody: 1 << 20, AllowHTTP: o.OIDCAllowPrivateNetworks})
	return oidc.New(list, strings.TrimSuffix(base, "/"), client, time.Now), nil
}
