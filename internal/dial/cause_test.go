package dial_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"turnkey/internal/dial"
	"turnkey/internal/fault"
)

// Whatever the library wraps around it, the cause is found, and what is told names no address.
func TestCauses(t *testing.T) {
	const address = "10.0.0.7:443"
	for name, c := range map[string]struct {
		err   error
		cause dial.Cause
		code  string
	}{
		"the guard":          {fault.New(fault.Invalid, "address_not_allowed", "Only https addresses are called."), dial.Forbidden, "address_not_allowed"},
		"a deadline":         {context.DeadlineExceeded, dial.TimedOut, "endpoint_timeout"},
		"a slow network":     {&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, dial.TimedOut, "endpoint_timeout"},
		"nobody waits":       {context.Canceled, dial.GivenUp, "endpoint_unreachable"},
		"a misspelled host":  {&net.DNSError{Err: "no such host", Name: address, IsNotFound: true}, dial.UnknownHost, "endpoint_unknown_host"},
		"a slow name server": {&net.DNSError{Err: "timeout", Name: address, IsTimeout: true}, dial.TimedOut, "endpoint_timeout"},
		"a certificate":      {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, dial.BadCertificate, "endpoint_certificate"},
		"an authority":       {x509.UnknownAuthorityError{}, dial.BadCertificate, "endpoint_certificate"},
		"a broken line":      {io.ErrUnexpectedEOF, dial.Unreachable, "endpoint_unreachable"},
		"refused":            {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, dial.Unreachable, "endpoint_unreachable"},
	} {
		err := fmt.Errorf("Post %q: %w", address, c.err)
		if got := dial.CauseOf(err); got != c.cause {
			t.Errorf("%s: cause %d, want %d", name, got, c.cause)
		}
		if f := dial.Explain(err, "endpoint"); f.Code != c.code || f.Message == "" || strings.Contains(f.Message, address) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
