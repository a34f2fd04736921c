package token_test

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/token"
)

func TestAPIKeys(t *testing.T) {
	const key = "tkk_0123456789abcdef"
	sum := sha256.Sum256([]byte(key))
	r := newRig(t, func(b *bundle.Bundle) {
		b.Config.Auth.Providers = []bundle.Provider{{Name: "server", Type: bundle.ProviderAPIKey}}
		b.APIKeys = []bundle.APIKey{{ID: "key_1", Hash: sum[:], ExpiresAt: epoch.Add(time.Hour)}}
	})
	ask := func(credential, user string, claims map[string]any) (*token.Answer, error) {
		return r.Exchange(t.Context(), token.Request{Authorization: "Bearer " + credential, UserID: user, Claims: claims})
	}
	a, err := ask(key, "u1", map[string]any{"role": "x", "sub": "admin", "exp": 1, "aud": "evil", "development": true, "parameters": "text"})
	if err != nil {
		t.Fatal(err)
	}
	got := payload(t, a.Token)
	if got["sub"] != "u1" || got["role"] != "x" || got["aud"] != "https://ps.example" || got["exp"] != float64(epoch.Add(5*time.Minute).Unix()) || got["development"] != nil || got["parameters"] != nil {
		t.Errorf("reserved claims were overridden: %v", got)
	}
	if _, err := r.Authenticate(t.Context(), "Bearer "+key); !fault.IsKind(err, fault.Unauthenticated) {
		t.Errorf("an API key is never an upload credential: %v", err)
	}
	for name, wrong := range map[string]string{"prefix": key[:len(key)-1], "longer": key + "0", "other": "tkk_x"} {
		if _, err := ask(wrong, "u1", nil); !fault.IsKind(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ask(key, "", nil); !fault.Is(err, "user_id_required") {
		t.Errorf("no user: %v", err)
	}
	for name, big := range map[string]map[string]any{
		"large": {"pad": strings.Repeat("x", 5000)},
		"deep":  {"a": map[string]any{"b": map[string]any{"c": map[string]any{"d": map[string]any{"e": map[string]any{"f": map[string]any{"g": 1}}}}}}},
	} {
		if _, err := ask(key, "u1", big); !fault.Is(err, "claims_too_large") {
			t.Errorf("%s claims: %v", name, err)
		}
	}
	r.now = r.now.Add(2 * time.Hour)
	if _, err := ask(key, "u1", nil); !fault.IsKind(err, fault.Unauthenticated) {
		t.Errorf("expired: %v", err)
	}
}

func TestAnonymousUsersAreWhoHoldsTheSecret(t *testing.T) {
	r := newRig(t, func(b *bundle.Bundle) {
		b.Config.Auth.Providers = []bundle.Provider{{Name: "guest", Type: bundle.ProviderAnonymous, UserIDPrefix: "guest|"}}
	})
	first, err := r.Exchange(t.Context(), token.Request{})
	if err != nil || !strings.HasPrefix(first.UserID, "guest|") || first.DeviceSecret == "" {
		t.Fatalf("%+v %v", first, err)
	}
	again, err := r.Exchange(t.Context(), token.Request{DeviceSecret: first.DeviceSecret})
	if err != nil || again.UserID != first.UserID {
		t.Errorf("the same secret is the same user: %+v %v", again, err)
	}
	other, err := r.Exchange(t.Context(), token.Request{})
	if err != nil || other.UserID == first.UserID {
		t.Errorf("two devices are one user: %v", err)
	}
	for _, bad := range []string{"x", "anon_", "anon_AAAA", first.DeviceSecret[:len(first.DeviceSecret)-1], first.DeviceSecret + "A", first.UserID} {
		if _, err := r.Exchange(t.Context(), token.Request{DeviceSecret: bad}); !fault.IsKind(err, fault.Unauthenticated) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	r.bundle.Instance.ID = "ins_2"
	r.build()
	if there, err := r.Exchange(t.Context(), token.Request{DeviceSecret: first.DeviceSecret}); err != nil || there.UserID == first.UserID {
		t.Errorf("another instance knows the user: %v", err)
	}
	if _, err := r.Authenticate(t.Context(), "Bearer "+first.DeviceSecret); err == nil {
		t.Error("a device secret is no upload credential")
	}
}

func TestDevelopmentTokens(t *testing.T) {
	r := newRig(t, func(b *bundle.Bundle) { b.Config.Auth.DevelopmentTokens = true })
	a, err := r.Exchange(t.Context(), token.Request{UserID: "u9"})
	if err != nil || !a.Development || a.Warning == "" || payload(t, a.Token)["development"] != true {
		t.Fatalf("token and answer must say so: %+v %v", a, err)
	}
	if _, err := r.Authenticate(t.Context(), "Bearer "+a.Token); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(){
		"switched off": func() { r.bundle.Config.Auth.DevelopmentTokens = false },
		"production":   func() { r.bundle.Config.Auth.DevelopmentTokens, r.bundle.Instance.Kind = true, bundle.Production },
	} {
		change()
		r.build()
		if _, err := r.Exchange(t.Context(), token.Request{UserID: "u9"}); !fault.IsKind(err, fault.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := r.Authenticate(t.Context(), "Bearer "+a.Token); !fault.IsKind(err, fault.Unauthenticated) {
			t.Errorf("%s: the old development token still works: %v", name, err)
		}
	}
}

func BenchmarkExchange(b *testing.B) {
	key, _ := token.GenerateKey("k1", bundle.EdDSA, epoch.Add(-time.Hour), epoch.Add(-time.Hour), rand.Reader)
	a, err := token.New(&bundle.Bundle{
		Secrets: map[string]redact.Secret{"HS": redact.New(sharedSecret)}, SigningKeys: []bundle.SigningKey{key},
		Config: bundle.Config{Auth: bundle.Auth{Audiences: []string{"x"}, TokenTTL: time.Minute, Providers: []bundle.Provider{
			{Name: "hs", Type: bundle.ProviderSharedSecret, Secret: bundle.SecretRef{Secret: "HS"}, UserID: "claims.sub"}}}},
	}, token.Deps{Now: func() time.Time { return epoch }})
	if err != nil {
		b.Fatal(err)
	}
	q := token.Request{Authorization: "Bearer " + jws(`{"alg":"HS256"}`, claims(nil), hs256([]byte(sharedSecret)))}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Exchange(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}
