package main

import (
	"os"
	"os/exec"
	"path/filepath"
)

// static is how the product is built, and therefore tested: what one suite compiles, the next ones have.
var static = []string{"CGO_ENABLED=0"}

// goTest is `go test` for a counter. The suite vet has vetted; a package may take as long as a suite may.
func goTest(args ...string) []string {
	return append([]string{"go", "test", "-json", "-vet=off", "-timeout", suiteTimeout.String()}, args...)
}

// longest puts before others the packages whose tests take longest: the last one would run alone.
func longest(packages ...string) []string {
	return append([]string{"./runtime/upload", "./runtime/hook/worker", "./runtime/source/postgres"}, packages...)
}

// script is a shell's, and ends with what it is for.
func script(first string, then ...string) []string {
	return append([]string{"sh", "-c", first + ` && exec "$@"`, "sh"}, then...)
}

// suites is the list, in the order of running: what fails fast comes first. To add a suite, add a
// line here; nothing else needs to know.
func suites() []suite {
	npm, make := tool("npm", "install Node 20 or newer"), tool("make", "")
	return []suite{
		{name: "format", quick: true, proves: "all Go files are gofmt'ed",
			command: []string{"sh", "-c", `out=$(gofmt -l $(git ls-files --cached --others --exclude-standard '*.go' | while read -r f; do test -f "$f" && echo "$f"; done)); test -z "$out" || { echo "run: gofmt -w" $out; exit 1; }`},
			needs:   []need{tool("git", "")}},
		{name: "vet", quick: true, proves: "go vet finds nothing",
			command: script("go vet ./...", "go", "vet", "-tags", "e2e,pooler", "./cmd/turnkey", "./runtime/source/postgres"), env: static},
		{name: "vet-macos", proves: "the code builds and vets for macOS on arm64",
			command: []string{"go", "vet", "./..."}, env: append([]string{"GOOS=darwin", "GOARCH=arm64"}, static...)},
		{name: "static-build", proves: "the product builds without a C compiler",
			command: []string{"go", "build", "./..."}, env: append([]string{"CC=false"}, static...)},
		{name: "lint", quick: true, proves: "staticcheck finds nothing (staticcheck.conf)",
			command: script("(cd tools && go build -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck)", "bin/staticcheck", "./..."), env: static},
		{name: "go", quick: true, proves: "unit, property, architecture and database tests",
			command: goTest(longest("./...")...), env: static, counts: goJSON},
		{name: "race", proves: "no data race where goroutines meet",
			command: goTest(append([]string{"-race", "-short"}, longest("./internal/lifecycle/...", "./internal/devmongo/...", "./runtime/...")...)...), counts: goJSON,
			env:   []string{"CGO_ENABLED=1"},
			needs: []need{optionalTool("cc", "the race detector needs a C compiler")}},
		{name: "connector", half: true, quick: true, proves: "the JavaScript connector, unit by unit",
			npm: []string{"web/connector"}, command: script("npm run --silent build --prefix web/connector", "sh", "-c", "node --test --test-reporter=tap web/connector/test/*.test.js"), counts: tap,
			needs: []need{npm}},
		{name: "web", half: true, makes: "web/dist", quick: true, proves: "the dashboard: types, lint, its client is generated from the API as it is, unit tests, and it builds",
			npm:     []string{"web/app"},
			command: []string{"sh", "-c", `go run ./cmd/turnkey openapi > web/app/openapi.json && cd web/app && cp src/api/schema.d.ts openapi.old && npm run --silent generate && cmp openapi.old src/api/schema.d.ts && npm run --silent check && npm test && npx --no-install vite build --logLevel warn`}, env: static, counts: vitest,
			needs: []need{npm}},
		{name: "pooler", half: true, proves: "PostgreSQL behind a real PgBouncer in transaction mode",
			command: goTest("-count=1", "-tags", "pooler", "-run", "Pooler", "./runtime/source/postgres"), counts: goJSON,
			env:   append([]string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin"}, static...), // where Debian puts it
			needs: []need{{what: "no pgbouncer: install the package pgbouncer", optional: true, met: havePgBouncer}}},
		{name: "e2e", half: true, uses: "web/dist", proves: "turnkey dev as users meet it: the real PowerSync SDK, a device stuck behind a bad write, every strategy of the conflict guide, every command of the guides, failing hooks, lost answers, another JOSE library, the printed curl lines",
			npm:     []string{"web/connector", "web/e2e"},
			command: script("make -s connector", goTest("-count=1", "-tags", "e2e", "-skip", "^TestPlanes", "./cmd/turnkey/...")...), env: static, counts: goJSON,
			needs: []need{npm, make, tool("curl", "")}},
		{name: "planes", half: true, uses: "web/dist", proves: "control plane and runtime as two processes: provisioning by curl, kill -9 of one plane, bad deployments, keys and restore",
			command: goTest("-count=1", "-tags", "e2e", "-run", "^TestPlanes", "./cmd/turnkey"), env: static, counts: goJSON,
			needs: []need{tool("curl", "")}},
		{name: "torture", uses: "web/dist", proves: "20,000 operations under kills and partitions: none lost, none twice, no queue stuck (make torture does more)",
			command: script("go test -vet=off -count=1 -tags crash ./internal/crash ./internal/clock && go build -o bin/turnkey ./cmd/turnkey", "go", "run", "./runtime/torture", "-size", "short", "-stages", "losses,matrix,load"), env: static},
		{name: "browser", proves: "the dashboard in a real browser against the real binary: the journey of a new account, a viewer's, attacks on display, cookies and policies, every page by axe in both themes and two widths",
			npm:     []string{"web/app", "web/connector", "web/e2e"},
			command: script("make -s web connector && go build -o bin/turnkey ./cmd/turnkey", "node", "--test", "--test-reporter=tap", "--test-concurrency=2", "web/e2e/browser/walks.test.mjs", "web/e2e/browser/pages.test.mjs"), env: static, counts: tap,
			needs: []need{npm, make, {what: "no Chromium: install the package chromium, or set TURNKEY_CHROMIUM to the browser", optional: true, met: haveChromium}}},
		connectors("rust", "TestRust", optionalTool("cargo", "install Rust 1.65 or newer"),
			need{what: "no crates: install Debian's packages librust-{async-trait,futures-lite,reqwest,rusqlite,serde-json,tokio}-dev and libsqlite3-dev", optional: true, met: haveCrates}),
		connectors("dotnet", "TestDotnet", optionalTool("mcs", "install the packages mono-mcs and libnewtonsoft-json5.0-cil"), optionalTool("mono", "install the package mono-runtime")),
		connectors("kotlin", "TestKotlin", optionalTool("kotlinc", "install Kotlin's compiler, as npm has it in kotlin-compiler"), optionalTool("java", "install Java 17 or newer")),
		connectors("swift", "TestSwift", optionalTool("swiftc", "install Swift 6, as Debian 13 has it in swiftlang")),
		{name: "mongodb", proves: "the MongoDB tests against a real server",
			command: goTest("-count=1", "./runtime/source/mongo/..."), env: static, counts: goJSON,
			needs: []need{setting("TURNKEY_MONGODB_URI", "set it to a replica set to run these against a real MongoDB; the suite go ran them on devmongo")}},
	}
}

// connectors is the suite of one language's connector; the tools of five languages are not asked of everybody.
func connectors(sdk, test string, needs ...need) suite {
	return suite{name: "sdk-" + sdk, proves: "the connector for the SDK " + sdk + " compiles against a double of the SDK, and sends exactly what it should",
		command: goTest("-count=1", "-tags", "connectors", "-run", "^(TestModel|"+test+")$", "./controlplane/connect/toolchain"), env: static, counts: goJSON, needs: needs}
}

// haveCrates looks where controlplane/connect/toolchain does.
func haveCrates() bool {
	for _, crate := range []string{"async-trait", "futures-lite", "reqwest", "rusqlite", "serde_json", "tokio"} {
		if found, err := filepath.Glob("/usr/share/cargo/registry/" + crate + "-[0-9]*"); err != nil || len(found) == 0 {
			return false
		}
	}
	return true
}

// haveChromium looks where web/e2e/browser/browser.mjs does.
func haveChromium() bool {
	for _, path := range []string{os.Getenv("TURNKEY_CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}

func havePgBouncer() bool {
	if _, err := exec.LookPath("pgbouncer"); err == nil {
		return true
	}
	_, err := os.Stat("/usr/sbin/pgbouncer")
	return err == nil
}
