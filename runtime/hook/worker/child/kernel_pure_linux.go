//go:build !cgo

package child

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// absent are calls that are answered as by a kernel that lacks them; Go needs none of these.
var absent []string

// threadRoom is what threads take beyond what Go's own do.
const threadRoom = 0

// noNewPrivs holds for every thread.
func noNewPrivs() error {
	if _, _, err := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); err != 0 {
		return err
	}
	return nil
}

// landlocked denies every file and every TCP port. Signals are left to seccomp: scoping them breaks
// thread-directed signals, which Go's scheduler lives by, on some kernels.
func landlocked() error {
	version, err := ll.LandlockGetABIVersion()
	if err != nil || version < 1 {
		return errors.New("this kernel has no Landlock")
	}
	if err := landlock.V5.BestEffort().Restrict(); err != nil {
		return err
	}
	if fd, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err == nil {
		return errors.Join(errors.New("it does not hold: / opens"), unix.Close(fd))
	}
	return nil
}

// dropCapabilities gives up every capability, on every thread.
func dropCapabilities() error {
	if err := cap.NewSet().SetProc(); err != nil {
		return err
	}
	left := cap.GetProc()
	if diff, err := left.Cf(cap.NewSet()); err != nil || diff != 0 {
		return fmt.Errorf("it does not hold: %s left", left)
	}
	return nil
}
