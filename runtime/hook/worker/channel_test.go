package worker

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

func testChannel(t *testing.T) (ours *channel, theirs []*os.File) {
	t.Helper()
	ours, theirs, err := newChannel()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ours.Close()
		_ = errors.Join(theirs[0].Close(), theirs[1].Close())
	})
	return ours, theirs
}

// TestLooks: a look that is due already stays, an interruption comes through, and after it the next look is set anew.
func TestLooks(t *testing.T) {
	c, theirs := testChannel(t)
	now := time.Now()
	hours := func(n time.Duration) time.Time { return now.Add(n * time.Hour) }
	for _, at := range []struct{ asked, until time.Time }{{hours(2), hours(2)}, {hours(3), hours(2)}, {hours(1), hours(1)}, {hours(2), hours(1)}} {
		if err := c.look(now, at.asked); err != nil || !c.until.Equal(at.until) {
			t.Errorf("asked for %s it looks at %s: %v", at.asked, c.until, err)
		}
	}
	if err := c.look(hours(4), hours(5)); err != nil || !c.until.Equal(hours(5)) {
		t.Errorf("a look that has passed stays: %s, %v", c.until, err)
	}
	c.interrupt()
	for _, f := range []func([]byte) (int, error){c.Read, c.Write} {
		if _, err := f(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("interrupted: %v", err)
		}
	}
	c.looked()
	if err := c.look(now, hours(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs[1].Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Errorf("after it: %d bytes, %v", n, err)
	}
}

// TestTellingTheDeaf: who does not read keeps nobody, and what was told is there whole or not at all.
func TestTellingTheDeaf(t *testing.T) {
	c, theirs := testChannel(t)
	c.tell([]byte("once"))
	const size, times = 512, 10_000
	for range times { // far more than a pipe holds
		c.tell(make([]byte, size))
	}
	c.Close()
	c.tell([]byte("closed"))
	told, err := io.ReadAll(theirs[0])
	if rest := len(told) - len("once"); err != nil || !bytes.HasPrefix(told, []byte("once")) || rest%size != 0 || rest >= times*size {
		t.Errorf("%d bytes were told: %v", len(told), err)
	}
	if err := theirs[0].Close(); err != nil {
		t.Fatal(err)
	}
	gone, hung := testChannel(t)
	if err := hung[0].Close(); err != nil {
		t.Fatal(err)
	}
	gone.tell([]byte("nobody"))
}
