package controlplane

import (
	"context"
	"slices"
	"time"

	"turnkey/runtime/telemetry"
)

type credentialTx interface {
	// AddRefused joins refusals to those before; no cause may be named twice.
	AddRefused(ctx context.Context, list []telemetry.RefusedCredential) error
	// ListRefused gives the causes that were last seen since, the latest first.
	ListRefused(ctx context.Context, instances []string, since time.Time, limit int) ([]telemetry.RefusedCredential, error)
	DeleteOldRefused(ctx context.Context, at time.Time) error
}

// maxCauses is how many causes are told apart for each instance. What credentials say of themselves is
// chosen by whoever sends them, so what comes beyond counts as one that says nothing.
const maxCauses = 200

// Credentials tells which credentials were refused.
type Credentials struct{ *core }

// Refused lists the causes for which an instance refused credentials within what its log keeps, the latest first.
func (s *Credentials) Refused(ctx context.Context, instance string) (list []telemetry.RefusedCredential, err error) {
	err = s.read(ctx, func(tx Tx) error {
		kept, err := keptSince(ctx, tx, instance, s.now())
		if err != nil {
			return err
		}
		list, err = tx.ListRefused(ctx, []string{instance}, kept, maxCauses)
		return err
	})
	return list, err
}

// storeRefused joins those of a batch. The caller holds the telemetry's lock, so that nobody adds a cause between
// counting and writing.
func storeRefused(ctx context.Context, tx Tx, b telemetry.Batch, known []string) error {
	joined := map[telemetry.Cause]*telemetry.RefusedCredential{}
	add := func(c telemetry.RefusedCredential) {
		if have := joined[c.Cause()]; have != nil {
			have.Join(c)
			return
		}
		joined[c.Cause()] = &c
	}
	causes, err := knownCauses(ctx, tx, b, known)
	if err != nil {
		return err
	}
	for _, c := range b.Refused {
		c.Clean()
		of, ok := causes[c.Instance]
		if !ok {
			continue
		}
		if !of[c.Cause()] && len(of) >= maxCauses-1 {
			c.Credential = telemetry.Credential{Issuer: telemetry.Other}
		}
		of[c.Cause()] = true
		add(c)
	}
	list := make([]telemetry.RefusedCredential, 0, len(joined))
	for _, c := range joined {
		list = append(list, *c)
	}
	return tx.AddRefused(ctx, list)
}

// knownCauses gives the causes that are known of the instances of a batch.
func knownCauses(ctx context.Context, tx Tx, b telemetry.Batch, known []string) (map[string]map[telemetry.Cause]bool, error) {
	out := map[string]map[telemetry.Cause]bool{}
	for _, c := range b.Refused {
		if _, ok := slices.BinarySearch(known, c.Instance); ok {
			out[c.Instance] = map[telemetry.Cause]bool{}
		}
	}
	for instance := range out {
		list, err := tx.ListRefused(ctx, []string{instance}, time.Unix(0, 0), 2*maxCauses)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			out[instance][c.Cause()] = true
		}
	}
	return out, nil
}

// RefusalHint names the setting to look at, or what else to do, for a credential that was refused.
func RefusalHint(c telemetry.RefusedCredential) string {
	switch c.Code {
	case "no_token":
		return "The app sends no Authorization header: its connector must put the token there, as in \"Bearer <token>\"."
	case "token_malformed":
		return "What is sent is no signed JWT. Check which of the provider's tokens the app sends."
	case "token_signature":
		return "The key under that id verifies another signature. Check auth.providers.<name>: jwks_uri, public_key or secret must be the issuer's of today."
	case "token_key":
		return "The issuer's key set at auth.providers.<name>.jwks_uri does not hold that key id. Check the address, and that the token is not from another environment."
	case "token_issuer":
		return "No provider under auth.providers has that issuer. Copy it, to the letter and with its last slash, to auth.providers.<name>.issuer."
	case "token_audience":
		return "Add that audience to auth.providers.<name>.audience; for uploads of tokens from here, to auth.audiences."
	case "token_expired":
		return "The app uses a token longer than it is good for. Its connector must fetch a new one when it is refused; also check the device's clock."
	case "token_not_yet_valid":
		return "The issuer's clock is ahead of ours by more than a minute."
	case "token_claims":
		return "The provider must put exp, and iss and aud where they are configured, into its tokens."
	case "no_user_id":
		return "The token is good, but auth.providers.<name>.user_id, or its lookup, finds no user in it."
	case "not_configured":
		return "The request proves nothing that auth.providers or auth.development_tokens allow."
	case "device_secret_refused":
		return "Device secrets of anonymous users are made here alone; the app must keep the one it was given."
	}
	return "Look at auth.providers in the configuration."
}
