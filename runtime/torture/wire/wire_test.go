package wire_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"turnkey/runtime/torture/wire"
)

// frames is a protocol for the test: a length byte and as many bytes.
type frames struct{}

func (frames) Message(r *bufio.Reader, _ bool) ([]byte, error) {
	n, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	out := make([]byte, 1+int(n))
	out[0] = n
	_, err = io.ReadFull(r, out[1:])
	return out, err
}
func (frames) Command(m []byte, _ bool) string         { return string(m[1:]) }
func (f frames) Reply(r *bufio.Reader) ([]byte, error) { return f.Message(r, false) }
func (frames) Streams() bool                           { return false }

// TestLoss: for each action, what the server saw of three messages, and which of them were answered.
func TestLoss(t *testing.T) {
	for _, c := range []struct {
		action   wire.Action
		saw      []string
		answered int
	}{
		{wire.DropBefore, []string{"one"}, 1},
		{wire.DropReply, []string{"one", "two"}, 1},
		{wire.Twice, []string{"one", "two", "two", "three"}, 3},
	} {
		t.Run(string(c.action), func(t *testing.T) {
			server := echo(t)
			p, err := wire.Listen(server.addr, frames{})
			if err != nil {
				t.Fatal(err)
			}
			struck := make(chan struct{}, 1)
			p.Arm(wire.Plan{At: 2, Action: c.action, Struck: func() { struck <- struct{}{} }})
			answered := talk(t, p.Addr(), "one", "two", "three")
			<-struck
			if _, hit := p.Disarm(); !hit {
				t.Error("Disarm does not know that it struck")
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			if got := server.close(); !slices.Equal(got, c.saw) {
				t.Errorf("the server saw %q, want %q", got, c.saw)
			}
			if answered != c.answered {
				t.Errorf("%d messages were answered, want %d", answered, c.answered)
			}
		})
	}
}

// TestCounting: without a plan's message everything passes, and is named.
func TestCounting(t *testing.T) {
	server := echo(t)
	p, err := wire.Listen(server.addr, frames{})
	if err != nil {
		t.Fatal(err)
	}
	p.Arm(wire.Plan{})
	if n := talk(t, p.Addr(), "one", "two"); n != 2 {
		t.Errorf("%d answers", n)
	}
	if commands, struck := p.Disarm(); struck || !slices.Equal(commands, []string{"one", "two"}) {
		t.Errorf("counted %q, struck %t", commands, struck)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	server.close()
}

// TestMessages: both protocols find where a message ends and what it is called.
func TestMessages(t *testing.T) {
	startup := binary.BigEndian.AppendUint32(nil, 8)
	startup = append(startup, 0, 3, 0, 0)
	query := append([]byte{'Q'}, binary.BigEndian.AppendUint32(nil, 6)...)
	query = append(query, 'x', 0)
	body := append([]byte{0, 0, 0, 0, 0}, 14, 0, 0, 0, 0x10)
	body = append(body, "find\x00\x01\x00\x00\x00\x00"...)
	find := binary.LittleEndian.AppendUint32(nil, uint32(16+len(body)))
	find = append(find, make([]byte, 8)...)
	find = append(binary.LittleEndian.AppendUint32(find, 2013), body...)
	for _, c := range []struct {
		name     string
		protocol wire.Protocol
		stream   [][]byte
		commands []string
	}{
		{"postgres", wire.Postgres{}, [][]byte{startup, query, query}, []string{"", "Query", "Query"}},
		{"mongodb", wire.Mongo{}, [][]byte{find, find}, []string{"find", "find"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, out := net.Pipe()
			var wg sync.WaitGroup
			wg.Go(func() { _, _ = in.Write(slices.Concat(c.stream...)) })
			r := bufio.NewReader(out)
			for i, want := range c.stream {
				got, err := c.protocol.Message(r, i == 0)
				if err != nil || !slices.Equal(got, want) {
					t.Fatalf("message %d is %q (%v), want %q", i, got, err, want)
				}
				if name := c.protocol.Command(got, i == 0); name != c.commands[i] {
					t.Errorf("message %d is called %q, want %q", i, name, c.commands[i])
				}
			}
			wg.Wait()
		})
	}
}

type echoServer struct {
	addr string
	l    net.Listener
	wg   sync.WaitGroup
	mu   sync.Mutex
	saw  []string
}

// echo answers every message with itself.
func echo(t *testing.T) *echoServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &echoServer{addr: l.Addr().String(), l: l}
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() { s.serve(c) })
		}
	})
	return s
}

func (s *echoServer) serve(c net.Conn) {
	defer c.Close()
	for r := bufio.NewReader(c); ; {
		m, err := frames{}.Message(r, false)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.saw = append(s.saw, string(m[1:]))
		s.mu.Unlock()
		if _, err := c.Write(m); err != nil {
			return
		}
	}
}

// close ends the server and tells what it saw.
func (s *echoServer) close() []string {
	_ = s.l.Close()
	s.wg.Wait()
	return s.saw
}

// talk sends messages one by one and counts the answers.
func talk(t *testing.T, addr string, messages ...string) (answered int) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for _, m := range messages {
		if _, err := c.Write(append([]byte{byte(len(m))}, m...)); err != nil {
			return answered
		}
		if _, err := (frames{}).Message(r, false); err != nil {
			return answered
		}
		answered++
	}
	return answered
}
