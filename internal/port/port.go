// Package port finds ports on loopback for servers that tests start as processes of their own and therefore cannot hand a
// listener to. It must not know what will listen there.
package port

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// The kernel gives ports of 32768 and up (Linux) or 49152 and up (macOS) to whoever does not ask for one, connections included.
// A port below is taken only by somebody who picks it, so that what was free is still free when the server has started.
const (
	first = 20_000
	last  = 32_000
)

// Free is a port on 127.0.0.1 that nobody listens on, and that nobody else is given while this process lives: who got it may
// begin to listen only much later, and a server that was killed has to find it free when it starts again.
func Free() (int, error) {
	err := fmt.Errorf("all that were looked at were given before")
	for range 1000 {
		n := first + rand.IntN(last-first)
		if taken, lockErr := take(n); lockErr != nil {
			return 0, fmt.Errorf("reserve a port: %w", lockErr)
		} else if !taken {
			continue
		}
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", n)); err == nil {
			return n, l.Close()
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}

// take locks the file that stands for a port, unless somebody has it. The lock is the process's: the system lets go of it when that ends,
// however it does, and until then another process of the same tests is given another port.
func take(n int) (bool, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("turnkey-ports-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	fd, err := syscall.Open(filepath.Join(dir, strconv.Itoa(n)), syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return false, err
	}
	switch err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err {
	case nil:
		return true, nil // the descriptor stays open, so that the lock stays
	case syscall.EWOULDBLOCK:
		return false, syscall.Close(fd)
	default:
		_ = syscall.Close(fd)
		return false, err
	}
}
