package oidc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestParse: YAML or JSON, complete or refused with a sentence; secrets never show.
func TestParse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := Parse([]byte("providers:\n- {name: google, title: Google, issuer: https://accounts.google.com, client_id: a, client_secret_file: '" + file + "'}\n" +
		"- {name: own, issuer: https://id.example/realms/x, client_id: b, client_secret: hunter2, scopes: [email], trust_email: true}\n"))
	if err != nil || len(list) != 2 || list[0].ClientSecret.Reveal() != "hunter2" || list[1].Title != "own" || strings.Join(list[0].Scopes, " ") != "email profile" || !list[1].TrustEmail {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := Parse([]byte(`{"providers": [{"name": "a", "issuer": "https://a.example", "client_id": "x"}]}`)); err != nil || len(list) != 1 {
		t.Errorf("JSON: %v", err)
	}
	for name, text := range map[string]string{
		"nothing":           "",
		"no providers":      "providers: []",
		"nonsense":          "{hunter2",
		"an unknown key":    "providers: [{name: a, issuer: https://a.example, client_id: x, secret: hunter2}]",
		"no name":           "providers: [{issuer: https://a.example, client_id: x}]",
		"a name for a path": "providers: [{name: ../a, issuer: https://a.example, client_id: x}]",
		"no issuer":         "providers: [{name: a, client_id: x}]",
		"issuer of a login": "providers: [{name: a, issuer: 'https://u:hunter2@a.example', client_id: x}]",
		"no client":         "providers: [{name: a, issuer: https://a.example}]",
		"the same twice":    "providers: [{name: a, issuer: https://a.example, client_id: x}, {name: a, issuer: https://b.example, client_id: x}]",
		"two secrets":       "providers: [{name: a, issuer: https://a.example, client_id: x, client_secret: hunter2, client_secret_file: " + file + "}]",
		"a secret nowhere":  "providers: [{name: a, issuer: https://a.example, client_id: x, client_secret_file: /nowhere}]",
	} {
		if _, err := Parse([]byte(text)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzReturnPath: whatever comes in, the browser stays on our site.
func FuzzReturnPath(f *testing.F) {
	for _, s := range []string{"/", "/orgs?x=1", "//evil.example", "/\\evil", "https://evil.example", "/\t/evil.example", "", "/%2f/evil"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := ReturnPath(text)
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.HasPrefix(got, "/\\") || strings.ContainsAny(got, "\t\r\n\\ ") {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
