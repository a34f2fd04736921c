package config

import (
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
)

const day = 24 * time.Hour

// reader walks a document, fills the configuration and collects findings.
type reader struct {
	options  Options
	cfg      *bundle.Config
	findings Findings
}

func (r *reader) fail(path, code, message, hint string) {
	r.findings.Errors = append(r.findings.Errors, fault.Detail{Path: path, Code: code, Message: message, Hint: hint})
}

func (r *reader) warn(path, code, message, hint string) {
	r.findings.Warnings = append(r.findings.Warnings, fault.Detail{Path: path, Code: code, Message: message, Hint: hint})
}

// bad reports whether something is wrong at a path already, so that one mistake is told once.
func (r *reader) bad(path string) bool {
	return slices.ContainsFunc(r.findings.Errors, func(d fault.Detail) bool { return d.Path == path })
}

// members says what to do with each key of a mapping.
type members map[string]func(n *node, path string)

// object reads a mapping with known keys; others are errors. It returns false when n is none.
func (r *reader) object(n *node, path string, m members) bool {
	if n == nil || !n.isMap {
		r.fail(path, "type", "This is "+n.kind()+"; it must be a mapping.", "")
		return false
	}
	for _, e := range n.entries {
		at := join(path, e.key)
		if read := m[e.key]; read != nil {
			read(e.value, at)
			continue
		}
		hint := "Known here: " + strings.Join(keys(m), ", ") + "."
		if near := nearest(e.key, keys(m)); near != "" {
			hint = "Did you mean " + near + "?"
		}
		r.fail(at, "unknown_key", fmt.Sprintf("There is no such setting (line %d).", e.line), hint)
	}
	return true
}

