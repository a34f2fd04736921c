package publish_test

import (
	"strings"
	"testing"

	"turnkey/controlplane/publish"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
)

const inDevelopment = `# the app
source: {type: mongodb, uri: {secret: DEV_URI}, database: dev}
auth:
  powersync_url: https://dev.powersync.example
  development_tokens: true
  audiences: [dev]
  token_ttl: 10m
  providers:
    - {name: server, type: api_key} # ours
cors: {origins: ["http://localhost:5173"]}
tables:
  # who may write
  todos: {collection: Todos, id: objectid, allow: {create: new.owner == user.id}, on_conflict: merge, fields: {n: {type: int64, merge: counter}}}
`

const inProduction = `
source: {type: mongodb, uri: {secret: SOURCE_URI}, database: shop}
auth: {powersync_url: https://live.powersync.example, providers: []}
tables: {}
`

func parsed(t *testing.T, text string, kind bundle.Kind) *bundle.Config {
	t.Helper()
	cfg, found := config.Parse([]byte(text), config.Options{Kind: kind})
	if cfg == nil {
		t.Fatalf("%v\n%s", found.Fault(), text)
	}
	return cfg
}

// TestPromote: what belongs to the app is carried over, with its comments; what belongs to the environment never is.
func TestPromote(t *testing.T) {
	out, err := publish.Promote(inDevelopment, inProduction)
	if err != nil {
		t.Fatal(err)
	}
	got := parsed(t, out, bundle.Production) // development tokens would not pass here
	if got.Source.Database != "shop" || got.Source.URI.Secret != "SOURCE_URI" || got.Auth.PowerSyncURL != "https://live.powersync.example" ||
		len(got.Auth.Audiences) != 1 || got.Auth.Audiences[0] != "https://live.powersync.example" || got.Auth.DevelopmentTokens || got.CORS.Origins != nil {
		t.Errorf("something of the environment came along: %+v %+v %+v", got.Source, got.Auth, got.CORS)
	}
	if got.Auth.TokenTTL.Minutes() != 10 || len(got.Auth.Providers) != 1 || got.Tables["todos"].Fields["n"].Merge.Policy != bundle.MergeCounter {
		t.Errorf("something of the app was lost: %+v", got)
	}
	for _, comment := range []string{"# who may write", "# ours"} {
		if !strings.Contains(out, comment) {
			t.Errorf("the comment %q was lost:\n%s", comment, out)
		}
	}
	again, err := publish.Promote(inDevelopment, out)
	if err != nil || again != out {
		t.Errorf("a second promotion changes something: %v\n%s", err, again)
	}
}

func TestPromoteKeepsTheTargetsOwn(t *testing.T) {
	target := `
source: {type: mongodb, uri: {secret: A}, database: a}
auth: {powersync_url: https://a.example, audiences: [x, y], development_tokens: true}
cors: {origins: [https://app.example]}
tables: {old: {id: uuid}}
`
	out, err := publish.Promote(`{"source": {"type": "mongodb", "uri": {"secret": "B"}, "database": "b"}, "auth": {"powersync_url": "https://b.example"}, "tables": {"new": {"id": "uuid"}}}`, target)
	if err != nil {
		t.Fatal(err)
	}
	got := parsed(t, out, bundle.Development)
	if got.Source.Database != "a" || got.Auth.PowerSyncURL != "https://a.example" || len(got.Auth.Audiences) != 2 || !got.Auth.DevelopmentTokens || len(got.CORS.Origins) != 1 {
		t.Errorf("the target lost something: %s", out)
	}
	if _, ok := got.Tables["new"]; !ok || len(got.Tables) != 1 {
		t.Errorf("tables: %v", got.Tables)
	}
}

func TestPromoteRefusesWhatIsNoConfiguration(t *testing.T) {
	for _, text := range []string{"", "- a", "just text", "a: [", "a: 1\n---\nb: 2"} {
		if out, err := publish.Promote(text, inProduction); err == nil && !strings.Contains(text, "---") {
			t.Errorf("%q became %q", text, out)
		}
	}
}
