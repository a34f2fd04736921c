package main

import (
	"fmt"
	"runtime"
)

// versionCommand prints what is running, for bug reports.
type versionCommand struct{}

// Run implements the sub-command.
func (versionCommand) Run(term terminal) error {
	_, err := fmt.Fprintf(term.out, "turnkey %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
