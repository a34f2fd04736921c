package dashboardapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/seal"
	"turnkey/runtime/bundle"
	minting "turnkey/runtime/token"
)

// keyring is a key-encryption keyset that a test rotates under the running plane.
type keyring struct{ *seal.Keyset }

// keyStatuses gives the status of each signing key by id.
func (s *shop) keyStatuses(path string) map[string]string {
	s.Helper()
	var list struct{ Data []signingKey }
	r := s.must(call{method: get, path: path + "/signing-keys", as: s.ann})
	if err := json.Unmarshal(r.Body.Bytes(), &list); err != nil {
		s.Fatal(err)
	}
	out := map[string]string{}
	for _, k := range list.Data {
		out[k.ID] = k.Status
	}
	return out
}

// mint gives a token of what runtimes have now, and whether their key set verifies another.
func (s *shop) mint(id string) (minted string, accepts func(string) bool) {
	s.Helper()
	authority, err := minting.New(s.newest(id), minting.Deps{Now: s.clock.now})
	if err != nil {
		s.Fatal(err)
	}
	answer, err := authority.Exchange(s.Context(), minting.Request{UserID: "u1"})
	if err != nil {
		s.Fatal(err)
	}
	return answer.Token, func(t string) bool {
		_, err := authority.Authenticate(s.Context(), "Bearer "+t)
		return err == nil
	}
}

func TestRotationNeverRefusesAGoodToken(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	old, _ := s.mint(id)
	r := s.must(call{method: post, path: path + "/signing-keys/rotate", as: s.ann, body: map[string]any{}})
	young := r.text("id")
	if r.text("status") != "published" || s.keyStatuses(path)[young] != "published" || len(s.newest(id).SigningKeys) != 2 {
		t.Fatalf("after rotating: %s, %v", r.Body, s.keyStatuses(path))
	}
	if again := s.do(call{method: post, path: path + "/signing-keys/rotate", as: s.ann, body: map[string]any{}}); again.Code != 409 || again.text("code") != "rotation_running" {
		t.Errorf("rotating twice: %d %s", again.Code, again.Body)
	}
	kid := func(t string) string { return strings.Split(t, ".")[0] }
	if before, accepts := s.mint(id); kid(before) != kid(old) || !accepts(old) {
		t.Error("the new key signs before every verifier can have fetched it")
	}
	s.clock.advance(10 * time.Minute)
	last := old
	now, accepts := s.mint(id)
	if kid(now) == kid(old) || !accepts(now) {
		t.Error("the new key does not sign after the overlap")
	}
	if got := s.keyStatuses(path); got[young] != "signing" || len(got) != 2 {
		t.Errorf("statuses %v", got)
	}
	if accepts(last) { // it was minted 10 minutes ago and lives 5
		t.Error("an expired token is accepted")
	}
	s.clock.advance(5*time.Minute + 2*time.Minute)
	for kid, status := range s.keyStatuses(path) {
		if want := map[bool]string{true: "signing", false: "retired"}[kid == young]; status != want {
			t.Errorf("%s is %s after the longest token's life, want %s", kid, status, want)
		}
	}
	s.heartbeat()
	s.must(call{method: post, path: path + "/api-keys", as: s.ann, body: map[string]any{"name": "x"}})
	if b := s.newest(id); len(b.SigningKeys) != 1 || b.SigningKeys[0].ID != young {
		t.Errorf("retired keys still travel: %d keys", len(b.SigningKeys))
	}
}

func TestTheOverlapIsShorterOnlyInDevelopment(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	r := s.must(call{method: post, path: path + "/signing-keys/rotate", as: s.ann, body: map[string]any{"overlap": "0s"}})
	if s.keyStatuses(path)[r.text("id")] != "signing" {
		t.Errorf("without overlap the key signs at once: %v", s.keyStatuses(path))
	}
	if _, accepts := s.mint(id); accepts == nil {
		t.Error("nothing signs")
	}
	production := s.must(call{method: post, path: "/projects/" + s.project + "/instances", as: s.ann, body: map[string]any{"name": "p", "kind": "production"}})
	s.play(t, []scenario{
		{name: "production", call: call{method: post, path: "/instances/" + production.text("id") + "/signing-keys/rotate", as: s.ann, body: map[string]any{"overlap": "9m"}}, status: 422, code: "overlap_too_short"},
		{name: "production, longer", call: call{method: post, path: "/instances/" + production.text("id") + "/signing-keys/rotate", as: s.ann, body: map[string]any{"overlap": "15m"}}, status: 201},
		{name: "nonsense", call: call{method: post, path: path + "/signing-keys/rotate", as: s.ann, body: map[string]any{"overlap": "soon"}}, status: 422, code: "invalid_overlap"},
		{name: "negative", call: call{method: post, path: path + "/signing-keys/rotate", as: s.ann, body: map[string]any{"overlap": "-1s"}}, status: 422, code: "invalid_overlap"},
	})
}

