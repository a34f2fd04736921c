// Package publish turns a draft into what a runtime serves: it validates and compiles a configuration
// document, and puts a compiled configuration, current secrets and keys together into a bundle that is
// proven to come alive. It must not know rows, actors or HTTP; it decides nothing about when a bundle
// is published, and never runs customers' code.
//
//	draft ── Compile ──► bundle.Config ── kept with the deployment, never compiled again
//	                          │
//	secrets, keys, state ─ Build ──► bundle.Bundle ── envelope seals it ──► runtimes
//
// A deployment keeps its compiled form, so that rotating a secret or a key years later cannot fail on
// a document that a newer compiler reads differently.
package publish

import (
	"maps"
	"slices"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/outbox/signature"
	"turnkey/runtime/token"
)

// codeNoSecret is config's finding for a secret that is not stored.
const codeNoSecret = "no_such_secret"

// Check validates a draft. Secrets that are not stored yet are warnings: a draft may be written before
// its secrets are, but not deployed.
func Check(document string, kind bundle.Kind, secrets []string) config.Findings {
	_, found := config.Parse([]byte(document), config.Options{Kind: kind, Secrets: known(secrets)})
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

// Compile makes the configuration of a deployment. The error has a detail for each mistake.
func Compile(document string, kind bundle.Kind, secrets, files []string) (*bundle.Config, []fault.Detail, error) {
	if strings.TrimSpace(document) == "" {
		return nil, nil, fault.New(fault.Invalid, "config_empty", "There is no configuration to deploy.").
			WithHint("Save one first: PUT /api/v1/instances/{instance}/config.")
	}
	cfg, found := config.Parse([]byte(document), config.Options{Kind: kind, Secrets: known(secrets)})
	for _, path := range files {
		found.Errors = append(found.Errors, fault.Detail{Path: path, Code: "not_available", Message: "Hooks are not available in this version.", Hint: "Remove the file before deploying; it stays out of the way as a draft otherwise."})
	}
	if err := found.Fault(); err != nil {
		return nil, found.Warnings, err
	}
	return cfg, found.Warnings, nil
}

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
	Secrets     map[string]redact.Secret
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
	b.Format, b.Config = bundle.FormatFor(m.Config, nil), *m.Config
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
