package config

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"turnkey/runtime/bundle"
)

// Bounds of the section hooks: every one of these travels in the bundle and is looked through per call.
const (
	leastHookTime = 10 * time.Millisecond
	mostHookTime  = 2 * time.Second
	maxFetchHosts = 50
	maxHookEnv    = 50
)

// defaultHooks are the settings of a document that says nothing of hooks.
func defaultHooks() bundle.Hooks {
	return bundle.Hooks{Timeout: 200 * time.Millisecond, OnError: bundle.HookReject}
}

// hooks reads the settings of users' code; the code itself lies in files.
func (r *reader) hooks(n *node, path string) {
	h := &r.cfg.Hooks
	r.object(n, path, members{
		"timeout": func(n *node, path string) { h.Timeout = r.duration(n, path, leastHookTime, mostHookTime) },
		"on_error": func(n *node, path string) {
			h.OnError = bundle.OnError(r.choice(n, path, string(bundle.HookReject), string(bundle.HookRetry)))
			if h.OnError == bundle.HookRetry {
				r.warn(path, "blocks_queue", "A hook that fails for good keeps its write, and everything behind it, on the device until the hook is mended.", "")
			}
		},
		"fetch": r.fetch,
		"env":   r.hookEnv,
	})
}

// fetch reads the hosts that ctx.fetch may reach: names, nothing else. What a name leads to is checked when the
// connection is made, by the guarded dialer, and the path is the hook's own affair.
func (r *reader) fetch(n *node, path string) {
	list := r.list(n, path)
	if len(list) > maxFetchHosts {
		r.fail(path, "too_many", fmt.Sprintf("There are %d hosts; at most %d are possible.", len(list), maxFetchHosts), "")
	}
	seen := map[string]bool{}
	for i, e := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		host := strings.ToLower(r.text(e, at))
		if r.bad(at) {
			continue
		}
		if why, hint := r.notHost(host); why != "" {
			r.fail(at, "host", why, hint)
		} else if seen[host] {
			r.fail(at, "twice", "The host is named twice.", "")
		}
		seen[host] = true
		r.cfg.Hooks.Fetch = append(r.cfg.Hooks.Fetch, host)
	}
}

// notHost says what keeps a text from being a host that hooks may fetch from. Addresses and localhost are for
// development: no certificate names them, and in production they would lead around every rule about names.
func (r *reader) notHost(host string) (why, hint string) {
	const example = "Write the name alone, such as api.example.com."
	development := r.options.Kind == bundle.Development
	if _, err := netip.ParseAddr(host); err == nil {
		if development {
			return "", ""
		}
		return "Production instances reach hosts by name, not by address.", example
	}
	switch {
	case strings.Contains(host, "*"):
		return "A host stands for itself alone; there are no patterns.", "List each host."
	case strings.Contains(host, "://") || strings.ContainsAny(host, "/?#@"):
		return "This is an address, not a host.", example
	case strings.Contains(host, ":"):
		return "A host has no port here: hooks reach it by https, at port 443 or 8443.", example
	case !isHostName(host):
		return "This is not the name of a host.", example + " Names with other letters are written as DNS does, with xn--."
	case (host == "localhost" || strings.HasSuffix(host, ".localhost")) && !development:
		return "Production instances do not reach the machine that they run on.", example
	}
	return "", ""
}

// isHostName accepts DNS names of letters, digits and hyphens.
func isHostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}

// hookEnv reads what ctx.env shows: names, each with the secret that holds its value.
func (r *reader) hookEnv(n *node, path string) {
	if n == nil || !n.isMap {
		r.fail(path, "type", "This is "+n.kind()+"; it must be a mapping.", "Such as env: {API_KEY: {secret: API_KEY}}.")
		return
	}
	if len(n.entries) > maxHookEnv {
		r.fail(path, "too_many", fmt.Sprintf("There are %d names; at most %d are possible.", len(n.entries), maxHookEnv), "")
	}
	r.cfg.Hooks.Env = make(map[string]bundle.SecretRef, len(n.entries))
	for _, e := range n.entries {
		at := join(path, e.key)
		if !secretName(e.key) {
			r.fail(at, "env_name", "Names in ctx.env have capital letters, digits and underscores, and do not begin with a digit.", "Such as API_KEY.")
		}
		if e.value.isMap && e.value.get("secret") == nil {
			r.required(e.value, at, "secret", "Store the value as a secret and write {secret: ITS_NAME}.")
			continue
		}
		r.cfg.Hooks.Env[e.key] = r.secret(e.value, at)
	}
}
