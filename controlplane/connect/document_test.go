package connect_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"turnkey/controlplane/connect"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
)

var update = flag.Bool("update", false, "write the golden files anew")

const keySet = `{"keys":[{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":"key_1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`

func input(t *testing.T, file, base string) connect.Input {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	kind := bundle.Development
	if strings.HasPrefix(base, "https://") {
		kind = bundle.Production
	}
	cfg, found := config.Parse(text, config.Options{Kind: kind})
	if cfg == nil {
		t.Fatal(found.Fault())
	}
	return connect.Input{
		URLs: connect.URLs{Base: base, Upload: base + "/api/data", Token: base + "/token", JWKS: base + "/.well-known/jwks.json", Package: dashboard + "/connector/turnkey-powersync-connector-0.1.0.tgz"}, Development: kind == bundle.Development,
		Config: cfg, KeySet: json.RawMessage(keySet),
	}
}

func made(t *testing.T, file, base string) connect.Document {
	t.Helper()
	doc, err := connect.Make(input(t, file, base))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

const local, public, dashboard = "http://localhost:8080/i/todo-x1", "https://shop-x1.run.example.com", "https://turnkey.example.com"

// TestGolden: what each SDK is given is a file under testdata/golden, read by people and compiled by other tests.
func TestGolden(t *testing.T) {
	for name, doc := range map[string]connect.Document{
		"development-mongodb": made(t, "todo.yaml", local), "production-postgres": made(t, "shop.yaml", public),
	} {
		golden(t, filepath.Join(name, doc.SyncStreams.Name), doc.SyncStreams.Text)
		golden(t, filepath.Join(name, "client-auth.yaml"), doc.ClientAuth.YAML)
		golden(t, filepath.Join(name, "first-write.sh"), doc.FirstWrite)
		for _, sdk := range doc.SDKs {
			golden(t, filepath.Join(name, sdk.ID, "install.txt"), sdk.Install+"\n")
			for _, f := range sdk.Files {
				golden(t, filepath.Join(name, sdk.ID, f.Name), f.Text)
			}
		}
	}
}

func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: write it with -update and read it", err)
	}
	if !bytes.Equal(want, []byte(text)) {
		t.Errorf("%s is not what its golden file says; -update writes it anew\n%s", name, text)
	}
}

// TestEachSDKGetsEverything: a schema with previous values, empty updates ignored and our two tables, and a connector
// that sends what exactly-once and conflicts need.
func TestEachSDKGetsEverything(t *testing.T) {
	doc := made(t, "todo.yaml", local)
	want := []string{"web", "react-native", "node", "dart", "kotlin", "swift", "dotnet", "rust"}
	var have []string
	for _, sdk := range doc.SDKs {
		have = append(have, sdk.ID)
		schema, connector := sdk.Files[0].Text, sdk.Files[1].Text
		folded := strings.ToLower(strings.ReplaceAll(schema, "_", ""))
		for _, w := range []string{"trackprevious", "trackmetadata", "ignoreemptyupdates", "turnkeyrejections", "turnkeyconflicts", "serverdata", "errorcode"} {
			if !strings.Contains(folded, w) {
				t.Errorf("%s: the schema has no %s", sdk.ID, w)
			}
		}
		if !strings.Contains(connector, local) {
			t.Errorf("%s: the connector does not name the instance", sdk.ID)
		}
		if strings.Contains(connector, "@turnkey/powersync-connector") {
			continue // ours, with tests of its own
		}
		for _, w := range []string{"client", "op_id", "previous_values", "metadata", "transaction_id", "retry_after_ms", "requires_client_handling", "malformed", "401", "/token", "/api/data"} {
			if !strings.Contains(strings.ToLower(connector), w) {
				t.Errorf("%s: the connector knows nothing of %s", sdk.ID, w)
			}
		}
	}
	if !slices.Equal(have, want) {
		t.Errorf("SDKs: %v, want %v", have, want)
	}
}

// TestInstallLines: npm is given an address at which there is something, or told that there is nothing.
func TestInstallLines(t *testing.T) {
	in := input(t, "todo.yaml", local)
	for _, sdk := range made(t, "todo.yaml", local).SDKs {
		isJS := sdk.Files[1].Name == "turnkey.ts"
		if strings.Contains(sdk.Install, in.URLs.Package) != isJS || strings.ContainsAny(sdk.Install, "{}") {
			t.Errorf("%s: %s", sdk.ID, sdk.Install)
		}
	}
	in.URLs.Package = ""
	doc, err := connect.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	if at := slices.IndexFunc(doc.Notes, func(n connect.Note) bool { return n.Code == "no_connector_package" }); at < 0 || strings.Contains(doc.SDKs[0].Install, "tgz") {
		t.Errorf("notes: %+v, install: %s", doc.Notes, doc.SDKs[0].Install)
	}
}

