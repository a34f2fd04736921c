package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// canary is in every secret that is given here; no message may show it.
const canary = "hunter2hunter2hunter2hunter2hunter2hunter2"

// newKeys makes the folders of an installation's keys.
func newKeys(t *testing.T) (control, runtimes string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"keys", "generate", dir}, terminal{&out, &errs}); code != 0 {
		t.Fatalf("exit %d: %s", code, &errs)
	}
	return filepath.Join(dir, "controlplane"), filepath.Join(dir, "runtime")
}

// TestWrongSettings: one message that names the setting, exit code 1, no stack trace, no secret.
func TestWrongSettings(t *testing.T) {
	control, runtimes := newKeys(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	runtime := func(more ...string) []string {
		return append([]string{"runtime", "--keys-dir", runtimes, "--cache-dir", empty, "--control-plane", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--internal-listen", "127.0.0.1:0"}, more...)
	}
	plane := func(more ...string) []string {
		return append([]string{"controlplane", "--keys-dir", control, "--base-url", "https://d.example", "--runtime-url", "https://{host}.run.example",
			"--database-url", "postgres://u:" + canary + "@127.0.0.1:1/x", "--listen", "127.0.0.1:0", "--pool-listen", "127.0.0.1:0"}, more...)
	}
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"runtime: nothing is set":           {[]string{"runtime"}, "--control-plane"},
		"runtime: not an address":           {runtime("--control-plane", "http://u:"+canary+"@x"), "--control-plane"},
		"runtime: no keys":                  {runtime("--keys-dir", empty, "--pool-token", canary), "--keys-dir"},
		"runtime: no pool token":            {runtime("--keys-dir", empty), "TURNKEY_POOL_TOKEN"},
		"runtime: the other plane's keys":   {runtime("--keys-dir", control), "TURNKEY_KEYS_DIR"},
		"runtime: an unreadable token file": {runtime("--pool-token-file", empty), "--pool-token-file"},
		"runtime: no address to be told":    {runtime("--internal-listen", ":8082"), "TURNKEY_INTERNAL_ADDRESS"},
		"runtime: told no address":          {runtime("--internal-address", "10.0.3.7"), "--internal-address"},
		"runtime: no folder for the cache":  {runtime("--cache-dir", filepath.Join(file, "cache")), "TURNKEY_CACHE_DIR"},
		"runtime: a port that cannot be":    {runtime("--listen", "127.0.0.1:99999"), "TURNKEY_LISTEN"},
		"runtime: no network":               {runtime("--trusted-proxies", "everybody"), "--trusted-proxies"},

		"controlplane: nothing is set":          {[]string{"controlplane"}, "--base-url"},
		"controlplane: no database":             {[]string{"controlplane", "--keys-dir", control, "--base-url", "https://d.example", "--runtime-url", "https://{host}.x", "--listen", "127.0.0.1:0", "--pool-listen", "127.0.0.1:0"}, "TURNKEY_DATABASE_URL"},
		"controlplane: no URL":                  {plane("--database-url", "host="+canary+" bad"), "URL"},
		"controlplane: the database is down":    {plane(), "database"},
		"controlplane: no keyset":               {plane("--kek-file", filepath.Join(empty, "kek.json")), "TURNKEY_KEK_FILE"},
		"controlplane: a keyset that is none":   {plane("--kek-file", file), "TURNKEY_KEK_FILE"},
		"controlplane: the runtime's keys":      {plane("--keys-dir", runtimes, "--api-secret", canary, "--kek-file", filepath.Join(control, "kek.json")), "TURNKEY_KEYS_DIR"},
		"controlplane: an overlap in service":   {plane("--key-overlap", "1s"), "TURNKEY_KEY_OVERLAP"},
		"controlplane: no network":              {plane("--trusted-proxies", "10.0.0.0"), "--trusted-proxies"},
		"controlplane: a port that cannot be":   {plane("--pool-listen", "127.0.0.1:99999"), "TURNKEY_POOL_LISTEN"},
		"keys generate: the folder is there":    {[]string{"keys", "generate", control}, "never overwritten"},
		"keys rotate: no keyset":                {[]string{"keys", "rotate", "--keys-dir", empty}, "TURNKEY_KEK_FILE"},
		"restore: which database":               {[]string{"restore", "--keys-dir", control}, "TURNKEY_DATABASE_URL"},
		"controlplane: cookies over http":       {plane("--base-url", "http://d.example"), "TURNKEY_BASE_URL"},
		"controlplane: one host for everybody":  {plane("--runtime-url", "https://run.example"), "TURNKEY_RUNTIME_URL"},
		"controlplane: no mail server":          {plane("--smtp-url", "https://u:"+canary+"@mail.example", "--mail-from", "a@b.example"), "TURNKEY_SMTP_URL"},
		"controlplane: mail from nobody":        {plane("--smtp-url", "smtps://u:"+canary+"@mail.example"), "TURNKEY_MAIL_FROM"},
		"controlplane: providers by http":       {plane("--oidc-config", `{"providers": [{"name": "a", "issuer": "http://a.example", "client_id": "x", "client_secret": "`+canary+`"}]}`), "TURNKEY_OIDC_ALLOW_PRIVATE_NETWORKS"},
		"controlplane: providers that are none": {plane("--oidc-config", `{"providers": "`+canary+`"}`), "identity providers"},
		"controlplane: no file of providers":    {plane("--oidc-config", empty), "--oidc-config"},
		"controlplane: verified by no mail":     {plane("--verify-email", "on"), "TURNKEY_SMTP_URL"},
		"controlplane: a short token":           {plane("--pool-token", "hunter2"), "--pool-token"},
		"controlplane: a short secret":          {plane("--api-secret", "hunter2"), "--api-secret"},
		"controlplane: nobody may know who":     {plane("--signup", "everybody"), "--signup"},
		"runtime: nonsense instead of a number": {runtime("--drain-delay", "soon"), "--drain-delay"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), c.args, terminal{&out, &errs})
			said := errs.String()
			if code != 1 || !strings.Contains(said, c.says) || !strings.HasPrefix(said, "turnkey: ") {
				t.Errorf("exit %d, want a message that names %s:\n%s", code, c.says, said)
			}
			if strings.Contains(said, "hunter2") || strings.Contains(said, "goroutine") || strings.Count(said, "\n") > 3 {
				t.Errorf("it shows a secret, a stack or too much:\n%s", said)
			}
		})
	}
}

// TestKeysGenerate: each plane gets its own half, readable by its owner only, and the same pool token.
func TestKeysGenerate(t *testing.T) {
	control, runtimes := newKeys(t)
	for dir, want := range map[string]string{
		control:  "api-secret bundle-sign.pem kek.json pool-public.json pool-token",
		runtimes: "bundle-verify.pem pool-private.json pool-token",
	} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
			if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v %v", e.Name(), info.Mode(), err)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s holds %s, want %s", dir, got, want)
		}
	}
	read := func(path string) string {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if a, b := read(filepath.Join(control, poolTokenFile)), read(filepath.Join(runtimes, poolTokenFile)); a != b || len(a) < 32 {
		t.Errorf("pool tokens of %d and %d bytes", len(a), len(b))
	}
}
