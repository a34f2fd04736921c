package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

	"turnkey/internal/fault"
	"turnkey/runtime/hook"
)

// explain says what went wrong in words that are safe to show: the errors of the network name addresses.
func explain(err error) *hook.HostError {
	var own *fault.Error
	var network net.Error
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &own):
		// The guard's own texts speak to operators.
		return &hook.HostError{Code: "fetch_address", Message: "The host or its port cannot be reached from here: hooks fetch from public addresses, at port 443 or 8443."}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return &hook.HostError{Code: "fetch_timeout", Message: "The server did not answer in time."}
	case errors.Is(err, context.Canceled):
		return &hook.HostError{Code: "fetch_timeout", Message: "The request was given up."}
	case errors.As(err, &dns):
		return &hook.HostError{Code: "fetch_unknown_host", Message: "The name of the host does not resolve."}
	case errors.As(err, &certificate), errors.As(err, &authority):
		return &hook.HostError{Code: "fetch_certificate", Message: "The certificate of the server could not be verified."}
	}
	return &hook.HostError{Code: "fetch_failed", Message: "The server could not be reached, or broke the connection."}
}
