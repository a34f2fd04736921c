package port_test

import (
	"fmt"
	"net"
	"testing"

	"turnkey/internal/port"
)

// TestFree: what it gives can be listened on, and is not what anybody has.
func TestFree(t *testing.T) {
	for range 50 {
		n, err := port.Free()
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", n))
		if err != nil {
			t.Fatalf("port %d is not free: %v", n, err)
		}
		defer l.Close()
	}
}

// TestGivenOnce: who asks for several before listening on any gets different ones.
func TestGivenOnce(t *testing.T) {
	given := map[int]bool{}
	for range 500 { // of 12,000: by chance alone some would come twice
		n, err := port.Free()
		if err != nil {
			t.Fatal(err)
		}
		if given[n] {
			t.Fatalf("port %d was given twice", n)
		}
		given[n] = true
	}
}
