package devstack

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestSteadyPort: the kept one while it is free; what a broken file has counts for nothing; a first one lies below the ports that
// kernels give to outgoing connections.
func TestSteadyPort(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	free, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		kept string
		want int // 0: a first one
	}{
		"none kept": {"", 0}, "free": {strconv.Itoa(free) + "\n", free}, "held": {strconv.Itoa(held.Addr().(*net.TCPAddr).Port), 0},
		"no number": {"soon", 0}, "no port": {"70000", 0},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "port")
			if err := os.WriteFile(file, []byte(c.kept), 0o600); err != nil {
				t.Fatal(err)
			}
			port, err := steadyPort(file)
			if err != nil || c.want != 0 && port != c.want || c.want == 0 && (port < firstPort || port >= firstPort+ports) {
				t.Errorf("port %d, %v; want %d", port, err, c.want)
			}
			again, err := steadyPort(file)
			if err != nil || again != port {
				t.Errorf("asked again it is %d, not %d: %v", again, port, err)
			}
		})
	}
	if err := rememberPort(filepath.Join(t.TempDir(), "no", "folder"), 1); err == nil || !strings.Contains(err.Error(), "keep the port") {
		t.Errorf("got %v", err)
	}
}
