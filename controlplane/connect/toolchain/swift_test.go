//go:build connectors

package toolchain

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSwift: with the real Foundation of Swift on Linux.
func TestSwift(t *testing.T) {
	check(t, language{sdk: "swift", most: 50, build: func(t *testing.T, dir string) []string {
		sources := func(folder string) (list []string) {
			found, err := filepath.Glob(filepath.Join(dir, folder, "*.swift"))
			if err != nil || len(found) == 0 {
				t.Fatalf("no sources in %s: %v", folder, err)
			}
			for _, f := range found {
				list = append(list, filepath.Join(folder, filepath.Base(f)))
			}
			return list
		}
		tool(t, dir, "swiftc", append([]string{"-swift-version", "6", "-parse-as-library", "-emit-module", "-emit-library", "-static", "-module-name", "PowerSync", "-o", "libPowerSync.a"}, sources("sdk")...)...)
		arguments := append([]string{"-swift-version", "6", "-warnings-as-errors", "-I", ".", "-L", ".", "-lPowerSync"}, sources("generated")...)
		if _, err := os.Stat(filepath.Join(dir, "driver")); err != nil {
			tool(t, dir, "swiftc", append(arguments, "-parse-as-library", "-emit-library", "-module-name", "App", "-o", "libApp.so")...)
			return nil
		}
		tool(t, dir, "swiftc", append(append(arguments, sources("driver")...), "-module-name", "App", "-o", "app")...)
		return []string{filepath.Join(dir, "app")}
	}})
}
