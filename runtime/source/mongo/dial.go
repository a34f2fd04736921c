package mongo

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"strings"

	"turnkey/internal/fault"
)

// DialFunc opens one connection; the guarded dialer's method fits.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// dialer is the driver's only way to a socket. It does TLS here, not in the driver: verification
// cannot be switched off and nothing is fetched from addresses inside a certificate.
type dialer struct {
	dial DialFunc
	tls  *tls.Config // nil: plain text, to private addresses only
}

// DialContext implements the driver's ContextDialer.
func (d *dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if !strings.HasPrefix(network, "tcp") {
		return nil, fault.New(fault.Invalid, "source_uri_invalid", "Unix sockets are not served.")
	}
	conn, err := d.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if conn, err = d.secure(ctx, conn, addr); err != nil {
		return nil, err
	}
	return &bounded{Conn: conn}, nil
}

// secure does the TLS handshake, or makes sure that plain text stays on a private network.
func (d *dialer) secure(ctx context.Context, conn net.Conn, addr string) (net.Conn, error) {
	if d.tls == nil {
		if !private(conn.RemoteAddr()) {
			return nil, errors.Join(tlsRequired(), conn.Close())
		}
		return conn, nil
	}
	config := d.tls.Clone()
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	config.ServerName = host
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(tlsFailed(err), conn.Close())
	}
	return secured, nil
}

func tlsRequired() *fault.Error {
	return fault.New(fault.Invalid, "tls_required", "Connections to the database must use TLS.").
		WithHint("Add tls=true to the connection string (mongodb+srv has it already).")
}

// tlsFailed is the operator's matter when the certificate is wrong, else the network's.
func tlsFailed(err error) *fault.Error {
	kind := fault.Unavailable
	var cert *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	if errors.As(err, &cert) || errors.As(err, &alert) || errors.As(err, &record) {
		kind = fault.Invalid
	}
	return fault.Wrap(err, kind, "tls_failed", "The TLS handshake with the database failed.").
		WithHint("The server needs a certificate for its host name from a public authority.")
}

// private reports addresses that plain text may go to.
func private(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && (tcp.IP.IsLoopback() || tcp.IP.IsPrivate())
}

// maxHello bounds the answer to a hello. 50 members with long names need 4 KB; a server that lists
// thousands of hosts would make the driver watch each of them.
const maxHello = 16 << 10

var errHello = errors.New("the server's hello is longer than any replica set's")

// bounded watches the wire protocol's message headers: after a hello was written, a longer answer
// than maxHello ends the connection before the driver reads it.
type bounded struct {
	net.Conn
	limit  uint32 // of the next message, 0: none
	left   uint32 // of the current message
	header [4]byte
	have   int // bytes of header read
}

// Write looks at the command's name; the driver writes each message with one call.
func (c *bounded) Write(b []byte) (int, error) {
	if isHello(b) {
		c.limit = maxHello
	}
	return c.Conn.Write(b)
}

// isHello finds hello in either form that drivers use: OP_MSG, or OP_QUERY, which has no other use.
func isHello(b []byte) bool {
	if len(b) < 36 {
		return false
	}
	switch binary.LittleEndian.Uint32(b[12:]) {
	case 2004:
		return true
	case 2013: // header 16, flags 4, section kind 1, document length 4, element type 1, name
		name, _, _ := strings.Cut(string(b[26:36]), "\x00")
		return strings.EqualFold(name, "hello") || strings.EqualFold(name, "ismaster")
	}
	return false
}

// Read follows the messages' lengths.
func (c *bounded) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	for part := b[:n]; len(part) > 0; {
		if c.left == 0 {
			took := copy(c.header[c.have:], part)
			c.have += took
			part = part[took:]
			if c.have < len(c.header) {
				break
			}
			length := binary.LittleEndian.Uint32(c.header[:])
			if length < 16 || c.limit > 0 && length > c.limit {
				return 0, errHello
			}
			c.left, c.have, c.limit = length-4, 0, 0
			continue
		}
		took := min(c.left, uint32(len(part)))
		c.left -= took
		part = part[took:]
	}
	return n, err
}
