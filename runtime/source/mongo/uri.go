package mongo

import (
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"turnkey/internal/fault"
)

// settings is what we take from a connection string.
type settings struct {
	srv         string   // mongodb+srv: the name to look up; hosts are then empty
	hosts       []string // host:port
	username    string
	password    string
	database    string // the path: default for authSource only
	authSource  string
	mechanism   string
	replicaSet  string
	appName     string
	direct      bool
	tls         bool
	connect     time.Duration
	selection   time.Duration
	seen        map[string]bool
	tlsExplicit bool
}

const (
	defaultPort      = "27017"
	maxSeeds         = 50 // a replica set has at most 50 members
	maxURI           = 8 << 10
	connectTimeout   = 5 * time.Second
	selectionTimeout = 3 * time.Second
	minTimeout       = 100 * time.Millisecond
)

// parseURI reads a connection string by our allow-list. Its faults name options, never values.
func parseURI(uri string) (*settings, error) {
	if len(uri) > maxURI {
		return nil, invalidURI("The connection string is too long.", "")
	}
	s := &settings{connect: connectTimeout, selection: selectionTimeout, seen: map[string]bool{}}
	rest, isSRV := strings.CutPrefix(uri, "mongodb+srv://")
	if !isSRV {
		var ok bool
		if rest, ok = strings.CutPrefix(uri, "mongodb://"); !ok {
			return nil, invalidURI("The connection string has an unknown scheme.", "It starts with mongodb:// or mongodb+srv://.")
		}
	}
	s.tls = isSRV
	authority, query, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(authority, "/")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		if err := s.userinfo(authority[:i]); err != nil {
			return nil, err
		}
		authority = authority[i+1:]
	}
	if err := s.seeds(authority, isSRV); err != nil {
		return nil, err
	}
	database, err := url.PathUnescape(path)
	if err != nil || strings.ContainsAny(database, "/\\ \"$\x00") {
		return nil, invalidURI("The database in the connection string's path is not a database name.", "")
	}
	s.database = database
	if err := s.options(query, false); err != nil {
		return nil, err
	}
	return s, s.check()
}

// userinfo reads user:password. An unescaped special character would silently cut the URI elsewhere.
func (s *settings) userinfo(text string) error {
	user, password, has := strings.Cut(text, ":")
	var err1, err2 error
	s.username, err1 = url.PathUnescape(user)
	s.password, err2 = url.PathUnescape(password)
	if err1 != nil || err2 != nil || s.username == "" || strings.ContainsAny(text, "@") || has && strings.Contains(password, ":") {
		return invalidURI("The user name or password in the connection string is not well formed.",
			"Percent-encode the characters : / ? # [ ] @ % in user name and password.")
	}
	return nil
}

func (s *settings) seeds(authority string, isSRV bool) error {
	if authority == "" {
		return invalidURI("The connection string names no host.", "")
	}
	names := strings.Split(authority, ",")
	if len(names) > maxSeeds {
		return invalidURI("The connection string names more hosts than a replica set can have.", "")
	}
	if isSRV {
		if len(names) != 1 || strings.ContainsAny(authority, ":%[]") || net.ParseIP(authority) != nil || !strings.Contains(strings.Trim(authority, "."), ".") {
			return invalidURI("A mongodb+srv connection string names exactly one domain name, without a port.", "")
		}
		s.srv = strings.TrimSuffix(strings.ToLower(authority), ".")
		return nil
	}
	for _, name := range names {
		host, err := hostPort(name)
		if err != nil {
			return err
		}
		s.hosts = append(s.hosts, host)
	}
	return nil
}

// hostPort normalises one seed. Percent signs cover unix sockets and IPv6 zones.
func hostPort(name string) (string, error) {
	bad := invalidURI("A host in the connection string is not well formed.", "Hosts are written host:port or [ipv6]:port; unix sockets are not served.")
	if name == "" || strings.ContainsAny(name, "%/\\@ \t\r\n\x00") || strings.HasSuffix(name, ".sock") {
		return "", bad
	}
	host, port := name, defaultPort
	switch {
	case strings.HasPrefix(name, "["):
		end := strings.IndexByte(name, ']')
		if end < 0 || net.ParseIP(name[1:end]) == nil {
			return "", bad
		}
		host = name[1:end]
		if rest := name[end+1:]; rest != "" {
			if !strings.HasPrefix(rest, ":") {
				return "", bad
			}
			port = rest[1:]
		}
	case strings.Count(name, ":") == 1:
		host, port, _ = strings.Cut(name, ":")
	case strings.Contains(name, ":"):
		return "", bad
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" {
		return "", bad
	}
	return net.JoinHostPort(strings.ToLower(host), port), nil
}

