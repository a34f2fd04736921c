package port_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
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

const childEnv = "TURNKEY_TEST_PORTS"

// TestGivenToOneProcess: what a living process was given no other one gets, although nobody listens there.
func TestGivenToOneProcess(t *testing.T) {
	given := func() (list []int) {
		for range 500 {
			n, err := port.Free()
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, n)
		}
		return list
	}
	if os.Getenv(childEnv) != "" {
		for _, n := range given() {
			fmt.Println("port", n)
		}
		_, _ = os.Stdin.Read(make([]byte, 1)) // until the parent has what it wants
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestGivenToOneProcess$")
	child.Env, child.Stderr = append(os.Environ(), childEnv+"=1"), os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	theirs := map[int]bool{}
	for lines := bufio.NewScanner(out); len(theirs) < 500 && lines.Scan(); {
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "port %d", &n); err == nil {
			theirs[n] = true
		}
	}
	if len(theirs) != 500 {
		t.Errorf("the other process was given %d", len(theirs))
	}
	for _, n := range given() { // of 12,000: by chance alone about twenty would be theirs
		if theirs[n] {
			t.Errorf("port %d was given to another process, too", n)
		}
	}
	_ = in.Close()
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
}
