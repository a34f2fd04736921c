//go:build connectors

package toolchain

import (
	"os"
	"path/filepath"
	"testing"
)

// crates is where Debian's packages librust-*-dev put their sources.
const crates = "/usr/share/cargo/registry"

// TestRust: with the real reqwest, tokio, serde_json and rusqlite.
func TestRust(t *testing.T) {
	check(t, language{sdk: "rust", most: 50, build: func(t *testing.T, dir string) []string {
		cache, err := os.UserCacheDir() // compiled crates outlive a run
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(cache, "turnkey", "connectors-rust")
		t.Setenv("CARGO_TARGET_DIR", cache)
		offline := []string{"--offline", "--quiet", "--config", `source.crates-io.replace-with="debian"`, "--config", `source.debian.directory="` + crates + `"`}
		if _, err := os.Stat(filepath.Join(dir, "driver")); err != nil {
			tool(t, dir, "cargo", append([]string{"build"}, offline...)...)
			return nil
		}
		tool(t, filepath.Join(dir, "driver"), "cargo", append([]string{"build"}, offline...)...)
		program := filepath.Join(dir, "driver.bin") // the next build would overwrite it where it is
		if err := os.Rename(filepath.Join(cache, "debug", "driver"), program); err != nil {
			tool(t, dir, "cp", filepath.Join(cache, "debug", "driver"), program)
		}
		return []string{program}
	}})
}