// options reads the query, or with txt a TXT record, which may set two options only and never
// overrides the connection string.
func (s *settings) options(query string, txt bool) error {
	seen := map[string]bool{}
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, text, ok := strings.Cut(pair, "=")
		key := strings.ToLower(name)
		if key == "ssl" {
			key = "tls"
		}
		val, err := url.QueryUnescape(text)
		if !ok || err != nil || val == "" {
			return invalidURI("The connection string's option "+printable(name)+" is not well formed.", "")
		}
		if txt && key != "authsource" && key != "replicaset" {
			return refused(name, "A TXT record may set authSource and replicaSet only.")
		}
		if seen[key] {
			return invalidURI("The connection string sets "+printable(name)+" twice.", "")
		}
		seen[key] = true
		if txt && s.seen[key] {
			continue
		}
		s.seen[key] = true
		if err := s.option(key, name, val); err != nil {
			return err
		}
	}
	return nil
}

// option takes one allowed option and refuses every other by name.
func (s *settings) option(key, name, val string) error {
	switch key {
	case "replicaset":
		s.replicaSet = val
	case "authsource":
		s.authSource = val
	case "appname":
		s.appName = val[:min(len(val), 64)]
	case "authmechanism":
		s.mechanism = strings.ToUpper(val)
		switch s.mechanism {
		case "SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN", "DEFAULT":
		default: // MONGODB-X509 reads files; MONGODB-AWS, MONGODB-OIDC and GSSAPI log in as this machine
			return fault.New(fault.Invalid, "source_option_refused", "The connection string asks for an authMechanism that is not served.").
				WithHint("Use SCRAM-SHA-256 (a database user with a password).")
		}
	case "tls":
		on, err := boolean(name, val)
		if err != nil {
			return err
		}
		s.tls, s.tlsExplicit = on, true
	case "directconnection":
		on, err := boolean(name, val)
		if err != nil {
			return err
		}
		s.direct = on
	case "connecttimeoutms":
		return s.timeout(name, val, &s.connect, connectTimeout)
	case "serverselectiontimeoutms":
		return s.timeout(name, val, &s.selection, selectionTimeout)
	case "retrywrites", "retryreads", "journal":
		_, err := boolean(name, val)
		return err
	case "w", "wtimeoutms", "readconcernlevel", "readpreference", "compressors":
		// Known and harmless, and ours to decide: the transaction's own concerns hold, and a hostile
		// server gets no decompressor to feed.
	default:
		return refused(name, hints[key])
	}
	return nil
}

// hints explain refusals that people meet.
var hints = map[string]string{
	"tlscafile":                   "Files cannot be named. The server's certificate must come from a public authority.",
	"tlscertificatekeyfile":       "Files cannot be named. Use a database user with a password.",
	"tlsinsecure":                 "Certificates are always verified.",
	"tlsallowinvalidcertificates": "Certificates are always verified.",
	"tlsallowinvalidhostnames":    "Certificates are always verified.",
	"loadbalanced":                "Load-balanced deployments are not served; use the replica set's own address.",
	"maxpoolsize":                 "Remove it: connections are pooled by us, a few per instance.",
	"minpoolsize":                 "Remove it: connections are pooled by us, a few per instance.",
	"maxidletimems":               "Remove it: idle connections end after a minute.",
	"heartbeatfrequencyms":        "Remove it.",
}

// timeout takes a timeout between 100 ms and our own.
func (s *settings) timeout(name, val string, to *time.Duration, most time.Duration) error {
	n, err := strconv.ParseUint(val, 10, 31)
	if err != nil {
		return invalidURI("The connection string's option "+printable(name)+" is not a number of milliseconds.", "")
	}
	*to = min(max(time.Duration(n)*time.Millisecond, minTimeout), most)
	if n == 0 { // the driver reads 0 as "no limit"
		*to = most
	}
	return nil
}

// check looks at what options mean together.
func (s *settings) check() error {
	switch {
	case s.mechanism != "" && s.username == "":
		return invalidURI("The connection string sets authMechanism without a user name.", "")
	case s.mechanism == "PLAIN" && !s.tls:
		return fault.New(fault.Invalid, "tls_required", "authMechanism PLAIN sends the password as it is and needs TLS.").WithHint("Add tls=true to the connection string.")
	case s.direct && (s.srv != "" || len(s.hosts) > 1):
		return invalidURI("directConnection=true needs exactly one host.", "")
	}
	return nil
}

// source of the user's credentials, as the connection string specification has it.
func (s *settings) credentialSource() string {
	switch {
	case s.authSource != "":
		return s.authSource
	case s.mechanism == "PLAIN":
		return "$external"
	case s.database != "":
		return s.database
	}
	return "admin"
}

func boolean(name, val string) (bool, error) {
	if val != "true" && val != "false" {
		return false, invalidURI("The connection string's option "+printable(name)+" is neither true nor false.", "")
	}
	return val == "true", nil
}

func invalidURI(message, hint string) error {
	return fault.New(fault.Invalid, "source_uri_invalid", message).WithHint(hint)
}

func refused(name, hint string) error {
	if hint == "" {
		hint = "Remove it from the connection string."
	}
	return fault.Newf(fault.Invalid, "source_option_refused", "The connection string's option %s is not allowed.", printable(name)).WithHint(hint)
}

// printable keeps an option's name short and free of anything but letters: a password with an
// unescaped question mark must not end up in a message.
func printable(name string) string {
	if len(name) > 48 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return "(unreadable)"
	}
	return name
}