// TestChecked: a label is a promise, and says by which tools it is kept.
func TestChecked(t *testing.T) {
	for _, sdk := range made(t, "todo.yaml", local).SDKs {
		if (sdk.CheckedWith == "") != (sdk.Checked == connect.NotRun) || !slices.Contains([]connect.Checked{connect.CheckedWire, connect.CheckedRequests, connect.NotRun}, sdk.Checked) {
			t.Errorf("%s is said to be %q, with %q", sdk.ID, sdk.Checked, sdk.CheckedWith)
		}
		// Only what runs with the SDK itself may say wire.
		if isJS := sdk.Files[1].Name == "turnkey.ts"; isJS != (sdk.Checked == connect.CheckedWire) {
			t.Errorf("%s is said to be %s", sdk.ID, sdk.Checked)
		}
	}
}

func TestProductionOffersNoDevelopmentUser(t *testing.T) {
	for _, sdk := range made(t, "shop.yaml", public).SDKs {
		text := strings.ToLower(strings.ReplaceAll(sdk.Files[1].Text, "_", ""))
		if strings.Contains(text, "thisisadevelopmentinstance") || strings.Contains(text, "this is a development instance") {
			t.Errorf("%s offers a development user", sdk.ID)
		}
	}
}

func TestKeysArePastedWherePowerSyncCannotFetchThem(t *testing.T) {
	for base, reachable := range map[string]bool{
		public: true, "https://run.example.com:8443/i/x": true,
		local: false, "http://x.localhost:8080": false, "https://10.1.2.3/i/x": false, "https://192.168.1.5": false, "https://[::1]:8080": false,
		"https://turnkey.internal": false, "https://turnkey": false, "http://run.example.com": false,
	} {
		in := input(t, "todo.yaml", local)
		in.URLs.JWKS = base + "/.well-known/jwks.json"
		doc, err := connect.Make(in)
		if err != nil {
			t.Fatal(err)
		}
		auth := doc.ClientAuth
		if auth.Reachable != reachable || (auth.JWKS == nil) != reachable || (auth.Why == "") != reachable {
			t.Errorf("%s: reachable %v, why %q, keys %s", base, auth.Reachable, auth.Why, auth.JWKS)
		}
		if strings.Contains(auth.YAML, "kid") == reachable {
			t.Errorf("%s: the YAML is\n%s", base, auth.YAML)
		}
	}
}

// TestOpenStreamsAreNamed: a stream that sends every row to everybody is said to, in the file and beside it.
func TestOpenStreamsAreNamed(t *testing.T) {
	doc := made(t, "shop.yaml", public)
	if n := strings.Count(doc.SyncStreams.Text, "# No rule of"); n != 2 {
		t.Errorf("%d comments about open streams, want those of products and notes:\n%s", n, doc.SyncStreams.Text)
	}
	if len(doc.Notes) == 0 || doc.Notes[0].Code != "stream_open" || !strings.Contains(doc.Notes[0].Message, "notes, products") {
		t.Errorf("notes: %+v", doc.Notes)
	}
}

// TestNamesCannotBreakOut: what an instance, a provider or a collection is called stays text in every language.
func TestNamesCannotBreakOut(t *testing.T) {
	in := input(t, "todo.yaml", local)
	in.URLs.Base = "http://x/$a${b}\\\"'`"
	in.Config.Auth.Providers = []bundle.Provider{{Name: "evil", Type: bundle.ProviderJWKS, Issuer: "https://x\n*/ import os\u2028 //"}}
	t1 := in.Config.Tables["todos"]
	t1.Collection = `to"do; DROP`
	in.Config.Tables["todos"] = t1
	doc, err := connect.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(doc.SyncStreams.Text, `FROM "to""do; DROP" AS "todos"`) {
		t.Errorf("the collection's name: %s", doc.SyncStreams.Text)
	}
	for _, sdk := range doc.SDKs {
		for _, line := range strings.Split(sdk.Files[1].Text, "\n") {
			if strings.Contains(line, "import os") && !strings.HasPrefix(strings.TrimSpace(line), "//") {
				t.Errorf("%s: %q", sdk.ID, line)
			}
		}
	}
	for id, want := range map[string]string{
		"web": `'http://x/$a${b}\\\"\'` + "`'", "dart": `'http://x/\$a\${b}\\\"\'` + "`'", "kotlin": `"http://x/\$a\${b}\\\"'` + "`\"", "swift": `"http://x/$a${b}\\\"'` + "`\"",
	} {
		at := slices.IndexFunc(doc.SDKs, func(s connect.SDK) bool { return s.ID == id })
		if !strings.Contains(doc.SDKs[at].Files[1].Text, want) {
			t.Errorf("%s does not have the address as %s", id, want)
		}
	}
}
