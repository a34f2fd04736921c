package dial

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"turnkey/internal/fault"
)

// ErrBodyTooLarge ends the reading of an answer that is over the limit.
var ErrBodyTooLarge = errors.New("the answer is larger than allowed")

// HTTPOptions of a client for addresses that tenants supply.
type HTTPOptions struct {
	Timeout time.Duration // of the whole exchange
	MaxBody int64         // bytes of an answer
	// AllowHTTP permits http:// besides https://; development only.
	AllowHTTP bool
	// Ports that are called; nil: 443 and 8443, so that nobody makes us talk to other services, or
	// any port when the guard allows private networks.
	Ports []string
	// IdlePerHost is how many connections to one host are kept for later; 0: 2.
	IdlePerHost int
}

// HTTPClient makes a client that dials through the guard, follows no redirect, asks for no
// compression (a small answer must not unpack into a large one), uses no proxy and no cookies, and
// bounds what it reads.
func (g *Guard) HTTPClient(o HTTPOptions) *http.Client {
	if o.Ports == nil && !g.allowPrivate {
		o.Ports = []string{"443", "8443"}
	}
	transport := &http.Transport{
		DialContext: g.DialContext, DisableCompression: true, TLSHandshakeTimeout: 5 * time.Second,
		ResponseHeaderTimeout: o.Timeout, MaxResponseHeaderBytes: 32 << 10, MaxIdleConns: 100, MaxIdleConnsPerHost: max(2, o.IdlePerHost),
		IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
	}
	return &http.Client{
		Transport: &bounded{next: transport, options: o}, Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded refuses other schemes and cuts long bodies.
type bounded struct {
	next    *http.Transport
	options HTTPOptions
}

// RoundTrip implements http.RoundTripper.
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !(b.options.AllowHTTP && r.URL.Scheme == "http") {
		return nil, fault.New(fault.Invalid, "address_not_allowed", "Only https addresses are called.")
	}
	if r.URL.User != nil {
		return nil, fault.New(fault.Invalid, "address_not_allowed", "Addresses with a user name are not called.")
	}
	if port := portOf(r.URL); b.options.Ports != nil && !slices.Contains(b.options.Ports, port) {
		return nil, fault.Newf(fault.Invalid, "address_not_allowed", "Port %s is not called.", port).
			WithHint("Serve it at port " + strings.Join(b.options.Ports, " or ") + ", or start the runtime with --allow-private-networks.")
	}
	response, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = &cut{ReadCloser: response.Body, left: b.options.MaxBody}
	return response, nil
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport.
func (b *bounded) CloseIdleConnections() { b.next.CloseIdleConnections() }

// cut fails a body that is longer than allowed, instead of ending it as if it were whole.
type cut struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (c *cut) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, ErrBodyTooLarge
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.ReadCloser.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, ErrBodyTooLarge
	}
	return n, err
}
