package controlplane

import (
	"context"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"time"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Vault seals and opens what is kept for customers; *seal.Keyset and *seal.File are two. The label
// names the row, and a value opens under no other.
type Vault interface {
	Seal(plain []byte, label string) ([]byte, error)
	Open(sealed []byte, label string) ([]byte, error)
	// Current reports whether a value was sealed with the newest key.
	Current(sealed []byte) bool
}

// Secret is a value of an instance that can be written and never read back.
type Secret struct {
	Instance, Name string
	Version        int64
	Sealed         []byte
	Digest         string // the first 8 hex digits of the value's SHA-256, to compare by
	UpdatedAt      time.Time
	UpdatedBy      string
}

type secretTx interface {
	ListSecrets(ctx context.Context, instance string) ([]Secret, error)
	GetSecret(ctx context.Context, instance, name string) (Secret, error)
	PutSecret(ctx context.Context, s Secret) error
	DeleteSecret(ctx context.Context, instance, name string) error
	DeleteSecrets(ctx context.Context, instance string) error
}

// Secrets is the service of instances' secrets.
type Secrets struct{ *core }

const (
	maxSecret  = 64 << 10
	maxSecrets = 100
)

var secretName = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)

func checkSecret(name string, value redact.Secret) error {
	switch n := len(value.Reveal()); {
	case !secretName.MatchString(name):
		return fault.New(fault.Invalid, "invalid_secret_name", "Names of secrets have 1 to 64 capital letters, digits and underscores, a letter first.").
			WithDetails(fault.Detail{Path: "name", Code: "invalid_secret_name", Message: "such as SOURCE_URI"})
	case n == 0 || n > maxSecret:
		return fault.Newf(fault.Invalid, "invalid_secret", "A secret has 1 to %d bytes.", maxSecret).
			WithDetails(fault.Detail{Path: "value", Code: "invalid_secret", Message: "empty or too long"})
	}
	return nil
}

func secretLabel(instance, name string, version int64) string {
	return "secret/" + instance + "/" + name + "/" + strconv.FormatInt(version, 10)
}

func (k *core) sealSecret(actor Actor, instance, name string, version int64, value redact.Secret) (Secret, error) {
	sealed, err := k.vault.Seal([]byte(value.Reveal()), secretLabel(instance, name, version))
	return Secret{
		Instance: instance, Name: name, Version: version, Sealed: sealed, UpdatedAt: k.now(), UpdatedBy: actor.UserID,
		Digest: hex.EncodeToString(digest(value.Reveal()))[:8],
	}, err
}

// openSecrets opens the named secrets; those that are not stored are left out.
func (k *core) openSecrets(ctx context.Context, tx Tx, instance string, names []string) (map[string]redact.Secret, error) {
	list, err := tx.ListSecrets(ctx, instance)
	if err != nil {
		return nil, err
	}
	out := map[string]redact.Secret{}
	for _, s := range list {
		if !slices.Contains(names, s.Name) {
			continue
		}
		plain, err := k.vault.Open(s.Sealed, secretLabel(s.Instance, s.Name, s.Version))
		if err != nil {
			return nil, err
		}
		out[s.Name] = redact.New(string(plain))
	}
	return out, nil
}

func secretNames(ctx context.Context, tx Tx, instance string) ([]string, error) {
	list, err := tx.ListSecrets(ctx, instance)
	names := make([]string, len(list))
	for n, s := range list {
		names[n] = s.Name
	}
	return names, err
}

// List gives all of an instance's secrets, without values.
func (s *Secrets) List(ctx context.Context, instance string) (list []Secret, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListSecrets(ctx, instance)
		return err
	})
	return list, err
}

// Get gives one secret, without its value.
func (s *Secrets) Get(ctx context.Context, instance, name string) (secret Secret, err error) {
	err = s.read(ctx, func(tx Tx) error {
		secret, err = tx.GetSecret(ctx, instance, name)
		return err
	})
	return secret, err
}

// Put stores a value. When the active deployment names the secret, a new revision carries it to the
// runtimes, without a deployment.
func (s *Secrets) Put(ctx context.Context, actor Actor, instance, name string, value redact.Secret) (secret Secret, err error) {
	if err := checkSecret(name, value); err != nil {
		return Secret{}, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		list, err := tx.ListSecrets(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		var before any
		version := int64(1)
		at := slices.IndexFunc(list, func(s Secret) bool { return s.Name == name })
		if at >= 0 {
			before, version = list[at].Version, list[at].Version+1
		} else if len(list) >= maxSecrets {
			return Event{}, fault.Newf(fault.Conflict, "too_many_secrets", "An instance has at most %d secrets.", maxSecrets)
		}
		if secret, err = s.sealSecret(actor, instance, name, version, value); err != nil {
			return Event{}, err
		}
		if err := tx.PutSecret(ctx, secret); err != nil {
			return Event{}, err
		}
		e := Event{Kind: SecretUpdated, Organization: i.Organization, Target: instance, Changes: Changes{"name": {To: name}, "version": {From: before, To: version}, "value": {To: value}}}
		used, err := referenced(ctx, tx, i, name)
		if err != nil || !used {
			return e, err
		}
		i.UpdatedAt = s.now()
		return e, s.publish(ctx, tx, &i)
	})
	return secret, err
}

// Delete removes a secret that the active deployment does not name.
func (s *Secrets) Delete(ctx context.Context, actor Actor, instance, name string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		old, err := tx.GetSecret(ctx, instance, name)
		if err != nil {
			return Event{}, err
		}
		switch used, err := referenced(ctx, tx, i, name); {
		case err != nil:
			return Event{}, err
		case used:
			return Event{}, fault.Newf(fault.Conflict, "secret_in_use", "The active deployment uses the secret %s.", name).
				WithHint("Deploy a configuration without it first.")
		}
		e := Event{Kind: SecretDeleted, Organization: i.Organization, Target: instance, Changes: Changes{"name": {From: name}, "version": {From: old.Version}}}
		return e, tx.DeleteSecret(ctx, instance, name)
	})
}

// referenced reports whether the active deployment names a secret.
func referenced(ctx context.Context, tx Tx, i Instance, name string) (bool, error) {
	if i.Deployment == 0 {
		return false, nil
	}
	d, err := tx.GetDeployment(ctx, i.ID, i.Deployment)
	return err == nil && slices.Contains(publish.References(&d.Config), name), err
}
