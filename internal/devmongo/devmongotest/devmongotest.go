// Package devmongotest gives tests a MongoDB: the server that TURNKEY_MONGODB_URI names, else the
// development double in this process. It must not be imported outside of tests.
package devmongotest

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"turnkey/internal/devmongo"
)

// URI of a server that lives as long as the test.
func URI(tb testing.TB) string {
	tb.Helper()
	if uri := os.Getenv("TURNKEY_MONGODB_URI"); uri != "" {
		return uri
	}
	store, err := devmongo.Open(devmongo.Options{Events: 2000}) // tests that resume do so at once
	if err != nil {
		tb.Fatal(err)
	}
	server, err := devmongo.Listen(store, "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Close)
	return server.URI()
}

// Database names a database that no other test uses.
func Database(tb testing.TB) string {
	tb.Helper()
	return "test_" + strings.ToLower(rand.Text()[:12])
}
