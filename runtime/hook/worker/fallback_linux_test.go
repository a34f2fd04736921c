package worker_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"turnkey/runtime/hook/worker/wire"
)

// TestFallback: where namespaces are forbidden, workers start without them, the status says so, and what is left
// holds. The place where they are forbidden is a namespace of this test's own.
func TestFallback(t *testing.T) {
	if os.Getenv(fenced) != "" {
		inFence(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFallback$", "-test.timeout=10m", "-test.v")
	cmd.Env = append(os.Environ(), fenced+"="+programs.Words)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "fell back") {
		t.Errorf("it did not run:\n%s", &out)
	}
}

func inFence(t *testing.T) {
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	p := newPool(t, nil)
	if got := mustAsk(t, p, "a", "echo x"); got != "x" {
		t.Errorf("it answers %q", got)
	}
	layers, err := p.Layers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	failed := map[string]int{}
	for _, m := range layers.Failed {
		failed[m.Layer]++
	}
	if failed[wire.Namespaces] != 1 || failed[wire.Chroot] != 1 || slices.Contains(layers.Active, wire.Namespaces) || !slices.Contains(layers.Active, wire.Seccomp) {
		t.Errorf("layers: %s", layers)
	}
	if err := p.Require(t.Context(), wire.Namespaces); err == nil {
		t.Error("namespaces were required, and it started")
	}
	if got := mustAsk(t, p, "b", fmt.Sprint("probe ", os.Getpid())); strings.Contains(got, "allowed") {
		t.Errorf("without namespaces: %s", got)
	}
	t.Log("fell back")
}
