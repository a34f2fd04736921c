package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"turnkey/controlplane"
	"turnkey/controlplane/seal"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/envelope"
)

// keysCommand is what operators do with keys.
type keysCommand struct {
	Generate keysGenerateCommand `cmd:"" help:"Make every key of a new installation: a folder for the control plane and one for its runtimes."`
	Rotate   keysRotateCommand   `cmd:"" help:"Add a key to the key-encryption keyset; new values are sealed with it, old ones still open."`
	Rewrap   keysRewrapCommand   `cmd:"" help:"Seal every stored value with the newest key-encryption key; may run beside working replicas."`
	Verify   keysVerifyCommand   `cmd:"" help:"Open every stored value: proves that database and key-encryption keyset belong together."`
	Prune    keysPruneCommand    `cmd:"" help:"Drop old keys from the key-encryption keyset, once no stored value needs them."`
}

// keysGenerateCommand makes two folders, so that neither plane is ever given the other's half.
type keysGenerateCommand struct {
	Dir string `arg:"" help:"Folder to make: Dir/controlplane and Dir/runtime are then each plane's --keys-dir."`
}

// Run implements the command.
func (c *keysGenerateCommand) Run(_ context.Context, term terminal) error {
	if err := os.Mkdir(c.Dir, 0o700); err != nil {
		return fault.Wrap(err, fault.Invalid, "keys_unwritable", "The folder "+c.Dir+" cannot be made.").
			WithHint("Name a folder that does not exist yet: keys are never overwritten.")
	}
	keys, err := envelope.GenerateKeys()
	if err != nil {
		return err
	}
	kek, err := seal.Generate()
	if err != nil {
		return err
	}
	control, runtimes := filepath.Join(c.Dir, "controlplane"), filepath.Join(c.Dir, "runtime")
	token, secret := redact.New(randomText(48)), redact.New(randomText(48))
	for _, write := range []func() error{
		func() error { return envelope.WriteKeys(control, keys, envelope.ControlPlaneFiles...) },
		func() error { return envelope.WriteKeys(runtimes, keys, envelope.RuntimeFiles...) },
		func() error { return kek.WriteFile(filepath.Join(control, kekFile)) },
		func() error { return writeSecret(filepath.Join(control, poolTokenFile), token) },
		func() error { return writeSecret(filepath.Join(runtimes, poolTokenFile), token) },
		func() error { return writeSecret(filepath.Join(control, apiSecretFile), secret) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	fmt.Fprintf(term.out, "%s  is the control plane's --keys-dir\n%s  is its runtimes' --keys-dir\n"+
		"Back up both, apart from the database: without kek.json its secrets and private keys are lost.\n", control, runtimes)
	return nil
}

// ensureKeys makes one folder with the keys of both planes, unless it holds some already; for development.
func ensureKeys(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, envelope.SignFile)); errors.Is(err, fs.ErrNotExist) {
		if _, err := envelope.EnsureKeys(dir); err != nil {
			return err
		}
	}
	if _, err := seal.EnsureFile(filepath.Join(dir, kekFile)); err != nil {
		return err
	}
	for _, name := range []string{poolTokenFile, apiSecretFile} {
		if _, err := ensureSecret(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// keysRotateCommand changes the file alone. Replicas read it anew when it changes.
type keysRotateCommand struct{ keyEncryption }

// Run implements the command.
func (c *keysRotateCommand) Run(_ context.Context, term terminal) error {
	return c.change(term, (*seal.Keyset).Rotate, "Give the new file to every replica, then run: turnkey keys rewrap")
}

func (k keyEncryption) change(term terminal, how func(*seal.Keyset) (*seal.Keyset, error), next string) error {
	old, err := seal.ReadFile(k.path())
	if err != nil {
		return err
	}
	changed, err := how(old)
	if err != nil {
		return err
	}
	if err := changed.WriteFile(k.path()); err != nil {
		return err
	}
	fmt.Fprintf(term.out, "%s holds %d keys now. %s\n", k.path(), changed.Keys(), next)
	return nil
}

// keysRewrapCommand moves every value to the newest key.
type keysRewrapCommand struct{ planeSettings }

// Run implements the command.
func (c *keysRewrapCommand) Run(ctx context.Context, term terminal) error {
	r, err := c.walk(ctx, term, (*controlplane.Keyring).Rewrap)
	if err == nil {
		fmt.Fprintf(term.out, "%d of %d values were sealed anew. Now turnkey keys prune may drop the old key.\n", r.Rewrapped, r.Values)
	}
	return err
}

// keysVerifyCommand opens every value.
type keysVerifyCommand struct{ planeSettings }

// Run implements the command.
func (c *keysVerifyCommand) Run(ctx context.Context, term terminal) error {
	r, err := c.walk(ctx, term, (*controlplane.Keyring).Verify)
	if err == nil {
		fmt.Fprintf(term.out, "All %d values open; %d of them with an older key.\n", r.Values, r.Old)
	}
	return err
}

// keysPruneCommand drops old keys. Backups from before need the old file.
type keysPruneCommand struct{ planeSettings }

// Run implements the command.
func (c *keysPruneCommand) Run(ctx context.Context, term terminal) error {
	r, err := c.walk(ctx, term, (*controlplane.Keyring).Verify)
	if err != nil {
		return err
	}
	if r.Old > 0 {
		return fault.Newf(fault.Conflict, "old_values", "%d of %d values are sealed with an older key.", r.Old, r.Values).
			WithHint("Run turnkey keys rewrap first.")
	}
	return c.change(term, (*seal.Keyset).Prune, "Keep the old file as long as backups of the database from before.")
}

func (s planeSettings) walk(ctx context.Context, term terminal, how func(*controlplane.Keyring, context.Context) (controlplane.KeyringReport, error)) (controlplane.KeyringReport, error) {
	parts, err := openPlane(ctx, newLog(term), s, planeOptions{})
	if err != nil {
		return controlplane.KeyringReport{}, err
	}
	defer parts.close()
	return how(parts.plane.Keyring, ctx)
}

// restoreCommand follows the restoring of a database's backup.
type restoreCommand struct{ planeSettings }

// Run implements the command.
func (c *restoreCommand) Run(ctx context.Context, term terminal) error {
	parts, err := openPlane(ctx, newLog(term), c.planeSettings, planeOptions{})
	if err != nil {
		return err
	}
	defer parts.close()
	r, err := parts.plane.Keyring.Verify(ctx)
	if err != nil {
		return err
	}
	n, err := parts.plane.Instances.Republish(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(term.out, "All %d sealed values open. %d instances are published anew; runtimes follow within five minutes.\n", r.Values, n)
	return nil
}
