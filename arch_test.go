// Package turnkey_test holds the rules of the house as tests: who may import whom and why, one doc
// comment per package, file sizes, no skipped tests. It must not know what the packages do.
package turnkey_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "turnkey"

// pkg is what `go list -json` says about one package of ours.
type pkg struct {
	ImportPath, Dir, Name              string
	GoFiles, IgnoredGoFiles            []string
	TestGoFiles, XTestGoFiles          []string
	Imports, TestImports, XTestImports []string
	Standard                           bool
	Error, DepsErrors                  any
}

// path is the import path below the module: "runtime/upload", "" for the root.
func (p pkg) path() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// ours lists the packages of this module; one run of the go command serves all tests.
var ours = sync.OnceValues(func() ([]pkg, error) {
	var out, errs bytes.Buffer
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Name,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports,Standard", "./...")
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, errors.New(err.Error() + ": " + errs.String())
	}
	var list []pkg
	for dec := json.NewDecoder(&out); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
})

func packages(t *testing.T) []pkg {
	t.Helper()
	list, err := ours()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	if len(list) < 5 {
		t.Fatalf("go list found only %d packages: the rules would pass unread", len(list))
	}
	return list
}

// under reports whether path is one of the trees, or inside one. "controlplane/." means that package alone.
func under(path string, trees []string) bool {
	for _, tree := range trees {
		if exact, ok := strings.CutSuffix(tree, "/."); ok {
			if path == exact {
				return true
			}
		} else if path == tree || strings.HasPrefix(path, tree+"/") {
			return true
		}
	}
	return false
}

// ban says that packages in these trees (except some) never import these others, and why. Since each
// package obeys, nothing forbidden arrives by a detour through our own packages.
type ban struct {
	from, except []string
	imports      []string // of ours without the module name; libraries by import path
	why          string
}

var planes = []ban{
	{from: []string{"runtime"}, imports: []string{module + "/controlplane", module + "/dashboard-api", module + "/migrations"},
		why: "a runtime keeps serving while the control plane and its Postgres are down"},
	{from: []string{"runtime/bundle", "runtime/value"}, imports: []string{"net", "os", "os/exec", "database/sql", "io/fs"},
		why: "the contract between the planes is pure types: no I/O"},
	{from: []string{"runtime/upload"}, imports: []string{module + "/runtime/source/mongo", module + "/runtime/source/postgres", module + "/runtime/gateway", module + "/runtime/follow"},
		why: "the write pipeline speaks to the Source interface and knows no database"},
	{from: []string{"runtime/source"}, imports: []string{module + "/runtime/upload", module + "/runtime/gateway", module + "/runtime/follow", module + "/runtime/token"},
		why: "a source knows rows and transactions, not who asks for them"},
	{from: []string{"runtime/outbox"}, imports: []string{module + "/runtime/upload", module + "/runtime/gateway", module + "/runtime/follow", module + "/runtime/source/mongo", module + "/runtime/source/postgres"},
		why: "the deliverer is given outboxes; it knows neither who filled them nor which database has them"},
	{from: []string{"runtime/conflict", "runtime/rule"}, imports: []string{"net", "os", "database/sql"},
		why: "rules and policies are pure functions"},
	{from: []string{""}, except: []string{"cmd", "runtime/hook/worker", "runtime/hook/engine"}, imports: []string{module + "/runtime/hook/engine"},
		why: "user code is never parsed, bundled or run in a server process, only in a worker"},
	{from: []string{"runtime/hook/."}, imports: []string{"net", "os", "os/exec", "database/sql", "io/fs"},
		why: "the hook contract is pure types: no I/O"},
	{from: []string{"runtime/hook/engine"}, imports: []string{"net/http", "os", "database/sql", module + "/runtime/source", module + "/runtime/upload", module + "/runtime/hook/worker"},
		why: "the engine runs where there is no file and no network; it asks its host"},
	{from: []string{"runtime/hook/fetch"}, imports: []string{module + "/runtime/hook/worker", module + "/runtime/hook/effect", module + "/runtime/bundle", module + "/runtime/source", module + "/runtime/token", "net/http/cookiejar"},
		why: "fetch is given a request and a list of hosts; it knows nobody who asks"},
	{from: []string{"controlplane"}, imports: []string{module + "/dashboard-api", module + "/runtime/gateway", module + "/runtime/follow", module + "/runtime/source/mongo", module + "/runtime/source/postgres"},
		why: "the domain knows no HTTP for people, and only runtimes open sources"},
	{from: []string{"controlplane/.", "controlplane/authz", "controlplane/seal"}, imports: []string{module + "/controlplane/store", "net/http"},
		why: "the domain does not know how it is stored or reached"},
	{from: []string{"dashboard-api"}, imports: []string{module + "/controlplane/store", module + "/runtime/gateway", module + "/runtime/upload"},
		why: "dashboard-api is HTTP over the domain; main gives it the store behind interfaces"},
	{from: []string{""}, except: []string{"cmd"}, imports: []string{module + "/cmd"},
		why: "cmd/turnkey knows everybody and nobody knows it"},
	{from: []string{"internal/fault", "internal/redact", "internal/lifecycle"}, imports: []string{module},
		why: "leaves import nothing of ours"},
	{from: []string{"internal"}, imports: []string{module + "/runtime", module + "/controlplane", module + "/dashboard-api", module + "/web"},
		why: "internal holds small leaves only"},
	{from: []string{""}, except: []string{"cmd", "internal", "runtime/torture"}, imports: []string{module + "/internal/devstack", module + "/internal/devmongo", module + "/internal/pgtest"},
		why: "the development stack is no part of production code"},
	{from: []string{""}, except: []string{"runtime/torture"}, imports: []string{module + "/runtime/torture"},
		why: "the torture starts the product's binary; no part of the product knows it"},
	{from: []string{"runtime/torture"}, imports: []string{module + "/runtime/source", module + "/runtime/upload", module + "/runtime/gateway"},
		why: "the torture sees the product from outside, or it would share its faults"},
	{from: []string{"deploy/guides"}, imports: []string{module, "net/http", "os"},
		why: "guides are text; who serves them is not their matter"},
	{from: []string{""}, imports: []string{"unsafe", "C"},
		why: "CGO_ENABLED=0 builds must work, and nothing here needs unsafe"},
}

