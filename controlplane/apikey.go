package controlplane

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
)

// APIKey lets a customer's own server ask an instance for tokens.
type APIKey struct {
	ID, Instance, Name string
	Hash               []byte
	Hint               string // the first characters
	CreatedAt          time.Time
	CreatedBy          string
	ExpiresAt          *time.Time
}

type apiKeyTx interface {
	InsertAPIKey(ctx context.Context, k APIKey) error
	ListAPIKeys(ctx context.Context, instance string) ([]APIKey, error)
	DeleteAPIKey(ctx context.Context, instance, id string, at time.Time) error
}

// APIKeys is the service of instances' API keys.
type APIKeys struct{ *core }

const (
	apiKeyPrefix = "ik_"
	apiKeyHint   = 8
	maxAPIKeys   = 50
)

// Create makes a key; its string is shown once. life 0 is no expiry.
func (s *APIKeys) Create(ctx context.Context, actor Actor, instance, name string, life time.Duration) (key APIKey, secret redact.Secret, err error) {
	if name, err = checkName(name); err != nil {
		return key, secret, err
	}
	if secret, err = s.newSecret(apiKeyPrefix); err != nil {
		return key, secret, err
	}
	id, err := s.ids.New(prefixAPIKey)
	if err != nil {
		return key, secret, err
	}
	key = APIKey{ID: id, Instance: instance, Name: name, Hash: digest(secret.Reveal()), Hint: secret.Reveal()[:apiKeyHint], CreatedAt: s.now(), CreatedBy: actor.UserID}
	if life > 0 {
		end := key.CreatedAt.Add(life)
		key.ExpiresAt = &end
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		if list, err := tx.ListAPIKeys(ctx, instance); err != nil {
			return Event{}, err
		} else if len(list) >= maxAPIKeys {
			return Event{}, fault.Newf(fault.Conflict, "too_many_api_keys", "An instance has at most %d API keys.", maxAPIKeys)
		}
		if err := tx.InsertAPIKey(ctx, key); err != nil {
			return Event{}, err
		}
		i.UpdatedAt = s.now()
		e := Event{Kind: APIKeyCreated, Organization: i.Organization, Target: instance, Changes: Changes{"id": {To: id}, "name": {To: name}, "expires_at": {To: key.ExpiresAt}, "key": {To: secret}}}
		return e, s.publish(ctx, tx, &i)
	})
	return key, secret, err
}

// List gives an instance's keys.
func (s *APIKeys) List(ctx context.Context, instance string) (list []APIKey, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListAPIKeys(ctx, instance)
		return err
	})
	return list, err
}

// Delete ends a key; runtimes refuse it from the next revision on.
func (s *APIKeys) Delete(ctx context.Context, actor Actor, instance, id string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		if err := tx.DeleteAPIKey(ctx, instance, id, s.now()); err != nil {
			return Event{}, err
		}
		i.UpdatedAt = s.now()
		return Event{Kind: APIKeyDeleted, Organization: i.Organization, Target: instance, Changes: Changes{"id": {From: id}}}, s.publish(ctx, tx, &i)
	})
}

// liveAPIKeys are those that a bundle carries. An expired one would be refused anyway.
func liveAPIKeys(ctx context.Context, tx Tx, instance string, now time.Time) ([]bundle.APIKey, error) {
	list, err := tx.ListAPIKeys(ctx, instance)
	if err != nil {
		return nil, err
	}
	var out []bundle.APIKey
	for _, k := range list {
		b := bundle.APIKey{ID: k.ID, Hash: k.Hash}
		if k.ExpiresAt != nil {
			if !now.Before(*k.ExpiresAt) {
				continue
			}
			b.ExpiresAt = *k.ExpiresAt
		}
		out = append(out, b)
	}
	return out, nil
}
