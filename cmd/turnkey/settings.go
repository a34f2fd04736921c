package main

import (
	"errors"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// The two secrets that lie beside the keys in a folder of keys.
const (
	poolTokenFile = "pool-token"
	apiSecretFile = "api-secret"
)

// badSetting says which setting is wrong.
func badSetting(name, why string) *fault.Error {
	return fault.New(fault.Invalid, "settings", name+" "+why)
}

// envOf is the environment variable of an option.
func envOf(option string) string {
	return "TURNKEY_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(option, "--"), "-", "_"))
}

// secretSetting reads a secret from its setting, from the file that another setting names, or from the
// file where it lies by default ("" for none).
func secretSetting(name string, value redact.Secret, file, usual string) (redact.Secret, error) {
	if file == "" && value.Empty() && usual != "" {
		if _, err := os.Stat(usual); !errors.Is(err, fs.ErrNotExist) {
			file = usual
		}
	}
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return value, fault.Wrap(err, fault.Invalid, "settings", "The file of "+name+"-file cannot be read.")
		}
		value = redact.New(strings.TrimSpace(string(raw)))
	}
	if value.Empty() {
		hint := "Set " + envOf(name) + ", or " + envOf(name) + "_FILE to a file that holds it."
		if usual != "" {
			hint += " `turnkey keys generate` makes one, which is found in the folder of keys."
		}
		return value, badSetting(name, "is not set.").WithHint(hint)
	}
	return value, nil
}

// ensureSecret reads a random secret from a file, made when it is absent; for development.
func ensureSecret(path string) (redact.Secret, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		raw = []byte(randomText(40))
		err = writeSecret(path, redact.New(string(raw)))
	}
	if err != nil {
		return redact.Secret{}, fault.Wrap(err, fault.Invalid, "data_folder", "The secret "+path+" can be neither read nor made.")
	}
	return redact.New(string(raw)), nil
}

// writeSecret makes a file, readable by its owner only; one that exists is an error.
func writeSecret(path string, text redact.Secret) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text.Reveal())
	return errors.Join(err, f.Sync(), f.Close())
}

// networks reads --trusted-proxies.
func networks(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fault.Newf(fault.Invalid, "settings", "--trusted-proxies: %q is not a network.", text).WithHint("Write address and length, such as 10.0.0.0/8 or 192.0.2.1/32.")
		}
		out = append(out, p)
	}
	return out, nil
}

// httpAddress checks a setting that names another of our processes.
func httpAddress(name, text, example string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return badSetting(name, "is not the address of a listener.").WithHint("Set " + envOf(name) + " to something like " + example + ".")
	}
	return nil
}
