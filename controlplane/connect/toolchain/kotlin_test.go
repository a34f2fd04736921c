//go:build connectors

package toolchain

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestKotlin: on the JVM, with the real coroutines, which come with the compiler. Ktor and kotlinx.serialization are doubles.
func TestKotlin(t *testing.T) {
	check(t, language{sdk: "kotlin", most: 50, build: func(t *testing.T, dir string) []string {
		compiler, err := exec.LookPath("kotlinc")
		if err != nil {
			t.Fatal(err)
		}
		if compiler, err = filepath.EvalSymlinks(compiler); err != nil {
			t.Fatal(err)
		}
		coroutines := filepath.Join(filepath.Dir(compiler), "..", "lib", "kotlinx-coroutines-core-jvm.jar")
		arguments := []string{"-Werror", "-cp", coroutines, "-d", "app.jar", "-include-runtime", "sdk", "libraries", "generated"}
		_, err = os.Stat(filepath.Join(dir, "driver"))
		if err == nil {
			arguments = append(arguments, "driver")
		}
		tool(t, dir, "kotlinc", arguments...)
		if err != nil {
			return nil
		}
		return []string{"java", "-cp", "app.jar:" + coroutines, "DriverKt"}
	}})
}
