//go:build connectors

package toolchain

import (
	"os"
	"path/filepath"
	"testing"
)

// newtonsoft is where Debian puts the library that the SDK itself depends on.
var newtonsoft = []string{"/usr/lib/cli/Newtonsoft.Json-5.0/Newtonsoft.Json.dll", "/usr/lib/mono/newtonsoft-json/Newtonsoft.Json.dll"}

// TestDotnet: by Mono, which knows C# 7, with its own HttpClient and the real Newtonsoft.Json. The connector sends one
// transaction at a time.
func TestDotnet(t *testing.T) {
	check(t, language{sdk: "dotnet", most: 1, build: func(t *testing.T, dir string) []string {
		var library []byte
		for _, path := range newtonsoft {
			if b, err := os.ReadFile(path); err == nil {
				library = b
			}
		}
		if library == nil {
			t.Fatal("Newtonsoft.Json is not there: install libnewtonsoft-json5.0-cil")
		}
		if err := os.WriteFile(filepath.Join(dir, "Newtonsoft.Json.dll"), library, 0o644); err != nil {
			t.Fatal(err)
		}
		references := []string{"-warnaserror", "-nowarn:649", "-r:Newtonsoft.Json.dll", "-r:System.Net.Http.dll", "-recurse:sdk/*.cs", "-recurse:generated/*.cs"}
		if _, err := os.Stat(filepath.Join(dir, "driver")); err != nil {
			tool(t, dir, "mcs", append(references, "-target:library", "-out:app.dll")...)
			return nil
		}
		tool(t, dir, "mcs", append(references, "-recurse:driver/*.cs", "-out:driver.exe")...)
		return []string{"mono", "driver.exe"}
	}})
}
