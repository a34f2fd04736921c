// Package stand is what a torture run stands on: a database, two runtimes and the proxies between
// them, each server a process of its own, and the direct ways in by which the tables are made and
// read. It must not know workloads, faults or what is checked.
package stand

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"turnkey/internal/port"
)

// readyWithin is how long a server may take to start on a busy machine.
const readyWithin = 60 * time.Second

// Process is a server that can be killed, stopped and started again. Its output goes to a file.
type Process struct {
	Name string

	binary string
	args   []string
	env    []string
	log    *os.File
	ready  func(ctx context.Context) error
	clock  string // the file with its jump; "" when it was not built for that

	mu      sync.Mutex
	command *exec.Cmd
	ended   chan struct{}
}

// Start runs the process and waits until it is ready.
func (p *Process) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command != nil {
		return nil
	}
	cmd := exec.Command(p.binary, p.args...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.Name, err)
	}
	ended := make(chan struct{})
	go func() { // ends with the process, whose end Kill and Stop wait for
		_ = cmd.Wait() // how it ended is in its log
		close(ended)
	}()
	p.command, p.ended = cmd, ended
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		if err := p.ready(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", p.Name, ctx.Err())
		case <-ended:
			p.command = nil
			return fmt.Errorf("%s ended at its start; its log is %s", p.Name, p.log.Name())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Kill ends the process like a crash.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

// Stop asks the process to end and waits; after a while it is killed.
func (p *Process) Stop() { p.end(syscall.SIGTERM) }

func (p *Process) end(signal syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command == nil {
		return
	}
	_ = p.command.Process.Signal(signal) // an error means that it has ended already
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		_ = p.command.Process.Kill()
		<-p.ended
	}
	p.command = nil
}

// Freeze stops the process in its tracks (SIGSTOP) until Thaw.
func (p *Process) Freeze() { p.signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on.
func (p *Process) Thaw() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command != nil {
		_ = p.command.Process.Signal(s)
	}
}

// Workers are the process ids of its sandbox workers.
func (p *Process) Workers() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command == nil {
		return nil
	}
	parent := p.command.Process.Pid
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		return nil
	}
	var out []int
	for _, path := range lists {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

// Ended reports that the process died by itself: at a crash point, or by its own fault.
func (p *Process) Ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command == nil {
		return false
	}
	select {
	case <-p.ended:
		p.command = nil
		return true
	default:
		return false
	}
}

// answers makes a readiness check of a URL.
func answers(url string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return errors.New(response.Status)
		}
		return nil
	}
}

// listens makes a readiness check of an address.
func listens(addr string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr() (string, error) {
	n, err := port.Free()
	return fmt.Sprintf("127.0.0.1:%d", n), err
}
