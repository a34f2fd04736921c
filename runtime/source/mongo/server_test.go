package mongo

import (
	"testing"

	"turnkey/internal/devmongo/devmongotest"
)

// startServer gives the server that tests run against: the one of TURNKEY_MONGODB_URI, else the
// development double.
func startServer(t testing.TB) string { return devmongotest.URI(t) }
