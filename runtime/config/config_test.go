package config_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
)

var update = flag.Bool("update", false, "write the golden files")

// Each file under testdata is one case: a document, a line of dashes, and what is found. A document
// whose name starts with production_ is read for a production instance.
func TestFindings(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	const line = "\n----------\n"
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			document, want, _ := strings.Cut(string(raw), line)
			o := config.Options{Kind: bundle.Development, Secrets: []string{"SOURCE_URI", "HS_KEY"}}
			if strings.HasPrefix(filepath.Base(file), "production_") {
				o.Kind = bundle.Production
			}
			cfg, found := config.Parse([]byte(document), o)
			var b strings.Builder
			for _, e := range found.Errors {
				fmt.Fprintf(&b, "error %s [%s] %s %s\n", e.Path, e.Code, e.Message, e.Hint)
			}
			for _, w := range found.Warnings {
				fmt.Fprintf(&b, "warning %s [%s] %s %s\n", w.Path, w.Code, w.Message, w.Hint)
			}
			if len(found.Errors) == 0 {
				b.WriteString("accepted\n")
			}
			if (cfg == nil) != (len(found.Errors) > 0) {
				t.Error("a configuration comes exactly with no errors")
			}
			if *update {
				if err := os.WriteFile(file, []byte(document+line+b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if b.String() != want {
				t.Errorf("found\n%s\nwant\n%s", b.String(), want)
			}
		})
	}
}

const full = `
source: {type: mongodb, uri: {secret: SOURCE_URI}, database: todo}
auth:
  powersync_url: https://foo.powersync.example/
  token_ttl: 1h30m
  algorithm: RS256
  claims: {role: claims.role}
  providers:
    - {name: firebase, type: jwks, issuer: https://securetoken.example, jwks_uri: https://keys.example/jwks, audience: my-app, user_id: claims.sub, user_id_prefix: "fb|", upload: true}
    - {name: server, type: api_key}
    - name: old
      type: shared_secret
      secret: {secret: HS_KEY}
      audience: [a, b]
      user_id: {lookup: {collection: users, match: {email: claims.email}, take: app_user_id}}
tables:
  todos:
    collection: Todos
    id: objectid
    allow: {create: new.owner_id == user.id, update: "old.owner_id == user.id", delete: false}
    unknown_fields: keep
    fields:
      created_at: date
      owner: {path: owner_id, type: objectid, immutable: true}
      city: {path: address.city}
      items: {type: array, of: {product_id: objectid, due: date, type: string}}
      tags: {type: array, of: string}
      place: {type: object, of: {spot: {type: object, of: {lat: double}}, type: {type: string}}}
      status: {type: string, transitions: {open: [done, cancelled]}}
      note: {ignored: true}
rejections: {ttl: 30d}
hooks: {timeout: 500ms, fetch: [API.example.com], env: {CRM_KEY: {secret: HS_KEY}}}
cors: {origins: [https://app.example]}
limits: {transactions_per_minute: 10}
`

