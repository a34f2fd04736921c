package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

	"turnkey/internal/fault"
)

// Cause is why a request to somebody else's server came to nothing.
type Cause uint8

// The causes.
const (
	Unreachable Cause = iota // the connection was refused or broke
	Forbidden                // the guard does not let the address be called; its fault says why
	TimedOut
	GivenUp // whoever asked has gone
	UnknownHost
	BadCertificate
)

// CauseOf sorts the error of a request by a client of ours. The words for it belong to whoever tells it: those of the network
// name addresses that a tenant must not learn.
func CauseOf(err error) Cause {
	var own *fault.Error
	var network net.Error
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &own):
		return Forbidden
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return TimedOut
	case errors.Is(err, context.Canceled):
		return GivenUp
	case errors.As(err, &dns):
		return UnknownHost
	case errors.As(err, &certificate), errors.As(err, &authority):
		return BadCertificate
	}
	return Unreachable
}

// Explain is what operators are told about a receiver that could not be called. The code begins with what the receiver is
// called; what the guard refuses keeps its own code and message.
func Explain(err error, receiver string) *fault.Error {
	told := func(what, message string) *fault.Error {
		return fault.Wrap(err, fault.Unavailable, receiver+what, message)
	}
	switch CauseOf(err) {
	case Forbidden:
		return fault.Of(err)
	case TimedOut:
		return told("_timeout", "The receiver did not answer in time.")
	case UnknownHost:
		return told("_unknown_host", "The receiver's host name does not resolve.")
	case BadCertificate:
		return told("_certificate", "The receiver's certificate could not be verified.")
	}
	return told("_unreachable", "The receiver could not be reached, or broke the connection.")
}
