package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is `turnkey runtime`, started as an operator would.
type process struct {
	cmd                       *exec.Cmd
	log                       *os.File
	public, internal, metrics string     // addresses
	ended                     chan error // how; it has one value
}

// startRuntime starts the binary over a control plane.
func startRuntime(ctx context.Context, binary, dir, keys, controlPlane string, limits ...string) (p *process, err error) {
	if dir, err = os.MkdirTemp(dir, "runtime"); err != nil { // of this process alone
		return nil, err
	}
	p = &process{}
	for _, at := range []*string{&p.public, &p.internal, &p.metrics} {
		if *at, err = freeAddr(); err != nil {
			return nil, err
		}
	}
	if p.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, err
	}
	p.cmd = exec.CommandContext(ctx, binary, append([]string{
		"runtime", "--control-plane", controlPlane, "--keys-dir", filepath.Join(keys, "runtime"), "--cache-dir", filepath.Join(dir, "cache"),
		"--listen", p.public, "--internal-listen", p.internal, "--metrics-listen", p.metrics, "--allow-private-networks", "--drain-delay", "0s",
	}, limits...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s (make build makes it): %w", binary, err), p.log.Close())
	}
	p.ended = make(chan error, 1)
	go func() { p.ended <- p.cmd.Wait() }() // ends with the process, which end waits for
	return p, nil
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// end ends the process as a supervisor does. One that ends badly tells why in its log.
func (p *process) end() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended already
	err := <-p.ended
	if err != nil {
		err = fmt.Errorf("the runtime ended badly: %w\n%s", err, p.lastWords())
	}
	return errors.Join(err, p.log.Close())
}

func (p *process) lastWords() string {
	const most = 4 << 10
	raw, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-most):])
}

// resident is the process's memory in MB. Linux only.
func (p *process) resident() (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kb int
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kb); n == 1 {
			return kb >> 10, nil
		}
	}
	return 0, errors.New("the runtime's memory is not told")
}

// connections counts the established ones to a port of this machine. Linux only.
func connections(port string) (int, error) {
	number, err := strconv.Atoi(port)
	if err != nil {
		return 0, err
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return 0, err
	}
	return strings.Count(string(table), fmt.Sprintf(":%04X 01 ", number)), nil
}

// usage is the most that was seen of a process.
type usage struct {
	residentMB, connections int
	err                     error // of the last look that failed
}

// watch looks at the process until stop is closed.
func (p *process) watch(port string, stop <-chan struct{}) (most usage) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return most
		case <-tick.C:
		}
		mb, err := p.resident()
		n, err2 := connections(port)
		most.residentMB, most.connections = max(most.residentMB, mb), max(most.connections, n)
		if err := errors.Join(err, err2); err != nil {
			most.err = err
		}
	}
}
