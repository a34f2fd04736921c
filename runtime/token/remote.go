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
	ctx    context.Context // of background refreshes; ends at Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	sets   map[string]*keySet
	closed bool
}

// keySet is one provider's keys.
type keySet struct {
	keys       map[string]publicKey // by kid
	fetched    time.Time            // of keys; zero: never
	failed     time.Time            // last failure since
	forced     *rate.Limiter        // fetches because of an unknown kid
	refreshing bool                 // in the background
}

// NewKeySets uses client, which must be the guarded one, for every fetch. Its owner calls Close.
func NewKeySets(client *http.Client, now func() time.Time) *KeySets {
	s := &KeySets{client: client, now: now, sets: map[string]*keySet{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Close ends background refreshes and waits for them. Keys that are known go on to be found.
func (s *KeySets) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.wg.Wait()
}

// find gives the key with that kid. A key that is known is answered at once, its set refreshed in
// the background when it is old. An unknown kid makes the caller wait for a fetch, for strangers' kids
// at most ten times a minute; found is false when a set fetched since lacks it still. When that
// cannot be learned the error is a fault of kind Unavailable: the key may well be good.
func (s *KeySets) find(ctx context.Context, uri, kid string) (k publicKey, found bool, err error) {
	now := s.now()
	s.mu.Lock()
	set := s.sets[uri]
	if set == nil {
		set = &keySet{forced: rate.NewLimiter(rate.Every(10*time.Second), 4)}
		s.sets[uri] = set
	}
	usable := set.usable(now)
	resting := !set.failed.IsZero() && now.Sub(set.failed) < pauseAfterFailure
	stale := !usable || now.Sub(set.fetched) >= freshFor
	k, found = set.keys[kid]
	if usable && found {
		if stale && !resting {
			s.refresh(uri, set, now)
		}
		s.mu.Unlock()
		return k, true, nil
	}
	ask := !resting && (stale || set.forced.AllowN(now, 1))
	s.mu.Unlock()

	if ask {
		_, err, _ = s.group.Do(uri, func() (any, error) { return nil, s.fetch(context.WithoutCancel(ctx), uri, set, now) })
		s.mu.Lock()
		k, found = set.keys[kid]
		usable = set.usable(now)
		s.mu.Unlock()
	}
	if !usable || !found && (resting || err != nil) {
		return publicKey{}, false, fault.Wrap(err, fault.Unavailable, "keys_unreachable", "The identity provider's keys cannot be fetched at the moment.").
			WithHint("Check auth.providers.jwks_uri, and that it answers from the public internet.")
	}
	return k, found, nil
}

func (k *keySet) usable(now time.Time) bool {
	return !k.fetched.IsZero() && now.Sub(k.fetched) < goodFor
}

// refresh fetches in the background, once at a time. The caller holds the lock.
func (s *KeySets) refresh(uri string, set *keySet, now time.Time) {
	if set.refreshing || s.closed {
		return
	}
	set.refreshing = true
	s.wg.Go(func() {
		_, _, _ = s.group.Do(uri, func() (any, error) { return nil, s.fetch(s.ctx, uri, set, now) }) // fetch notes its failure
		s.mu.Lock()
		set.refreshing = false
		s.mu.Unlock()
	})
}

// fetch replaces a set by what its provider publishes now.
func (s *KeySets) fetch(ctx context.Context, uri string, set *keySet, now time.Time) error {
	keys, err := s.get(ctx, uri)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		set.failed = now
		return err
	}
	set.keys, set.fetched, set.failed = keys, now, time.Time{}
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
