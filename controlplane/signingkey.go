package controlplane

import (
	"cmp"
	"context"
	"slices"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/token"
)

// SigningKey is one key pair of an instance. Its life is told by times alone; see bundle.SigningKey.
type SigningKey struct {
	ID, Instance        string
	Algorithm           bundle.Algorithm
	Sealed              []byte // the private key
	CreatedAt           time.Time
	PublishAt, SignFrom time.Time
	RetireAt            *time.Time
	RevokedAt           *time.Time
}

// KeyStatus is where a key is in its life.
type KeyStatus string

// The statuses, in the order of a key's life. A revoked key skips the rest.
const (
	KeyPublished KeyStatus = "published" // waits until every verifier has fetched it
	KeySigning   KeyStatus = "signing"
	KeyRetiring  KeyStatus = "retiring" // verifies tokens that it has signed
	KeyRetired   KeyStatus = "retired"
	KeyRevoked   KeyStatus = "revoked"
)

type signingKeyTx interface {
	InsertSigningKey(ctx context.Context, k SigningKey) error
	// ListSigningKeys gives every key that an instance ever had, oldest first.
	ListSigningKeys(ctx context.Context, instance string) ([]SigningKey, error)
	// UpdateSigningKey writes the times.
	UpdateSigningKey(ctx context.Context, k SigningKey) error
	DeleteSigningKeys(ctx context.Context, instance string) error
}

// SigningKeys is the service of instances' signing keys.
type SigningKeys struct{ *core }

const (
	// DefaultKeyOverlap is how long a key is published before it signs: PowerSync's service refreshes
	// its copy of a key set every five minutes.
	DefaultKeyOverlap = 10 * time.Minute
	// keyLeeway is added to the longest token's life: clocks differ by up to a minute.
	keyLeeway = 2 * time.Minute
)

func keyLabel(instance, id string) string { return "signing-key/" + instance + "/" + id }

// newKey makes a key pair. It may take a while (RSA) and belongs outside of transactions.
func (k *core) newKey(instance string, alg bundle.Algorithm, publish, signFrom time.Time) (SigningKey, error) {
	id, err := k.ids.New(prefixKey)
	if err != nil {
		return SigningKey{}, err
	}
	made, err := token.GenerateKey(id, alg, publish, signFrom, k.random)
	if err != nil {
		return SigningKey{}, err
	}
	sealed, err := k.vault.Seal([]byte(made.Private.Reveal()), keyLabel(instance, id))
	return SigningKey{ID: id, Instance: instance, Algorithm: alg, Sealed: sealed, CreatedAt: k.now(), PublishAt: publish, SignFrom: signFrom}, err
}

func (key SigningKey) live(now time.Time) bool {
	return key.RevokedAt == nil && (key.RetireAt == nil || now.Before(*key.RetireAt))
}

// openKeys opens the keys that a bundle carries: retired and revoked ones stay at home.
func (k *core) openKeys(ctx context.Context, tx Tx, instance string) ([]bundle.SigningKey, error) {
	list, err := tx.ListSigningKeys(ctx, instance)
	if err != nil {
		return nil, err
	}
	var out []bundle.SigningKey
	for _, key := range list {
		if !key.live(k.now()) {
			continue
		}
		private, err := k.vault.Open(key.Sealed, keyLabel(instance, key.ID))
		if err != nil {
			return nil, err
		}
		b := bundle.SigningKey{ID: key.ID, Algorithm: key.Algorithm, Private: redact.New(string(private)), PublishAt: key.PublishAt, SignFrom: key.SignFrom}
		if key.RetireAt != nil {
			b.RetireAt = *key.RetireAt
		}
		out = append(out, b)
	}
	return out, nil
}

// signer is the index of the key that signs at a time, -1 for none: the youngest live one that may.
func signer(list []SigningKey, at time.Time) int {
	best := -1
	for n, key := range list {
		if key.live(at) && !at.Before(key.SignFrom) && (best < 0 || key.SignFrom.After(list[best].SignFrom)) {
			best = n
		}
	}
	return best
}

// Status tells where each key of a list is in its life.
func (s *SigningKeys) Status(list []SigningKey) []KeyStatus {
	now := s.now()
	current := signer(list, now)
	out := make([]KeyStatus, len(list))
	for n, key := range list {
		switch {
		case key.RevokedAt != nil:
			out[n] = KeyRevoked
		case !key.live(now):
			out[n] = KeyRetired
		case n == current:
			out[n] = KeySigning
		case now.Before(key.SignFrom):
			out[n] = KeyPublished
		default:
			out[n] = KeyRetiring
		}
	}
	return out
}

// List gives every key of an instance, youngest first.
func (s *SigningKeys) List(ctx context.Context, instance string) (list []SigningKey, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListSigningKeys(ctx, instance)
		return err
	})
	slices.SortFunc(list, func(a, b SigningKey) int { return cmp.Compare(b.ID, a.ID) })
	return list, err
}

