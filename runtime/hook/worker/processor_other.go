//go:build !linux

package worker

import "time"

// cpuOf is not to be had here; the wall clock decides.
func cpuOf(int) (time.Duration, bool) { return 0, false }

// delayOf is not to be had either.
func delayOf(int) time.Duration { return 0 }

// prefer is a matter of the scheduler, and left to it.
func prefer(int, int) error { return nil }

// lasts is, too.
func lasts(int, int, time.Duration, time.Duration) {}

// mayRaise: there is nothing to raise.
func mayRaise() bool { return false }

// withSlack calls start.
func withSlack(_ time.Duration, start func() error) error { return start() }
