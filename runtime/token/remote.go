package token

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"turnkey/internal/fault"
)

const (
	// freshFor is how old a key set may be before it is fetched again.
	freshFor = 5 * time.Minute
	// goodFor is how long the last good set serves while the provider does not answer.
	goodFor = 24 * time.Hour
	// pauseAfterFailure keeps a provider that is down from being asked for every request.
	pauseAfterFailure = 10 * time.Second
	// maxRemoteKeys of one set.
	maxRemoteKeys = 50
)

// KeySets fetches and keeps providers' key sets, for all instances of a runtime: a new bundle does
// not make us fetch again. Safe for concurrent use.
type KeySets struct {
	client *http.Client
	now    func() time.Time
	group  singleflight.Group

	mu   sync.Mutex
	sets map[string]*keySet
}

// keySet is one provider's keys.
type keySet struct {
	keys     map[string]publicKey // by kid
	fetched  time.Time            // of keys; zero: never
	failed   time.Time            // last failure since
	forced   *rate.Limiter        // fetches because of an unknown kid
	inFlight bool
}

// NewKeySets uses client, which must be the guarded one, for every fetch.
func NewKeySets(client *http.Client, now func() time.Time) *KeySets {
	return &KeySets{client: client, now: now, sets: map[string]*keySet{}}
}

// find gives the key with that kid. A kid that the set lacks makes it fetch the set again, at most
// ten times a minute: found is false when it lacks it still. An error is a fault of kind Unavailable.
func (s *KeySets) find(ctx context.Context, uri, kid string) (k publicKey, found bool, err error) {
	s.mu.Lock()
	set := s.sets[uri]
	if set == nil {
		set = &keySet{forced: rate.NewLimiter(rate.Every(6*time.Second), 10)}
		s.sets[uri] = set
	}
	now := s.now()
	k, found = set.keys[kid]
	age := now.Sub(set.fetched)
	usable := !set.fetched.IsZero() && age < goodFor
	resting := !set.failed.IsZero() && now.Sub(set.failed) < pauseAfterFailure
	due := !usable || age >= freshFor || !found && set.forced.AllowN(now, 1)
	s.mu.Unlock()

	if due && !resting {
		_, err, _ = s.group.Do(uri, func() (any, error) { return nil, s.fetch(context.WithoutCancel(ctx), uri, set) })
		s.mu.Lock()
		defer s.mu.Unlock()
		k, found = set.keys[kid]
		usable = !set.fetched.IsZero() && s.now().Sub(set.fetched) < goodFor
	}
	if !usable {
		return publicKey{}, false, fault.Wrap(err, fault.Unavailable, "keys_unreachable", "The identity provider's keys cannot be fetched at the moment.").
			WithHint("Check auth.providers.jwks_uri, and that it answers from the public internet.")
	}
	return k, found, nil
}

func (s *KeySets) fetch(ctx context.Context, uri string, set *keySet) error {
	keys, err := s.get(ctx, uri)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		set.failed = s.now()
		return err
	}
	set.keys, set.fetched, set.failed = keys, s.now(), time.Time{}
	return nil
}

func (s *KeySets) get(ctx context.Context, uri string) (map[string]publicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, fmt.Errorf("fetching keys: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	response, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetching keys: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching keys: the provider answered %d", response.StatusCode)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("fetching keys: %w", err)
	}
	return parseSet(body)
}

// parseSet reads a JWKS. Keys that we would never use (symmetric, for encryption, without kid, too
// weak) are passed over; a set without any usable key is an error.
func parseSet(body []byte) (map[string]publicKey, error) {
	var doc struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	if len(doc.Keys) > maxRemoteKeys {
		return nil, fmt.Errorf("reading keys: %d keys, more than %d", len(doc.Keys), maxRemoteKeys)
	}
	keys := make(map[string]publicKey, len(doc.Keys))
	for _, raw := range doc.Keys {
		var m jwkset.JWKMarshal
		if json.Unmarshal(raw, &m) != nil {
			continue
		}
		if k, ok := parseJWK(m); ok && m.KID != "" && len(m.KID) <= maxKeyID {
			keys[m.KID] = k
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("reading keys: none of %d keys can be used", len(doc.Keys))
	}
	return keys, nil
}
