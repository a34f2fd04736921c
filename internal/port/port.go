// Package port finds ports on loopback for servers that tests start as processes of their own and therefore cannot hand a
// listener to. It must not know what will listen there.
package port

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// The kernel gives ports of 32768 and up (Linux) or 49152 and up (macOS) to whoever does not ask for one, connections included.
// A port below is taken only by somebody who picks it, so that what was free is still free when the server has started.
const (
	first = 20_000
	last  = 32_000
)

// given are the ports that this process has had: whoever got one may begin to listen only much later, and meanwhile nobody
// listens there.
var given sync.Map

// Free is a port on 127.0.0.1 that nobody listens on, and another one each time.
func Free() (int, error) {
	err := fmt.Errorf("all that were looked at were given before")
	for range 1000 {
		n := first + rand.IntN(last-first)
		if _, before := given.LoadOrStore(n, true); before {
			continue
		}
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", n)); err == nil {
			return n, l.Close()
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}