// required reports a missing key of a mapping.
func (r *reader) required(n *node, path, key, hint string) {
	if n != nil && n.isMap && n.get(key) == nil {
		r.fail(join(path, key), "required", "This setting is required.", hint)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func keys(m members) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func (r *reader) text(n *node, path string) string {
	switch v := n.scalar.(type) {
	case string:
		return v
	case int64:
		if !n.isMap && !n.isList {
			return strconv.FormatInt(v, 10)
		}
	}
	r.fail(path, "type", "This is "+n.kind()+"; it must be text.", "")
	return ""
}

// expression reads CEL; true and false may stand without quotes.
func (r *reader) expression(n *node, path string) string {
	if b, ok := n.scalar.(bool); ok {
		return strconv.FormatBool(b)
	}
	s := strings.TrimSpace(r.text(n, path))
	if s == "" && !r.bad(path) {
		r.fail(path, "empty", "The expression is empty.", "Leave the setting out where nobody is meant.")
	}
	return s
}

func (r *reader) boolean(n *node, path string) bool {
	b, ok := n.scalar.(bool)
	if !ok {
		r.fail(path, "type", "This is "+n.kind()+"; it must be true or false.", "")
	}
	return b
}

func (r *reader) integer(n *node, path string, least, most int64) int64 {
	i, ok := n.scalar.(int64)
	switch {
	case !ok:
		r.fail(path, "type", "This is "+n.kind()+"; it must be a whole number.", "")
	case i < least || i > most:
		r.fail(path, "range", fmt.Sprintf("This must be from %d to %d.", least, most), "")
	}
	return i
}

func (r *reader) choice(n *node, path string, choices ...string) string {
	s, ok := n.scalar.(string)
	if !ok || !slices.Contains(choices, s) {
		hint := ""
		if near := nearest(s, choices); ok && near != "" {
			hint = "Did you mean " + near + "?"
		}
		r.fail(path, "choice", "This must be one of "+strings.Join(choices, ", ")+".", hint)
	}
	return s
}

func (r *reader) list(n *node, path string) []*node {
	if n == nil || !n.isList {
		r.fail(path, "type", "This is "+n.kind()+"; it must be a list.", "")
		return nil
	}
	return n.items
}

// texts reads a list of texts, or one text alone.
func (r *reader) texts(n *node, path string) []string {
	if s, ok := n.scalar.(string); ok {
		return []string{s}
	}
	out := []string{}
	for i, e := range r.list(n, path) {
		out = append(out, r.text(e, fmt.Sprintf("%s[%d]", path, i)))
	}
	return out
}

// duration reads Go's spelling, and days: 90d, 5m, 1h30m.
func (r *reader) duration(n *node, path string, least, most time.Duration) time.Duration {
	s, ok := n.scalar.(string)
	d, err := time.ParseDuration(s)
	if days, cut := strings.CutSuffix(s, "d"); cut && ok {
		var count int64
		if count, err = strconv.ParseInt(days, 10, 32); err == nil {
			d = time.Duration(count) * day
		}
	}
	switch {
	case !ok || err != nil:
		r.fail(path, "duration", "This is not a duration.", "Write a number and a unit: 30s, 5m, 24h, 90d.")
	case d < least || d > most:
		r.fail(path, "range", "This must be from "+spell(least)+" to "+spell(most)+".", "")
	}
	return d
}

func spell(d time.Duration) string {
	if d >= 2*day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	s = strings.TrimSuffix(s, "0s")
	if s = strings.TrimSuffix(s, "0m"); s == "" || strings.HasSuffix(s, "m") || strings.HasSuffix(s, "h") {
		return s
	}
	return d.String()
}

// secret reads {secret: NAME}.
func (r *reader) secret(n *node, path string) bundle.SecretRef {
	var ref bundle.SecretRef
	if n != nil && !n.isMap {
		r.fail(path, "secret", "Secrets never stand in the configuration.", "Store the value as a secret and write {secret: ITS_NAME}.")
		return ref
	}
	if !r.object(n, path, members{"secret": func(n *node, path string) { ref.Secret = r.text(n, path) }}) {
		return ref
	}
	at := join(path, "secret")
	switch {
	case r.bad(at) || r.bad(path):
	case !secretName(ref.Secret):
		r.fail(at, "secret_name", "Names of secrets have capital letters, digits and underscores.", "Such as SOURCE_URI.")
	case r.options.Secrets != nil && !slices.Contains(r.options.Secrets, ref.Secret):
		r.fail(at, "no_such_secret", "There is no secret "+ref.Secret+".", "Store it first: PUT .../secrets/"+ref.Secret+".")
	}
	return ref
}

func secretName(s string) bool {
	for i, c := range s {
		if c != '_' && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// webURL reads an absolute http(s) URL without the extras that hide where it goes. Plain http is
// for this machine, or anywhere on development instances.
func (r *reader) webURL(n *node, path string) string {
	return r.webAddress(strings.TrimRight(r.text(n, path), "/"), path)
}

// endpoint is webURL to the letter: a slash at its end may matter to who answers there.
func (r *reader) endpoint(n *node, path string) string { return r.webAddress(r.text(n, path), path) }

func (r *reader) webAddress(s, path string) string {
	if r.bad(path) {
		return s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		r.fail(path, "url", "This is not a web address.", "Write https:// and the host.")
		return s
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"
	if u.Scheme == "http" && !local && r.options.Kind != bundle.Development {
		r.fail(path, "url", "Production instances use https.", "Write https:// instead of http://.")
	}
	return s
}

func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "capacitor" || u.Scheme == "ionic" || u.Scheme == "tauri") &&
		u.Host != "" && s == u.Scheme+"://"+strings.ToLower(u.Host)
}

// nearest is the known word that somebody may have meant: at most two changes away.
func nearest(s string, known []string) string {
	best, most := "", 3
	for _, k := range known {
		if d := distance(s, k); d < most && d < len(k) {
			best, most = k, d
		}
	}
	return best
}

// distance is Levenshtein's, over bytes: names of settings are ASCII.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
