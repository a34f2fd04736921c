package devstack

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"turnkey/internal/fault"
)

// account is the user that the server runs as when we are root; a nil account means ourselves.
type account struct {
	name     string
	uid, gid uint32
}

// serverAccount picks the account: nil unless we are root.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.ParseUint(u.Uid, 10, 32)
		gid, errG := strconv.ParseUint(u.Gid, 10, 32)
		if errU != nil || errG != nil || uid == 0 {
			continue
		}
		return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, fault.New(fault.Unavailable, "postgres_account",
		"We run as root, PostgreSQL refuses to, and there is neither a user postgres nor a user nobody to run it as.").
		WithHint("Run as an ordinary user, or add a user postgres.")
}

// attributes start a process under the account and in its own group: a Ctrl-C at the terminal then
// reaches only us, and we stop the server in order.
func (a *account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// own hands a file or folder to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	if err := os.Chown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("hand %s to user %s: %w", path, a.name, err)
	}
	return nil
}

func (a *account) hint(dir string) string {
	if a == nil {
		return "Check that " + dir + " is writable and its disk has space."
	}
	return fmt.Sprintf("We are root, so the server runs as user %s: every folder above %s must be searchable by it. Set TURNKEY_DIR to a folder where that holds.", a.name, dir)
}

// canReach reports whether the account may search every folder down to and including dir. It reads
// mode bits only; an ACL that says otherwise ends in initdb's error and our hint.
func (a *account) canReach(dir string) bool {
	if a == nil {
		return true
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for {
		st, err := os.Stat(real)
		if err != nil || !a.canSearch(st) {
			return false
		}
		parent := filepath.Dir(real)
		if parent == real {
			return true
		}
		real = parent
	}
}

func (a *account) canSearch(st os.FileInfo) bool {
	mode := st.Mode().Perm()
	owner, ok := st.Sys().(*syscall.Stat_t)
	switch {
	case ok && owner.Uid == a.uid:
		return mode&0o100 != 0
	case ok && owner.Gid == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// dataHomes are where a cluster goes that its project folder cannot hold, best first. Only the first
// outlives a reboot everywhere.
func dataHomes() []string { return []string{"/var/lib", "/var/tmp", os.TempDir(), "/tmp"} }

// place makes the folder that the cluster lives in: inside the project when the account reaches it,
// else outside, noted in <dir>/location. An empty dir asks for a temporary one.
func place(dir string, a *account) (string, error) {
	if dir == "" {
		return makeOutside(a, []string{os.TempDir(), "/tmp", "/var/tmp"}, "turnkey-pg-")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolve the data folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "postgres_folder", "The folder "+dir+" could not be made.").
			WithHint("Set TURNKEY_DIR to a writable folder.")
	}
	if a.canReach(filepath.Dir(dir)) {
		return dir, a.own(dir)
	}
	note := filepath.Join(dir, "location")
	if b, err := os.ReadFile(note); err == nil {
		outside := strings.TrimSpace(string(b))
		if _, err := os.Stat(outside); err == nil && a.canReach(filepath.Dir(outside)) {
			return outside, a.own(outside)
		}
		return "", fault.Newf(fault.Unavailable, "postgres_folder", "The cluster of this project was in %s, which is gone.", outside).
			WithHint("Bring that folder back, or remove " + dir + " to start afresh.")
	}
	outside, err := makeOutside(a, dataHomes(), "turnkey-dev-")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(note, []byte(outside+"\n"), 0o600); err != nil {
		return "", errors.Join(fmt.Errorf("note where the cluster is: %w", err), os.RemoveAll(outside))
	}
	return outside, nil
}

// makeOutside makes a fresh folder in the first home that the account reaches and we can write.
func makeOutside(a *account, homes []string, prefix string) (string, error) {
	var errs []error
	for _, home := range homes {
		if !a.canReach(home) {
			errs = append(errs, fmt.Errorf("%s is out of reach of user %s", home, a.name))
			continue
		}
		dir, err := os.MkdirTemp(home, prefix)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		return dir, a.own(dir)
	}
	return "", fault.Wrap(errors.Join(errs...), fault.Unavailable, "postgres_folder", "There is no folder for the private PostgreSQL cluster.").
		WithHint("Set TURNKEY_DIR to a folder that the server's user may search.")
}

// reachable copies an installation that the account cannot reach (an npm package in a private home)
// next to the cluster, once per version.
func reachable(in Installation, dir string, a *account) (Installation, error) {
	if a.canReach(in.BinDir) {
		return in, nil
	}
	root := filepath.Dir(in.BinDir) // bin/ finds ../lib and ../share from where it lies
	target := filepath.Join(dir, "native-"+in.Version)
	copied := in
	copied.BinDir = filepath.Join(target, filepath.Base(in.BinDir))
	if hasServer(copied.BinDir) {
		return copied, nil
	}
	fresh := target + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return in, fmt.Errorf("remove a half-made copy of PostgreSQL: %w", err)
	}
	if err := copyTree(root, fresh); err != nil {
		return in, fmt.Errorf("copy PostgreSQL to where user %s reaches it: %w", a.name, err)
	}
	if err := os.Rename(fresh, target); err != nil {
		return in, fmt.Errorf("put the copy of PostgreSQL in place: %w", err)
	}
	return copied, nil
}
