//go:build !e2e

package main

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	asWorker()
	os.Exit(m.Run())
}
