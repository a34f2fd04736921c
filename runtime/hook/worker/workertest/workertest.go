// Package workertest gives tests a program to start workers from: a test binary may be built with cgo or the
// race detector, and then it can be neither locked in nor limited. It must not know what a test asks of it.
package workertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Programs are workers to start: one with the engine, as the product's, and one that does what words say.
type Programs struct {
	Engine, Words string
	dir           string
}

// Build compiles them as the product is released, without cgo. The caller removes them.
func Build() (*Programs, error) {
	dir, err := os.MkdirTemp("", "turnkey-worker-")
	if err != nil {
		return nil, err
	}
	p := &Programs{Engine: filepath.Join(dir, "engine"), Words: filepath.Join(dir, "words"), dir: dir}
	if err := p.build(); err != nil {
		p.Remove()
		return nil, err
	}
	return p, nil
}

func (p *Programs) build() error {
	if err := os.Chmod(p.dir, 0o755); err != nil { // workers start as nobody
		return err
	}
	cmd := exec.Command("go", "build", "-o", p.Engine, "turnkey/runtime/hook/worker/workertest/child")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the test worker: %w\n%s", err, out)
	}
	if err := os.Chmod(p.Engine, 0o755); err != nil { // whatever the umask
		return err
	}
	return os.Link(p.Engine, p.Words)
}

// Remove deletes them.
func (p *Programs) Remove() { _ = os.RemoveAll(p.dir) }
