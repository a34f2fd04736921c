package devstack

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"turnkey/internal/fault"
)

// initdb makes the cluster in data.new and renames it, so a killed initdb never leaves a half-made
// data folder behind.
func (p *Postgres) initdb(ctx context.Context) error {
	fresh := p.dataDir() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove a half-made cluster: %w", err)
	}
	password := filepath.Join(p.Dir, "password")
	if err := os.WriteFile(password, []byte(rand.Text()+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the cluster's password: %w", err)
	}
	if err := p.account.own(password); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.BinDir, "initdb"),
		"-D", fresh, "-U", "postgres", "--pwfile", password,
		"-E", "UTF8", "--locale=C",
		"--auth-host=scram-sha-256", "--auth-local=scram-sha-256",
		"--no-sync", "--no-instructions")
	cmd.Dir = p.Dir
	cmd.Env = cleanEnvironment(os.Environ())
	cmd.SysProcAttr = p.account.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		hint := p.account.hint(p.Dir)
		if bytes.Contains(out, []byte("No space left on device")) {
			hint = "The disk is full: make room, or set TURNKEY_DIR to a folder on another one."
		}
		return fault.Wrap(fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out))), fault.Unavailable,
			"postgres_initdb", "The private PostgreSQL cluster could not be created in "+p.Dir+".").
			WithHint(hint)
	}
	if err := os.Rename(fresh, p.dataDir()); err != nil {
		return fmt.Errorf("put the new cluster in place: %w", err)
	}
	p.Created = true
	return nil
}

// cleanEnvironment drops what would change the server's behaviour from outside: libpq variables
// (PGDATA, PGPORT ...) and locales, which initdb would otherwise copy into the cluster.
func cleanEnvironment(env []string) []string {
	out := make([]string, 0, len(env)+2)
	for _, e := range env {
		if strings.HasPrefix(e, "PG") || strings.HasPrefix(e, "LC_") || strings.HasPrefix(e, "LANG") {
			continue
		}
		out = append(out, e)
	}
	return append(out, "LC_ALL=C", "TZ=UTC")
}
