package fetch

import (
	"turnkey/internal/dial"
	"turnkey/runtime/hook"
)

// explain says what went wrong in words that are safe to show: the errors of the network name addresses, and the guard's own
// texts speak to operators.
func explain(err error) *hook.HostError {
	switch dial.CauseOf(err) {
	case dial.Forbidden:
		return &hook.HostError{Code: "fetch_address", Message: "The host or its port cannot be reached from here: hooks fetch from public addresses, at port 443 or 8443."}
	case dial.TimedOut:
		return &hook.HostError{Code: "fetch_timeout", Message: "The server did not answer in time."}
	case dial.GivenUp:
		return &hook.HostError{Code: "fetch_timeout", Message: "The request was given up."}
	case dial.UnknownHost:
		return &hook.HostError{Code: "fetch_unknown_host", Message: "The name of the host does not resolve."}
	case dial.BadCertificate:
		return &hook.HostError{Code: "fetch_certificate", Message: "The certificate of the server could not be verified."}
	}
	return &hook.HostError{Code: "fetch_failed", Message: "The server could not be reached, or broke the connection."}
}