// addKey writes a new key and lets the older ones retire once the last token that they sign has ended.
func addKey(ctx context.Context, tx Tx, i Instance, key SigningKey) error {
	list, err := tx.ListSigningKeys(ctx, i.ID)
	if err != nil {
		return err
	}
	retire := key.SignFrom.Add(i.LongestToken + keyLeeway)
	for _, old := range list {
		if old.RevokedAt != nil || old.RetireAt != nil && old.RetireAt.Before(retire) {
			continue
		}
		old.RetireAt = &retire
		if err := tx.UpdateSigningKey(ctx, old); err != nil {
			return err
		}
	}
	return tx.InsertSigningKey(ctx, key)
}

// keepLonger puts off the end of keys that are still signing, or retiring: from now on tokens may live longer.
func keepLonger(ctx context.Context, tx Tx, instance string, longer time.Duration, now time.Time) error {
	list, err := tx.ListSigningKeys(ctx, instance)
	if err != nil {
		return err
	}
	for _, key := range list {
		if key.RetireAt == nil || !key.live(now) {
			continue
		}
		end := key.RetireAt.Add(longer)
		key.RetireAt = &end
		if err := tx.UpdateSigningKey(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// Rotate publishes a new key that signs after the overlap. overlap nil is the configured one; only
// development instances may shorten it.
func (s *SigningKeys) Rotate(ctx context.Context, actor Actor, instance string, overlap *time.Duration) (key SigningKey, err error) {
	i, alg, err := s.algorithm(ctx, instance)
	if err != nil {
		return key, err
	}
	wait := s.overlap
	if overlap != nil {
		if wait = *overlap; wait < s.overlap && i.Kind != bundle.Development {
			return key, fault.Newf(fault.Invalid, "overlap_too_short", "A production key is published for at least %s before it signs.", s.overlap).
				WithHint("Sync services fetch keys every few minutes and would refuse tokens of a key that they do not know yet.").
				WithDetails(fault.Detail{Path: "body.overlap", Code: "overlap_too_short", Message: "too short"})
		}
	}
	now := s.now()
	if key, err = s.newKey(instance, alg, now, now.Add(wait)); err != nil {
		return key, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if i, err = tx.LockInstance(ctx, instance); err != nil {
			return Event{}, err
		}
		list, err := tx.ListSigningKeys(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		if slices.ContainsFunc(list, func(k SigningKey) bool { return k.live(now) && now.Before(k.SignFrom) }) {
			return Event{}, fault.New(fault.Conflict, "rotation_running", "A new key is published already and does not sign yet.").
				WithHint("Wait until it signs, or revoke it.")
		}
		if err := addKey(ctx, tx, i, key); err != nil {
			return Event{}, err
		}
		i.UpdatedAt = now
		e := Event{Kind: SigningKeyRotated, Organization: i.Organization, Target: instance, Changes: Changes{"key": {To: key.ID}, "sign_from": {To: key.SignFrom}}}
		return e, s.publish(ctx, tx, &i)
	})
	return key, err
}

// algorithm is what the active deployment signs with.
func (s *SigningKeys) algorithm(ctx context.Context, instance string) (i Instance, alg bundle.Algorithm, err error) {
	alg = bundle.EdDSA
	err = s.read(ctx, func(tx Tx) error {
		if i, err = tx.GetInstance(ctx, instance); err != nil || i.Deployment == 0 {
			return err
		}
		d, err := tx.GetDeployment(ctx, instance, i.Deployment)
		if err == nil && d.Config.Auth.Algorithm != "" {
			alg = d.Config.Auth.Algorithm
		}
		return err
	})
	return i, alg, err
}

// Revoke takes a key out of use at once. When no other key may sign, a new one does from now on.
func (s *SigningKeys) Revoke(ctx context.Context, actor Actor, instance, id string) (revoked SigningKey, err error) {
	_, alg, err := s.algorithm(ctx, instance)
	if err != nil {
		return revoked, err
	}
	now := s.now()
	spare, err := s.newKey(instance, alg, now, now)
	if err != nil {
		return revoked, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		list, err := tx.ListSigningKeys(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		at := slices.IndexFunc(list, func(k SigningKey) bool { return k.ID == id })
		if at < 0 {
			return Event{}, notFound("signing key")
		}
		if list[at].RevokedAt != nil {
			return Event{}, fault.New(fault.Conflict, "already_revoked", "The key is revoked already.")
		}
		list[at].RevokedAt = &now
		revoked = list[at]
		if err := tx.UpdateSigningKey(ctx, revoked); err != nil {
			return Event{}, err
		}
		e := Event{Kind: SigningKeyRevoked, Organization: i.Organization, Target: instance, Changes: Changes{"key": {From: id}}}
		if err := keepSigning(ctx, tx, list, spare, now); err != nil {
			return Event{}, err
		}
		i.UpdatedAt = now
		return e, s.publish(ctx, tx, &i)
	})
	return revoked, err
}

// keepSigning makes sure that some key signs now and has no end. A key that was about to retire because
// of the revoked one stays; with none left the spare one signs.
func keepSigning(ctx context.Context, tx Tx, list []SigningKey, spare SigningKey, now time.Time) error {
	current := signer(list, now)
	if current < 0 {
		return tx.InsertSigningKey(ctx, spare)
	}
	successor := slices.ContainsFunc(list, func(k SigningKey) bool { return k.live(now) && k.SignFrom.After(list[current].SignFrom) })
	if successor || list[current].RetireAt == nil {
		return nil
	}
	list[current].RetireAt = nil
	return tx.UpdateSigningKey(ctx, list[current])
}
