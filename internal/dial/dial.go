// Package dial has the guarded dialer: the only way out to an address that a tenant supplied, be it
// a database, an SRV target, a host that a server advertised, a JWKS or a webhook. It must not know
// what is spoken over a connection.
//
// The check happens when a socket is about to connect, on the address that the kernel will be given.
// So it does not matter how the address was spelled, what a name resolved to a moment ago, or which
// library does the dialling.
package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"turnkey/internal/fault"
)

// Options of a guard.
type Options struct {
	// AllowPrivate lets private, loopback and link-local addresses through: development, or a data
	// plane whose customers' databases are in its own network.
	AllowPrivate bool
	// Timeout of one connection attempt; zero: 10 s.
	Timeout time.Duration
	// Resolver, when not the system's.
	Resolver *net.Resolver
}

// Guard dials. Safe for concurrent use.
type Guard struct {
	allowPrivate bool
	dialer       *net.Dialer
	check        *ssrf.Guardian
}

// New makes a guard.
func New(o Options) *Guard {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	g := &Guard{allowPrivate: o.AllowPrivate, check: ssrf.New(ssrf.WithAnyPort())}
	g.dialer = &net.Dialer{Timeout: o.Timeout, Resolver: o.Resolver, KeepAlive: 30 * time.Second, Control: g.control}
	return g
}

// control runs for each socket, after resolution and before connect.
func (g *Guard) control(network, address string, conn syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return ssrf.ErrProhibitedNetwork
	}
	if g.allowPrivate {
		return nil
	}
	return g.check.Safe(network, address, conn)
}

// AllowsPrivate reports whether private networks may be dialled.
func (g *Guard) AllowsPrivate() bool { return g.allowPrivate }

// DialContext connects over TCP, and nothing else. An address in a private network is a fault with
// code address_not_allowed; whatever the network itself answers is returned as it is.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, fault.Newf(fault.Invalid, "address_not_allowed", "Connections over %q are not possible; use a host and a port.", network)
	}
	conn, err := g.dialer.DialContext(ctx, network, address)
	if err != nil && refused(err) {
		return nil, fault.Wrap(err, fault.Invalid, "address_not_allowed", "The address is in a private or reserved network.").
			WithHint("Use a public address, or start the runtime with --allow-private-networks if the database is in its own network.")
	}
	return conn, err
}

func refused(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork) || errors.Is(err, ssrf.ErrProhibitedPort) || errors.Is(err, ssrf.ErrInvalidHostPort)
}

// Private reports whether every address behind host is private and may be dialled: only then may a
// connection do without TLS. A host that does not resolve is not private.
func (g *Guard) Private(ctx context.Context, host string) bool {
	if !g.allowPrivate {
		return false
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	addrs := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, a)
	} else {
		resolver := g.dialer.Resolver
		if resolver == nil {
			resolver = net.DefaultResolver
		}
		if addrs, err = resolver.LookupNetIP(ctx, "ip", host); err != nil {
			return false
		}
	}
	for _, a := range addrs {
		a = a.Unmap()
		if !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			return false
		}
	}
	return len(addrs) > 0
}