// home says that a heavy library is imported only in these trees.
type home struct {
	library string
	trees   []string
	why     string
}

var homes = []home{
	{"github.com/dop251/goja", []string{"runtime/hook/engine"}, "the JavaScript engine is replaceable behind Engine"},
	{"github.com/evanw/esbuild", []string{"runtime/hook/engine"}, "bundling parses user code, so it happens in workers"},
	{"github.com/go-sourcemap/sourcemap", []string{"runtime/hook/engine"}, "positions of user code are told where it is compiled"},
	{"github.com/dlclark/regexp2", []string{"runtime/hook/engine"}, "only to bound goja's regular expressions"},
	{"go.mongodb.org/mongo-driver", []string{"runtime/source/mongo", "internal/devmongo", "internal/devstack", "runtime/torture/stand"}, "BSON stays at the source's border; the torture reads the database past it"},
	{"github.com/jackc/pgx", []string{"controlplane/store", "runtime/source/postgres", "internal/pgtest", "internal/devstack", "cmd/bench", "runtime/torture/stand"}, "SQL stays at two borders; the bench measures the bare driver, too, and the torture reads past the product"},
	{"database/sql", []string{"controlplane/store", "migrations"}, "only goose needs it, to migrate"},
	{"github.com/pressly/goose", []string{"controlplane/store", "migrations"}, "migrations are the store's"},
	{"github.com/golang-jwt/jwt", []string{"runtime/token"}, "one place verifies and signs tokens"},
	{"github.com/MicahParks", []string{"runtime/token"}, "one place verifies and signs tokens"},
	{"github.com/wneessen/go-mail", []string{"controlplane/smtp"}, "one place speaks to mail servers"},
	{"go.opentelemetry.io", []string{"controlplane/otlp"}, "one place speaks to receivers of telemetry"},
	{"google.golang.org/protobuf", []string{"controlplane/otlp"}, "protobuf is spoken at one border"},
	{"github.com/coreos/go-oidc", []string{"controlplane/oidc"}, "one place believes identity providers"},
	{"golang.org/x/oauth2", []string{"controlplane/oidc"}, "one place believes identity providers"},
	{"github.com/go-webauthn", []string{"controlplane/passkey"}, "one place believes authenticators"},
	{"github.com/pquerna/otp", []string{"controlplane/."}, "codes of authenticator apps are computed where they are judged"},
	{"github.com/casbin/casbin", []string{"controlplane/authz"}, "one place decides who may do what"},
	{"github.com/gorilla/mux", []string{"dashboard-api", "runtime/gateway"}, "routing belongs to the two routers"},
	{"github.com/danielgtaylor/huma", []string{"dashboard-api"}, "the REST contract is dashboard-api's"},
	{"cel.dev/cel-go", []string{"runtime/rule"}, "expressions compile and run in one place"},
	{"github.com/google/cel-go", []string{"runtime/rule"}, "expressions compile and run in one place"},
	{"github.com/tink-crypto/tink-go", []string{"controlplane/seal", "runtime/envelope"}, "one place per plane encrypts"},
	{"github.com/prometheus/client_golang", []string{"internal/scrape"}, "one place answers Prometheus"},
	{"github.com/Shopify/toxiproxy", []string{"runtime/torture/stand"}, "only the torture breaks links"},
	{"github.com/yuin/goldmark", []string{"deploy/guides"}, "Markdown of ours becomes HTML in one place, and nobody else's does"},
	{"github.com/alecthomas/kong", []string{"cmd"}, "only main reads the command line"},
}

