package publish

import (
	"maps"
	"slices"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/hook"
	"turnkey/runtime/outbox/signature"
	"turnkey/runtime/token"
)

// codeNoSecret is config's finding for a secret that is not stored.
const codeNoSecret = "no_such_secret"

// Secrets are values by name.
type Secrets = map[string]redact.Secret

// Check validates a document alone. Secrets that are not stored yet are warnings: a draft may be written
// before its secrets are, but not deployed.
func Check(document string, kind bundle.Kind, secrets []string) config.Findings {
	_, found := config.Parse([]byte(document), config.Options{Kind: kind, Secrets: known(secrets)})
	return missingSecretsWarn(found)
}

func missingSecretsWarn(found config.Findings) config.Findings {
	missing := func(d fault.Detail) bool { return d.Code == codeNoSecret }
	for _, d := range found.Errors {
		if missing(d) {
			found.Warnings = append(found.Warnings, d)
		}
	}
	found.Errors = slices.DeleteFunc(found.Errors, missing)
	return found
}

// known keeps "no secrets" apart from "do not check".
func known(secrets []string) []string { return append([]string{}, secrets...) }

// References lists the secrets that a configuration names. Only these travel in bundles.
func References(cfg *bundle.Config) []string {
	var names []string
	add := func(ref bundle.SecretRef) {
		if ref.Secret != "" && !slices.Contains(names, ref.Secret) {
			names = append(names, ref.Secret)
		}
	}
	add(cfg.Source.URI)
	for _, p := range cfg.Auth.Providers {
		add(p.Secret)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Outbox)) {
		add(cfg.Outbox[name].Secret)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Hooks.Env)) {
		add(cfg.Hooks.Env[name])
	}
	return names
}

// Material is what a bundle is made of.
type Material struct {
	Instance   bundle.Instance
	Revision   int64
	Deployment int
	// ActivatedAt and Previous are of the deployment: since when, and which one before it.
	ActivatedAt time.Time
	Previous    int
	Config      *bundle.Config // nil: nothing is deployed
	Program     *hook.Program  // nil: it has no hooks
	Secrets     Secrets
	Keys        []bundle.SigningKey
	APIKeys     []bundle.APIKey
	At          time.Time
}

// Build makes a bundle and refuses one that no runtime could serve.
func Build(m Material) (*bundle.Bundle, error) {
	b := &bundle.Bundle{ // the format of a bundle without a configuration, which every runtime reads
		Format: 1, Revision: m.Revision, Instance: m.Instance, Deployment: m.Deployment, ActivatedAt: m.ActivatedAt, Previous: m.Previous,
		SigningKeys: m.Keys, APIKeys: m.APIKeys, IssuedAt: m.At, Secrets: map[string]redact.Secret{},
	}
	if m.Config == nil {
		return b, nil
	}
	b.Format, b.Config, b.Program = bundle.FormatFor(m.Config, m.Program), *m.Config, m.Program
	for _, name := range References(m.Config) {
		value, ok := m.Secrets[name]
		if !ok {
			return nil, fault.Newf(fault.Conflict, codeNoSecret, "The configuration names the secret %s, which is not stored.", name).
				WithHint("Store it: PUT /api/v1/instances/{instance}/secrets/" + name + ".")
		}
		b.Secrets[name] = value
	}
	if _, err := token.New(b, token.Deps{Now: func() time.Time { return m.At }}); err != nil {
		return nil, err
	}
	if _, err := signature.Keys(b); err != nil {
		return nil, err
	}
	return b, nil
}
