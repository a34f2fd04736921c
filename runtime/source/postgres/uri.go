package postgres

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"turnkey/internal/fault"
)

// Connection strings are URLs, held to a short list of options: pgx would otherwise read files
// (sslrootcert, passfile, service), unix sockets and our own environment on a tenant's behalf.
const example = "postgres://user:password@host:5432/database"

func badURI(message, hint string) error {
	if hint == "" {
		hint = "Write the connection string as " + example + "."
	}
	return fault.New(fault.Invalid, "source_uri", message).WithHint(hint)
}

// connConfig builds a configuration in which nothing comes from the environment.
func connConfig(opt Options) (*pgx.ConnConfig, error) {
	u, err := url.Parse(opt.URI.Reveal())
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, badURI("The connection string of the source is not a PostgreSQL URL.", "")
	}
	host, port := u.Hostname(), 5432
	if strings.Contains(u.Host, ",") {
		return nil, badURI("The connection string names several hosts.", "Name one; use the address that always leads to the primary.")
	}
	if host == "" || strings.ContainsAny(host, "/\\ \x00") || strings.HasPrefix(host, "@") {
		return nil, badURI("The connection string names no host; unix sockets are not used.", "")
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, badURI("The port in the connection string is not a port.", "")
		}
	}
	database := strings.TrimPrefix(u.Path, "/")
	if u.User == nil || u.User.Username() == "" || database == "" || strings.Contains(database, "/") {
		return nil, badURI("The connection string names no user or no database.", "")
	}
	mode, err := options(u, opt.AllowPrivate)
	if err != nil {
		return nil, err
	}
	// ParseConfig is the only way to a ConnConfig. It reads the environment; every field that could
	// come from there is written below.
	cfg, err := pgx.ParseConfig("host=localhost port=5432 user=x password=x dbname=x sslmode=disable target_session_attrs=any connect_timeout=5")
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "source_uri", "The environment of the runtime keeps it from connecting: unset PGSERVICE and other PG variables.")
	}
	password, _ := u.User.Password()
	cfg.Host, cfg.Port, cfg.User, cfg.Password, cfg.Database = host, uint16(port), u.User.Username(), password, database
	cfg.RuntimeParams = map[string]string{"application_name": "turnkey"}
	cfg.Fallbacks, cfg.TLSConfig, cfg.ConnectTimeout = nil, nil, connectTimeout
	cfg.KerberosSrvName, cfg.KerberosSpn, cfg.ValidateConnect = "", "", nil
	cfg.StatementCacheCapacity, cfg.DescriptionCacheCapacity = 256, 0
	cfg.MaxProtocolMessageBodyLen = 64 << 20
	cfg.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil } // the dialer resolves
	plain := mode == "disable"
	if !plain {
		cfg.TLSConfig = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := opt.Dial(ctx, network, address)
		if err == nil && plain && !private(conn.RemoteAddr()) {
			err = fault.New(fault.Invalid, "tls_required", "The connection string switches TLS off, and the server is not in a private network.").
				WithHint("Remove sslmode=disable.")
			_ = conn.Close()
			return nil, err
		}
		return conn, err
	}
	return cfg, nil
}

// allowed options of the query; the others are refused by name.
var allowed = []string{"sslmode", "connect_timeout", "application_name", "target_session_attrs", "channel_binding", "sslnegotiation", "pgbouncer", "supa"}

func options(u *url.URL, allowPrivate bool) (sslmode string, err error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", badURI("The options of the connection string cannot be read.", "")
	}
	for name := range query {
		if !slices.Contains(allowed, strings.ToLower(name)) {
			return "", badURI(fmt.Sprintf("The option %.40q of the connection string is not possible here.", name),
				"Remove it. Possible are sslmode, connect_timeout, application_name and target_session_attrs.")
		}
	}
	mode := strings.ToLower(query.Get("sslmode"))
	switch mode {
	case "", "verify-full", "verify-ca", "require":
		return "verify-full", nil // a certificate that nobody checks protects nothing
	case "disable", "allow", "prefer":
		if !allowPrivate {
			return "", badURI("sslmode="+mode+" would send data and password in the clear.", "Remove sslmode; or, for a database in the runtime's own network, start the runtime with --allow-private-networks.")
		}
		return "disable", nil
	}
	return "", badURI("sslmode has an unknown value.", "Use sslmode=verify-full, or leave it out.")
}

func private(addr net.Addr) bool {
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return false
	}
	a := ap.Addr().Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
}
