package envelope

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// The files of a folder of keys.
const (
	SignFile        = "bundle-sign.pem"
	VerifyFile      = "bundle-verify.pem"
	PoolPrivateFile = "pool-private.json"
	PoolPublicFile  = "pool-public.json"
)

// ControlPlaneFiles and RuntimeFiles are what each plane needs. Neither half can do the other's work.
var (
	ControlPlaneFiles = []string{SignFile, PoolPublicFile}
	RuntimeFiles      = []string{VerifyFile, PoolPrivateFile}
)

// WriteKeys stores new keys in a folder, each file readable by its owner only; only the named files, or
// all when none is named. It never overwrites: losing a pool's keyset makes every cached bundle unreadable.
func WriteKeys(dir string, k Keys, only ...string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return unwritable(err, dir)
	}
	for name, text := range map[string]string{
		SignFile: k.Sign.Reveal(), VerifyFile: string(k.Verify), PoolPrivateFile: k.PoolPrivate.Reveal(), PoolPublicFile: string(k.PoolPublic),
	} {
		if only != nil && !slices.Contains(only, name) {
			continue
		}
		path := filepath.Join(dir, name)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return unwritable(err, path)
		}
		_, err = f.WriteString(text)
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return unwritable(err, path)
		}
	}
	return nil
}

// ReadKeys reads a folder that WriteKeys made.
func ReadKeys(dir string) (Keys, error) {
	text, err := readFiles(dir, SignFile, VerifyFile, PoolPrivateFile, PoolPublicFile)
	if err != nil {
		return Keys{}, err
	}
	return Keys{Sign: redact.New(text[0]), Verify: []byte(text[1]), PoolPrivate: redact.New(text[2]), PoolPublic: []byte(text[3])}, nil
}

func readFiles(dir string, names ...string) ([]string, error) {
	text := make([]string, len(names))
	for i, name := range names {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "keys_unreadable", "The key file "+filepath.Join(dir, name)+" cannot be read.").
				WithHint("TURNKEY_KEYS_DIR names a folder of keys; `turnkey keys generate` makes one for each plane.")
		}
		text[i] = string(raw)
	}
	return text, nil
}

// EnsureKeys reads a folder's keys and makes them when there are none at all; for development.
func EnsureKeys(dir string) (Keys, error) {
	if _, err := os.Stat(filepath.Join(dir, SignFile)); !errors.Is(err, fs.ErrNotExist) {
		return ReadKeys(dir)
	}
	k, err := GenerateKeys()
	if err != nil {
		return k, err
	}
	return k, WriteKeys(dir, k)
}

func unwritable(err error, path string) error {
	return fault.Wrap(err, fault.Invalid, "keys_unwritable", "Keys cannot be written to "+path+".").
		WithHint("Choose an empty folder that this user may write to.")
}

// ReadSealer reads the control plane's half of a folder: the sealer, and the signer that commands use.
func ReadSealer(dir string) (*Sealer, *Signer, error) {
	text, err := readFiles(dir, SignFile, PoolPublicFile)
	if err != nil {
		return nil, nil, err
	}
	sign, err := NewSigner(redact.New(text[0]))
	if err != nil {
		return nil, nil, err
	}
	sealer, err := NewSealer(sign, []byte(text[1]))
	return sealer, sign, err
}

// ReadOpener reads a runtime's half of a folder: the opener, and the verifier that commands use.
func ReadOpener(dir string) (*Opener, *Verifier, error) {
	text, err := readFiles(dir, VerifyFile, PoolPrivateFile)
	if err != nil {
		return nil, nil, err
	}
	verify, err := NewVerifier([]byte(text[0]))
	if err != nil {
		return nil, nil, err
	}
	opener, err := NewOpener(verify, redact.New(text[1]))
	return opener, verify, err
}
