//go:build !linux

package child

import "errors"

// nurse is for systems where starting a process is worth a process.
func nurse() error { return errors.New("no nursery here") }