// TestImports checks both tables over the production imports of every package.
func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		for _, b := range planes {
			if b.from[0] != "" && !under(p.path(), b.from) || under(p.path(), b.except) {
				continue
			}
			for _, imported := range p.Imports {
				if under(imported, b.imports) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, b.why)
				}
			}
		}
		for _, h := range homes {
			for _, imported := range p.Imports {
				if under(imported, []string{h.library}) && !under(p.path(), h.trees) && !isTestHelper(p.path()) {
					t.Errorf("%s imports %s, which belongs to %s: %s", p.ImportPath, imported, strings.Join(h.trees, ", "), h.why)
				}
			}
		}
	}
}

// TestPlanesApartInTests: a runtime's tests must not lean on the control plane either, or the runtime
// could not be tested, or released, without it.
func TestPlanesApartInTests(t *testing.T) {
	for _, p := range packages(t) {
		if !under(p.path(), []string{"runtime"}) {
			continue
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if under(imported, []string{module + "/controlplane", module + "/dashboard-api"}) {
				t.Errorf("the tests of %s import %s: the planes meet only in cmd/turnkey", p.ImportPath, imported)
			}
		}
	}
}

// TestMeasuringSwitchesAreNoProduct: what only measurements may switch off is read by files that an
// ordinary build leaves out.
func TestMeasuringSwitchesAreNoProduct(t *testing.T) {
	const prefix = "TURNKEY_" + "BENCH_"
	found := 0
	for _, p := range packages(t) {
		if under(p.path(), []string{"cmd/bench"}) {
			continue
		}
		for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
			raw, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(raw, []byte(prefix)) {
				continue
			}
			found++
			if !bytes.HasPrefix(raw, []byte("//go:build bench\n")) {
				t.Errorf("%s/%s reads %s outside the build tag bench", p.path(), name, prefix)
			}
		}
	}
	if found == 0 {
		t.Error("no file reads a measuring switch: this test reads nothing")
	}
}

// isTestHelper: packages named ...test (pgtest, sourcetest) exist for tests.
func isTestHelper(path string) bool { return strings.HasSuffix(path, "test") }

// TestProductionKnowsNoTesting: a product package that imports testing, a test helper or a test
// library carries flags and code that no customer should run.
func TestProductionKnowsNoTesting(t *testing.T) {
	for _, p := range packages(t) {
		if isTestHelper(p.path()) {
			continue
		}
		for _, imported := range p.Imports {
			inHouse, isOurs := strings.CutPrefix(imported, module+"/")
			if under(imported, []string{"testing", "pgregory.net/rapid", "go.uber.org/goleak", "github.com/google/go-cmp"}) || isOurs && isTestHelper(inHouse) {
				t.Errorf("%s imports %s outside its tests", p.ImportPath, imported)
			}
		}
	}
}