func TestAFullDocument(t *testing.T) {
	cfg, found := config.Parse([]byte(full), config.Options{Kind: bundle.Production, Secrets: []string{"SOURCE_URI", "HS_KEY"}})
	if len(found.Errors) > 0 {
		t.Fatal(found.Errors)
	}
	auth := cfg.Auth
	if auth.PowerSyncURL != "https://foo.powersync.example" || auth.Audiences[0] != auth.PowerSyncURL || auth.TokenTTL != 90*time.Minute || auth.Algorithm != bundle.RS256 {
		t.Errorf("auth: %+v", auth)
	}
	if p := auth.Providers; !p[0].Upload || p[0].UserIDPrefix != "fb|" || p[2].Lookup.Match["email"] != "claims.email" || len(p[2].Audience) != 2 {
		t.Errorf("providers: %+v", p)
	}
	todos := cfg.Tables["todos"]
	f := todos.Fields
	if todos.Key != "_id" || todos.Collection != "Todos" || todos.Allow.Delete != "false" || todos.UnknownFields != bundle.KeepUnknown {
		t.Errorf("todos: %+v", todos)
	}
	if f["created_at"].Type.Name != bundle.TypeDate || f["owner"].Path != "owner_id" || !f["owner"].Immutable || f["city"].Type.Name != "" {
		t.Errorf("fields: %+v", f)
	}
	if e := f["items"].Type.Elem; e.Name != bundle.TypeObject || e.Fields["due"].Name != bundle.TypeDate || e.Fields["type"].Name != bundle.TypeString {
		t.Errorf("items: %+v", e)
	}
	if e := f["tags"].Type.Elem; e.Name != bundle.TypeString || f["place"].Type.Fields["spot"].Fields["lat"].Name != bundle.TypeDouble || f["place"].Type.Fields["type"].Name != bundle.TypeString {
		t.Errorf("nested: %+v", f["place"])
	}
	if cfg.Rejections.TTL != 30*24*time.Hour || cfg.CORS.Origins[0] != "https://app.example" || cfg.Limits.TransactionsPerMinute != 10 || cfg.OnFailure != bundle.StopAfterFailure {
		t.Errorf("rest: %+v", cfg)
	}
	if h := cfg.Hooks; h.Timeout != 500*time.Millisecond || h.OnError != bundle.HookReject || h.Fetch[0] != "api.example.com" || h.Env["CRM_KEY"].Secret != "HS_KEY" {
		t.Errorf("hooks: %+v", h)
	}
}

func TestJSONIsTheSame(t *testing.T) {
	doc := `{"source":{"type":"postgres","uri":{"secret":"SOURCE_URI"}},"auth":{"powersync_url":"https://ps.example","providers":[{"name":"s","type":"api_key"}]},
		"tables":{"todos":{"id":"uuid","allow":{"create":"true"},"fields":{"title":{"type":"string"}}}}}`
	cfg, found := config.Parse([]byte(doc), config.Options{Kind: bundle.Development})
	if len(found.Errors) > 0 {
		t.Fatal(found.Errors)
	}
	if todos := cfg.Tables["todos"]; todos.Collection != "public.todos" || todos.Key != "id" || cfg.Source.Database != "turnkey" || cfg.CORS.Origins != nil ||
		cfg.Hooks.Timeout != 200*time.Millisecond || cfg.Hooks.OnError != bundle.HookReject {
		t.Errorf("defaults: %+v", cfg)
	}
}

func TestHostileDocuments(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	for name, doc := range map[string]string{
		"empty": "", "only a comment": "# nothing", "a list": "- a", "text": "hello", "broken": "a: [", "tabs": "a:\n\t- b", "two documents": "a: 1\n---\nb: 2",
		"alias bomb": bomb, "deep": strings.Repeat("a: {", 200) + strings.Repeat("}", 200), "an alias to itself": "a: &a [*a]",
		"large": strings.Repeat("#", 1<<20+1), "a key twice": "auth: {}\nauth: {}", "merge keys": "a: &a {b: 1}\nc: {<<: *a}", "binary": "\x00\xff\xfe",
		"a tag": "source: !!binary abc",
	} {
		t.Run(name, func(t *testing.T) {
			cfg, found := config.Parse([]byte(doc), config.Options{Kind: bundle.Development})
			if cfg != nil || len(found.Errors) == 0 || !fault.Is(found.Fault(), "config_invalid") {
				t.Errorf("accepted: %+v %+v", cfg, found)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(`{"source":{"type":"postgres"}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		cfg, found := config.Parse(doc, config.Options{Kind: bundle.Development})
		if (cfg == nil) != (len(found.Errors) > 0) {
			t.Fatal("a configuration comes exactly with no errors")
		}
		if cfg != nil {
			if _, err := json.Marshal(cfg); err != nil {
				t.Fatal(err)
			}
		}
	})
}
