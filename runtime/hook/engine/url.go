package engine

import (
	"net/netip"
	"net/url"
	"path"
	"strings"

	"github.com/go-json-experiment/json"
)

// urlParts is an address as js/url.js keeps it.
type urlParts struct {
	Error    string `json:"error,omitzero"`
	Protocol string `json:"protocol"`
	Slashes  bool   `json:"slashes"`
	Username string `json:"username"`
	Password string `json:"password"`
	Hostname string `json:"hostname"`
	Port     string `json:"port"`
	Pathname string `json:"pathname"`
	Search   string `json:"search"`
	Hash     string `json:"hash"`
}

// special are the schemes with a host, a default port, and a path that is at least "/".
var special = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}

// parseURL parses and normalises an address, against a base if there is one.
func parseURL(text, base string) string {
	p := urlParts{Error: "invalid"}
	u, err := url.Parse(escapeLoose(strings.TrimSpace(text)))
	if err == nil && base != "" {
		var b *url.URL
		if b, err = url.Parse(escapeLoose(strings.TrimSpace(base))); err == nil && b.IsAbs() {
			u = b.ResolveReference(u)
		}
	}
	if err == nil && u.IsAbs() {
		p = partsOf(u)
	}
	out, err := json.Marshal(p)
	if err != nil {
		return `{"error":"invalid"}`
	}
	return string(out)
}

func partsOf(u *url.URL) urlParts {
	p := urlParts{Protocol: u.Scheme + ":", Slashes: u.Opaque == ""}
	port, isSpecial := special[u.Scheme]
	p.Hostname, p.Port = strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(p.Hostname, ":") {
		p.Hostname = "[" + p.Hostname + "]"
	}
	if p.Port == port {
		p.Port = ""
	}
	if isSpecial && !isHost(p.Hostname) {
		return urlParts{Error: "invalid"}
	}
	if u.User != nil {
		name, password, _ := strings.Cut(u.User.String(), ":")
		p.Username, p.Password = name, password
	}
	p.Pathname = u.EscapedPath()
	if !p.Slashes {
		p.Pathname = u.Opaque
	} else if isSpecial {
		p.Pathname = withoutDots(p.Pathname)
	}
	if u.RawQuery != "" {
		p.Search = "?" + u.RawQuery
	}
	if f := u.EscapedFragment(); f != "" {
		p.Hash = "#" + f
	}
	return p
}

func isHost(name string) bool {
	if v6, ok := strings.CutPrefix(name, "["); ok {
		_, err := netip.ParseAddr(strings.TrimSuffix(v6, "]"))
		return err == nil
	}
	return name != "" && !strings.ContainsAny(name, " %<>^|")
}

// withoutDots resolves "." and ".."; a slash at the end and double slashes stay.
func withoutDots(p string) string {
	if p == "" {
		return "/"
	}
	if !strings.Contains("/"+p+"/", "/./") && !strings.Contains("/"+p+"/", "/../") {
		return p
	}
	end := strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..")
	if p = path.Clean("/" + p); end && p != "/" {
		p += "/"
	}
	return p
}

// escapeLoose escapes what people write into addresses and net/url refuses: spaces, quotes, lone percent signs.
func escapeLoose(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ' || c == '"' || c == '<' || c == '>' || c >= 0x80 || c == '`' || c == '{' || c == '}':
			b.WriteString(percent(c))
		case c == '%' && (i+2 >= len(text) || !isHex(text[i+1]) || !isHex(text[i+2])):
			b.WriteString("%25")
		case c == '\t' || c == '\n' || c == '\r':
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func percent(c byte) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{'%', digits[c>>4], digits[c&15]})
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
