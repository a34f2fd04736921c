//go:build !linux

package worker

import "time"

// cpuOf is not to be had here; the wall clock decides.
func cpuOf(int) (time.Duration, bool) { return 0, false }
