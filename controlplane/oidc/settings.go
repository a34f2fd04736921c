package oidc

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Settings are one provider's.
type Settings struct {
	// Name is in addresses, and with the provider for good: "google".
	Name string `yaml:"name"`
	// Title is for the button; empty: the name.
	Title string `yaml:"title"`
	// Issuer is where its discovery document lies: "https://accounts.google.com".
	Issuer   string `yaml:"issuer"`
	ClientID string `yaml:"client_id"`
	// One of the two; a public client has neither.
	ClientSecret     redact.Secret `yaml:"client_secret"`
	ClientSecretFile string        `yaml:"client_secret_file"`
	// Scopes besides openid; empty: email and profile.
	Scopes []string `yaml:"scopes"`
	// TrustEmail takes addresses as verified although the provider does not say so: only where everybody's
	// address is given by the organization that runs it.
	TrustEmail bool `yaml:"trust_email"`
}

var providerName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

func bad(why string) *fault.Error {
	return fault.New(fault.Invalid, "oidc_settings", "The identity providers' configuration: "+why).
		WithHint("It is YAML or JSON: providers: [{name: google, title: Google, issuer: https://accounts.google.com, client_id: ..., client_secret_file: ...}]")
}

// Parse reads a configuration. Errors never quote it: it holds secrets.
func Parse(document []byte) ([]Settings, error) {
	var whole struct {
		Providers []Settings `yaml:"providers"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	decoder.KnownFields(true)
	if err := decoder.Decode(&whole); err != nil && !errors.Is(err, io.EOF) {
		return nil, bad("it cannot be read, or has an unknown key.")
	}
	if len(whole.Providers) == 0 {
		return nil, bad("it names no provider.")
	}
	seen := map[string]bool{}
	for i := range whole.Providers {
		p := &whole.Providers[i]
		if err := p.complete(); err != nil {
			return nil, err
		}
		if seen[p.Name] {
			return nil, bad("two providers are called " + p.Name + ".")
		}
		seen[p.Name] = true
	}
	return whole.Providers, nil
}

// complete checks one provider, reads its secret and fills in what is usual.
func (p *Settings) complete() error {
	if !providerName.MatchString(p.Name) {
		return bad("a name has small letters, digits and hyphens.")
	}
	issuer, err := url.Parse(p.Issuer)
	if err != nil || issuer.Host == "" || issuer.Scheme != "https" && issuer.Scheme != "http" || issuer.RawQuery != "" || issuer.User != nil {
		return bad(p.Name + ": issuer is no address.")
	}
	if p.ClientID == "" {
		return bad(p.Name + ": client_id is missing.")
	}
	if p.Title == "" {
		p.Title = p.Name
	}
	if len(p.Scopes) == 0 {
		p.Scopes = []string{"email", "profile"}
	}
	if p.ClientSecretFile != "" {
		if !p.ClientSecret.Empty() {
			return bad(p.Name + ": client_secret and client_secret_file are both set.")
		}
		raw, err := os.ReadFile(p.ClientSecretFile)
		if err != nil {
			return bad(p.Name + ": the file of client_secret_file cannot be read.")
		}
		p.ClientSecret = redact.New(strings.TrimSpace(string(raw)))
	}
	return nil
}
