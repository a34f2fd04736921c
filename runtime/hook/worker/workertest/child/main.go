// Command child is a worker for tests: its requests are words such as "spin" and "probe", by which a test
// makes it do what a hook does at its worst. It is a program of its own so that it can be built as the
// product is.
package main

import (
	"fmt"
	"os"

	"turnkey/runtime/hook/worker/child"
)

func main() {
	if !child.Asked(os.Args) {
		fmt.Fprintln(os.Stderr, "this program is started by tests")
		os.Exit(2)
	}
	os.Exit(child.Main(&words{}))
}
