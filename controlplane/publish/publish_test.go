package publish_test

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/token"
)

const document = `
source: {type: mongodb, uri: {secret: SOURCE_URI}, database: todo}
auth:
  powersync_url: https://foo.powersync.example
  providers:
    - {name: own, type: shared_secret, issuer: me, audience: app, secret: {secret: HS_KEY}, user_id: claims.sub}
tables:
  todos: {collection: Todos, id: objectid, allow: {create: "true"}, fields: {done: {type: bool}}}
`

func compile(t *testing.T, document string, secrets []string) (*bundle.Config, error) {
	t.Helper()
	r, err := publish.NewCompiler(nil, time.Now).Release(t.Context(), publish.Draft{Instance: "ins_1", Kind: bundle.Production, Document: document, Secrets: secrets})
	return r.Config, err
}

func paths(details []fault.Detail) (out []string) {
	for _, d := range details {
		out = append(out, d.Path+" "+d.Code)
	}
	return out
}

func TestDraftsMayLackSecretsDeploymentsMayNot(t *testing.T) {
	found := publish.Check(document, bundle.Production, []string{"HS_KEY"})
	if len(found.Errors) != 0 || !slices.Contains(paths(found.Warnings), "source.uri.secret no_such_secret") {
		t.Errorf("errors %v, warnings %v", paths(found.Errors), paths(found.Warnings))
	}
	if _, err := compile(t, document, nil); !fault.Is(err, "config_invalid") || len(fault.Of(err).Details) != 2 {
		t.Errorf("no secrets stored: %v", err)
	}
	cfg, err := compile(t, document, []string{"SOURCE_URI", "HS_KEY", "OTHER"})
	if err != nil {
		t.Fatal(err)
	}
	if refs := publish.References(cfg); !slices.Equal(refs, []string{"SOURCE_URI", "HS_KEY"}) {
		t.Errorf("references %v", refs)
	}
}

func TestWhatCannotBeDeployed(t *testing.T) {
	all := []string{"SOURCE_URI", "HS_KEY"}
	for name, c := range map[string]struct {
		document, code, path string
	}{
		"nothing":   {"  \n", "config_empty", ""},
		"a mistake": {document + "\nnonsense: 1\n", "config_invalid", "nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := compile(t, c.document, all)
			f := fault.Of(err)
			if cfg != nil || f == nil || f.Code != c.code {
				t.Fatalf("got %v, %v", cfg, err)
			}
			if c.path != "" && !slices.ContainsFunc(f.Details, func(d fault.Detail) bool { return d.Path == c.path }) {
				t.Errorf("details %v do not name %s", paths(f.Details), c.path)
			}
		})
	}
}

func TestABundleHoldsOnlyReferencedSecretsAndComesAlive(t *testing.T) {
	cfg, err := compile(t, document, []string{"SOURCE_URI", "HS_KEY"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	key, err := token.GenerateKey("key_1", bundle.EdDSA, now, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m := publish.Material{
		Instance: bundle.Instance{ID: "ins_1"}, Revision: 3, Deployment: 1, Config: cfg, Keys: []bundle.SigningKey{key}, At: now,
		Secrets: map[string]redact.Secret{"SOURCE_URI": redact.New("mongodb://x"), "HS_KEY": redact.New("0123456789abcdef0123456789abcdef"), "UNUSED": redact.New("no")},
	}
	b, err := publish.Build(m)
	if err != nil || len(b.Secrets) != 2 || b.Revision != 3 || b.Deployment != 1 {
		t.Errorf("got %+v, %v", b, err)
	}
	broken := key
	broken.Private = redact.New("garbage")
	m.Keys = []bundle.SigningKey{broken}
	if _, err := publish.Build(m); err == nil {
		t.Error("a bundle with an unreadable key was built")
	}
	m.Keys = []bundle.SigningKey{key}
	delete(m.Secrets, "SOURCE_URI")
	if _, err := publish.Build(m); !fault.Is(err, "no_such_secret") {
		t.Errorf("a missing secret: %v", err)
	}
}
