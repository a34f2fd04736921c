package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"turnkey/internal/fault"
)

const suffix = ".bundle"

// cache is a folder of sealed bundles, one file per instance.
type cache struct{ dir string }

// openCache makes the folder where needed and removes what a crash left half written.
func openCache(dir string) (cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return cache{}, fault.Wrap(err, fault.Invalid, "cache_unusable", "The bundle cache "+dir+" cannot be used.").
			WithHint("Give the runtime a folder of its own that it may write to: TURNKEY_CACHE_DIR.")
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
	if err != nil {
		return cache{}, fmt.Errorf("listing the bundle cache: %w", err)
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return cache{}, fmt.Errorf("removing a half-written bundle: %w", err)
		}
	}
	return cache{dir}, nil
}

// each visits every file; an unreadable one is given as an error.
func (c cache) each(visit func(instance string, sealed []byte, err error)) error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("reading the bundle cache: %w", err)
	}
	for _, e := range entries {
		instance, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok || !isID(instance) {
			continue
		}
		sealed, err := os.ReadFile(filepath.Join(c.dir, e.Name()))
		visit(instance, sealed, err)
	}
	return nil
}

// put replaces an instance's file so that a crash leaves the old or the new one.
func (c cache) put(instance string, sealed []byte) error {
	f, err := os.CreateTemp(c.dir, instance+".*.tmp") // mode 0600
	if err != nil {
		return fmt.Errorf("writing a bundle to the cache: %w", err)
	}
	_, err = f.Write(sealed)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(c.dir, instance+suffix))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing a bundle to the cache: %w", err), os.Remove(f.Name()))
	}
	return c.sync()
}

// sync makes the rename durable.
func (c cache) sync() error {
	d, err := os.Open(c.dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if err != nil {
		return fmt.Errorf("syncing the bundle cache: %w", err)
	}
	return nil
}

// isID keeps instance ids, which come from outside, from becoming paths.
func isID(s string) bool {
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
