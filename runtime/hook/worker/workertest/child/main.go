// Command child is a worker for tests. With the engine it is what the product's is; in the other case its
// requests are words such as "spin" and "probe", by which a test makes it do what a hook does at its worst. It
// is a program of its own so that it can be built as the product is.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"turnkey/runtime/hook/engine"
	"turnkey/runtime/hook/worker/child"
)

func main() {
	if !child.Asked(os.Args) {
		fmt.Fprintln(os.Stderr, "this program is started by tests")
		os.Exit(2)
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if filepath.Base(self) == "words" { // the same file under another name: a worker gets no arguments
		os.Exit(child.Main(&words{}))
	}
	os.Exit(child.Main(child.ForEngine(engine.New(time.Now))))
}
