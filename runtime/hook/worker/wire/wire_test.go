package wire_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"
	"testing/iotest"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker/wire"
)

// TestFramesArrive: whole, one by one, in any pieces.
func TestFramesArrive(t *testing.T) {
	sent := []wire.Frame{
		{Kind: wire.Hello}, {Kind: hook.KindRan, ID: 1 << 31, Payload: bytes.Repeat([]byte("x"), 300_000)}, {Kind: hook.KindHostCall, ID: 2, Payload: []byte("{}")},
	}
	var stream []byte
	for _, f := range sent {
		stream = wire.Append(stream, f)
	}
	for name, in := range map[string]io.Reader{
		"at once": bytes.NewReader(stream), "byte by byte": iotest.OneByteReader(bytes.NewReader(stream)), "with the end": iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		r := wire.NewReader(in, wire.FromWorker, 1<<20)
		for i, want := range sent {
			f, err := r.Next()
			if err != nil || f.Kind != want.Kind || f.ID != want.ID || !bytes.Equal(f.Payload, want.Payload) {
				t.Errorf("%s: frame %d: kind %d id %d, %d bytes, %v", name, i, f.Kind, f.ID, len(f.Payload), err)
			}
		}
		if _, err := r.Next(); err != io.EOF || r.Rest() {
			t.Errorf("%s: after the last: %v", name, err)
		}
	}
}

// passing fails once in each call, as a deadline does, and loses nothing.
type passing struct {
	in   io.Reader
	fail bool
}

var errPassing = errors.New("deadline")

func (p *passing) Read(b []byte) (int, error) {
	if p.fail = !p.fail; p.fail {
		return 0, errPassing
	}
	return p.in.Read(b[:min(len(b), 3)])
}

// TestDeadlinesLoseNothing: Next goes on where it stopped.
func TestDeadlinesLoseNothing(t *testing.T) {
	payload := bytes.Repeat([]byte("abc"), 1000)
	r := wire.NewReader(&passing{in: bytes.NewReader(wire.Append(nil, wire.Frame{Kind: hook.KindRan, ID: 5, Payload: payload}))}, wire.FromWorker, 1<<20)
	for {
		f, err := r.Next()
		if errors.Is(err, errPassing) {
			continue
		}
		if err != nil || f.ID != 5 || !bytes.Equal(f.Payload, payload) {
			t.Fatalf("id %d, %d bytes, %v", f.ID, len(f.Payload), err)
		}
		return
	}
}

// TestAnnouncementsCostNothing: memory follows what arrived.
func TestAnnouncementsCostNothing(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		r := wire.NewReader(bytes.NewReader([]byte{0, 0, 0, 3, byte(hook.KindRan), 0, 0, 0, 0, 1, 2, 3}), wire.FromWorker, wire.MaxPayload)
		if _, err := r.Next(); err != io.ErrUnexpectedEOF {
			t.Fatalf("48 MB of which three bytes came: %v", err)
		}
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
		t.Errorf("100 announcements of 48 MB allocated %d bytes", got)
	}
}

func TestLimitsOnTheWire(t *testing.T) {
	want := wire.Limits{CPU: 200 * time.Millisecond, Wall: 340 * time.Millisecond, Exit: 3 * time.Second, Prepare: true}
	raw := wire.AppendLimits(nil, want)
	if got, err := wire.ParseLimits(raw[wire.HeaderSize:]); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := wire.ParseLimits([]byte{1}); err == nil {
		t.Error("one byte is no limits")
	}
}

// TestMessagesAreStrict: a message of ours has one reading.
func TestMessagesAreStrict(t *testing.T) {
	for _, text := range []string{`{"active":[],"more":1}`, `{"active":[],"active":[]}`, `{} {}`, `[]`, ``, `{"failed":[{"layer":"` + "\xff" + `"}]}`} {
		if err := wire.Decode([]byte(text), new(wire.Greeting)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	if err := wire.Decode(bytes.Repeat([]byte(" "), 1<<20), new(wire.Greeting)); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("a megabyte: %v", err)
	}
}

// FuzzReader: hostile bytes give frames that were really there, or an error; never a panic, never memory beyond what arrived.
func FuzzReader(f *testing.F) {
	f.Add([]byte{}, uint16(100))
	f.Add(wire.Append(nil, wire.Frame{Kind: hook.KindRan, ID: 1, Payload: []byte("{}")}), uint16(100))
	f.Add([]byte{255, 255, 255, 255, 19, 0, 0, 0, 0}, uint16(65535))
	f.Add(wire.Append(wire.Append(nil, wire.Frame{Kind: wire.Retire}), wire.Frame{Kind: 99}), uint16(0))
	f.Fuzz(func(t *testing.T, stream []byte, limit uint16) {
		r := wire.NewReader(bytes.NewReader(stream), wire.FromWorker, int(limit))
		var again []byte
		for {
			frame, err := r.Next()
			if err != nil {
				break
			}
			if len(frame.Payload) > int(limit) || !wire.FromWorker(frame.Kind) {
				t.Fatalf("kind %d with %d bytes passed a limit of %d", frame.Kind, len(frame.Payload), limit)
			}
			again = wire.Append(again, frame)
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatalf("read %x from %x", again, stream)
		}
	})
}

// TestAttend: bytes, the end of a pipe, and the time each end it, and it takes nothing away.
func TestAttend(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	attend := func(most time.Duration) {
		raw, err := r.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) { wire.Attend(int(fd), most) }); err != nil {
			t.Fatal(err)
		}
	}
	attend(time.Millisecond) // nothing comes
	wrote := make(chan error, 1)
	go func() {
		_, err := w.Write([]byte("x"))
		wrote <- err
	}()
	attend(time.Hour)
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Errorf("%d bytes are left, %v", n, err)
	}
	go func() { wrote <- w.Close() }()
	attend(time.Hour)
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("not the end: %v", err)
	}
}
