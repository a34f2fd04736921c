package token_test

import (
	"fmt"
	"testing"
	"time"

	"turnkey/internal/fault"
)

func TestKeysUnreachableIsNeverARefusal(t *testing.T) {
	p := newIDP(t)
	p.down.Store(true)
	r := newRig(t, withProvider(p, nil))
	tok := jws(rsHeader, claims(nil), p.rs256)
	for range 20 {
		if _, err := r.Authenticate(t.Context(), "Bearer "+tok); !fault.IsKind(err, fault.Unavailable) {
			t.Fatalf("got %v", err)
		}
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("a provider that is down was asked %d times", n)
	}
	p.down.Store(false)
	r.now = r.now.Add(11 * time.Second)
	if _, err := r.Authenticate(t.Context(), "Bearer "+tok); err != nil {
		t.Errorf("not after recovery: %v", err)
	}
	p.down.Store(true) // the last good set serves on
	r.now = r.now.Add(20 * time.Minute)
	if _, err := r.Authenticate(t.Context(), "Bearer "+tok); err != nil {
		t.Errorf("the last good set was forgotten: %v", err)
	}
}

func TestAnUnknownKeyIsNoRefusalWhileKeysCannotBeFetched(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, withProvider(p, nil))
	if _, err := r.Authenticate(t.Context(), "Bearer "+jws(rsHeader, claims(nil), p.rs256)); err != nil {
		t.Fatal(err)
	}
	p.down.Store(true) // the provider rotated, and then went away
	tok := jws(`{"alg":"RS256","kid":"fresh"}`, claims(nil), p.rs256)
	for range 3 {
		if _, err := r.Authenticate(t.Context(), "Bearer "+tok); !fault.IsKind(err, fault.Unavailable) {
			t.Errorf("nobody knows whether the key is good: %v", err)
		}
	}
	p.extra.Store("," + rsaJWK("fresh", "RS256", &p.rsa.PublicKey))
	p.down.Store(false)
	r.now = r.now.Add(11 * time.Second)
	if _, err := r.Authenticate(t.Context(), "Bearer "+tok); err != nil {
		t.Errorf("after recovery: %v", err)
	}
}

func TestOldKeysAreRefreshedBehindTheRequest(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, withProvider(p, nil))
	good := "Bearer " + jws(rsHeader, claims(nil), p.rs256)
	if _, err := r.Authenticate(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	hold := make(chan struct{})
	p.hold.Store(&hold)
	r.now = r.now.Add(6 * time.Minute)
	for range 5 { // each would wait for the provider's 5 s, if it waited
		if _, err := r.Authenticate(t.Context(), good); err != nil {
			t.Error(err)
		}
	}
	close(hold)
	r.keys.Close()
	if n := p.fetches.Load(); n > 2 {
		t.Errorf("%d fetches: the refresh is one, whoever asks", n)
	}
	if _, err := r.Authenticate(t.Context(), good); err != nil {
		t.Errorf("known keys must outlive Close: %v", err)
	}
}

func TestAnUnknownKeyIsLookedForButNotForEver(t *testing.T) {
	p := newIDP(t)
	r := newRig(t, withProvider(p, nil))
	for i := range 200 {
		tok := jws(fmt.Sprintf(`{"alg":"RS256","kid":"random-%d"}`, i), claims(nil), p.rs256)
		if _, err := r.Authenticate(t.Context(), "Bearer "+tok); !fault.IsKind(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	}
	if n := p.fetches.Load(); n > 5 { // four at once, then one each ten seconds: ten in any minute
		t.Errorf("200 random kids made us fetch %d times", n)
	}
	r.now = r.now.Add(time.Minute)
	p.extra.Store("," + rsaJWK("fresh", "RS256", &p.rsa.PublicKey))
	if _, err := r.Authenticate(t.Context(), "Bearer "+jws(`{"alg":"RS256","kid":"fresh"}`, claims(nil), p.rs256)); err != nil {
		t.Errorf("a provider's rotation was not noticed: %v", err)
	}
}