func TestRevokingTakesAKeyAwayAndSomethingStillSigns(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	stolen, _ := s.mint(id)
	only := s.newest(id).SigningKeys[0].ID
	revoke := func(kid string) reply {
		return s.do(call{method: post, path: path + "/signing-keys/revoke", as: s.ann, body: map[string]any{"id": kid}})
	}
	r := revoke(only)
	if r.Code != 200 || r.text("status") != "revoked" || !strings.Contains(r.text("notice"), "60 minutes") || !strings.Contains(r.text("notice"), "restart") {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	minted, accepts := s.mint(id)
	if accepts(stolen) || !accepts(minted) {
		t.Error("the revoked key still verifies, or nothing signs any more")
	}
	if again := revoke(only); again.Code != 409 {
		t.Errorf("revoking twice: %d", again.Code)
	}
	if none := revoke("key_none"); none.Code != 404 {
		t.Errorf("revoking nothing: %d", none.Code)
	}
	// Revoking the key that was to come leaves the present one without an end.
	next := s.must(call{method: post, path: path + "/signing-keys/rotate", as: s.ann, body: map[string]any{}}).text("id")
	if r := revoke(next); r.Code != 200 {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	s.clock.advance(25 * time.Minute) // the rotation would have ended the present key after 17
	if b := s.newest(id); len(b.SigningKeys) != 1 || !b.SigningKeys[0].RetireAt.IsZero() {
		t.Errorf("keys %+v", b.SigningKeys)
	}
	s.mint(id)
}

func TestLongerTokensKeepRetiringKeysLonger(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	s.must(call{method: post, path: path + "/signing-keys/rotate", as: s.ann, body: map[string]any{}})
	before := s.newest(id).SigningKeys[0].RetireAt
	etag := s.must(call{method: get, path: path + "/config", as: s.ann}).Header().Get("ETag")
	s.must(call{method: put, path: path + "/config", as: s.ann, header: map[string]string{"If-Match": etag},
		body: map[string]any{"config": strings.Replace(workingConfig, "auth: {", "auth: {token_ttl: 24h, ", 1)}})
	s.must(call{method: post, path: path + "/deployments", as: s.ann, body: map[string]any{}})
	after := s.newest(id).SigningKeys[0].RetireAt
	if after.Sub(before) != 24*time.Hour-5*time.Minute {
		t.Errorf("the old key, which signs tokens of 24 h now, retires at %s instead of %s", after, before)
	}
}

func TestAnAlgorithmChangesWithOverlap(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	etag := s.must(call{method: get, path: path + "/config", as: s.ann}).Header().Get("ETag")
	s.must(call{method: put, path: path + "/config", as: s.ann, header: map[string]string{"If-Match": etag},
		body: map[string]any{"config": strings.Replace(workingConfig, "auth: {", "auth: {algorithm: RS256, ", 1)}})
	s.must(call{method: post, path: path + "/deployments", as: s.ann, body: map[string]any{}})
	b := s.newest(id)
	if len(b.SigningKeys) != 2 || b.SigningKeys[1].Algorithm != bundle.RS256 || !b.SigningKeys[1].SignFrom.Equal(s.clock.now().Add(10*time.Minute)) {
		t.Errorf("keys %+v", b.SigningKeys)
	}
	s.heartbeat()
	s.must(call{method: post, path: path + "/deployments", as: s.ann, body: map[string]any{}})
	if n := len(s.newest(id).SigningKeys); n != 2 {
		t.Errorf("deploying again made a third key: %d", n)
	}
}

func TestAPIKeysOfInstances(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	r := s.must(call{method: post, path: path + "/api-keys", as: s.ann, body: map[string]any{"name": "server", "expires_in": 3600}})
	secret := r.text("key")
	works := func() bool {
		authority, err := minting.New(s.newest(id), minting.Deps{Now: s.clock.now})
		if err != nil {
			t.Fatal(err)
		}
		_, err = authority.Exchange(t.Context(), minting.Request{Authorization: "Bearer " + secret, UserID: "u1"})
		return err == nil
	}
	if !strings.HasPrefix(secret, "ik_") || !works() {
		t.Errorf("the new key does not work: %s", r.Body)
	}
	list := s.must(call{method: get, path: path + "/api-keys", as: s.ann})
	if strings.Contains(list.Body.String(), secret) || !strings.Contains(list.Body.String(), secret[:8]) {
		t.Errorf("a key is shown once: %s", list.Body)
	}
	s.must(call{method: remove, path: path + "/api-keys/" + r.text("id"), as: s.ann})
	if works() {
		t.Error("a deleted key works")
	}
}

func TestDevTokens(t *testing.T) {
	s := newShop(t)
	id, path := s.made()
	r := s.must(call{method: post, path: path + "/dev-token", as: s.ann, body: map[string]any{"user_id": "u7"}})
	if _, accepts := s.mint(id); !accepts(r.text("token")) || r.text("user_id") != "u7" || r.json["development"] != true || r.text("powersync_url") != "https://foo.powersync.example" {
		t.Errorf("%s", r.Body)
	}
	quiet := s.provision(strings.Replace(workingConfig, "development_tokens: true", "development_tokens: false", 1), sourceSecret, true)
	empty := s.provision("", nil, false)
	s.play(t, []scenario{
		{name: "an instance that does not allow them", call: call{method: post, path: "/instances/" + quiet.text("id") + "/dev-token", as: s.ann, body: map[string]any{"user_id": "u7"}}, status: 409, code: "not_configured", hasNot: []string{"eyJ"}},
		{name: "nothing deployed", call: call{method: post, path: "/instances/" + empty.text("id") + "/dev-token", as: s.ann, body: map[string]any{"user_id": "u7"}}, status: 409, code: "not_deployed"},
	})
}

func TestKeyEncryptionKeysRotateAndBackupsAreProved(t *testing.T) {
	ring := &keyring{must(seal.Generate())}
	s := newShop(t, func(c *controlplane.Config, _ *Config) { c.Vault, c.Mailing = ring, controlplane.Mailing{} })
	id, path := s.made()
	s.must(call{method: put, path: path + "/secrets/OTHER", as: s.ann, body: map[string]any{"value": "x"}})
	r, err := s.plane.Keyring.Verify(t.Context())
	if err != nil || r.Values != 3 || r.Old != 0 {
		t.Fatalf("two secrets and a key: %+v, %v", r, err)
	}
	before := ring.Keyset
	ring.Keyset = must(before.Rotate())
	if r, err = s.plane.Keyring.Rewrap(t.Context()); err != nil || r.Old != 3 || r.Rewrapped != 3 {
		t.Errorf("rewrap: %+v, %v", r, err)
	}
	if r, err = s.plane.Keyring.Rewrap(t.Context()); err != nil || r.Old != 0 || r.Rewrapped != 0 {
		t.Errorf("rewrapping again: %+v, %v", r, err)
	}
	pruned := must(ring.Prune())
	ring.Keyset = pruned
	if _, err = s.plane.Keyring.Verify(t.Context()); err != nil {
		t.Errorf("without the old key: %v", err)
	}
	s.must(call{method: put, path: path + "/secrets/SOURCE_URI", as: s.ann, body: map[string]any{"value": "mongodb://again"}})
	if got := s.newest(id).Secrets["SOURCE_URI"].Reveal(); got != "mongodb://again" {
		t.Errorf("after the rotation the instance serves %q", got)
	}
	ring.Keyset = before // a backup's keyset that does not belong to this database
	if r, err = s.plane.Keyring.Verify(t.Context()); err == nil || len(r.Broken) != 3 || strings.Contains(err.Error(), "mongodb://") {
		t.Errorf("the wrong keyset was not noticed: %+v, %v", r, err)
	}
	if refused := s.do(call{method: post, path: path + "/api-keys", as: s.ann, body: map[string]any{"name": "y"}}); refused.Code != 500 {
		t.Errorf("publishing with the wrong keyset: %d", refused.Code)
	}
	if _, err := s.audit.Exec(t.Context(), `UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE name = 'OTHER') WHERE name = 'SOURCE_URI'`); err != nil {
		t.Fatal(err)
	}
	ring.Keyset = pruned
	if r, err = s.plane.Keyring.Verify(t.Context()); err == nil || len(r.Broken) != 1 || !strings.Contains(r.Broken[0], "SOURCE_URI") {
		t.Errorf("a value that was moved to another row: %+v, %v", r, err)
	}
}
