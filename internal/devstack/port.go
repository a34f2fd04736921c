package devstack

import (
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"strconv"
	"strings"
)

// Ports of first starts. They lie below those that kernels give to outgoing connections, or one of these might hold
// the port just when we start again.
const (
	firstPort = 20_000
	ports     = 10_000
	tries     = 50
)

// steadyPort is the port on 127.0.0.1 for a server whose address people store in connection strings, so it stays the
// same: that of the last start, which the file has, when it is free. A first start takes one by the file's place, so that
// two stacks on a machine keep out of each other's way. Somebody may take it before our server does.
func steadyPort(file string) (int, error) {
	if last := lastPort(file); last != 0 && portFree(last) {
		return last, nil
	}
	place := fnv.New32a()
	_, _ = place.Write([]byte(file)) // a hash never fails
	for n := range uint32(tries) {
		if port := firstPort + int((place.Sum32()+n)%ports); portFree(port) {
			return port, nil
		}
	}
	return freePort()
}

// lastPort is what a file of rememberPort has; 0: nothing.
func lastPort(file string) int {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || port < 1 || port > 65535 {
		return 0 // a broken file is written anew
	}
	return port
}

func rememberPort(file string, port int) error {
	if err := os.WriteFile(file, []byte(strconv.Itoa(port)+"\n"), 0o600); err != nil {
		return fmt.Errorf("keep the port: %w", err)
	}
	return nil
}

// moved says what it means that a server is not where it was; "" when it is.
func moved(name string, last, port int) string {
	if last == 0 || last == port {
		return ""
	}
	return fmt.Sprintf("%s had port %d, which another program has now, so it listens on %d. An instance whose connection string has 127.0.0.1:%d does not reach it: "+
		"end that program and start again, or store the new address in the instance's secret.", name, last, port, last)
}

// freePort on 127.0.0.1, of the kernel's choice. Somebody may take it before our server does.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func portFree(port int) bool {
	l, err := net.Listen("tcp", local(port))
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
