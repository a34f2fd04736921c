// Package wire is a proxy that understands where one message to a database ends, so that a chosen one
// can be lost: before the server saw it, or after, with its answer. A TCP proxy cannot promise which
// side of a commit it cuts. It must not know what the messages mean for anybody's rows.
package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Action is what happens to the chosen message.
type Action string

// The ways to lose.
const (
	DropBefore Action = "dropped before it arrived"       // the server never sees it
	DropReply  Action = "delivered, the answer dropped"   // the server has done it
	Cut        Action = "delivered as the connection cut" // nobody waits for the server
	Twice      Action = "delivered twice"                 // as a driver's own retry does
)

// Protocol finds messages.
type Protocol interface {
	// Message reads one message from a client; first: the connection's first.
	Message(r *bufio.Reader, first bool) ([]byte, error)
	// Command names a message that counts; "" for what belongs to the connection itself.
	Command(message []byte, first bool) string
	// Reply reads the answer to one message.
	Reply(r *bufio.Reader) ([]byte, error)
	// Streams: there is no telling which answer belongs to which message.
	Streams() bool
}

// Plan chooses a message by its number among those that count, from 1, and says what happens to it.
type Plan struct {
	At     int
	Action Action
	// Struck is called when it has happened, before the client can notice.
	Struck func()
}

// Proxy stands between one runtime and its database.
type Proxy struct {
	protocol Protocol
	upstream string
	listener net.Listener
	wg       sync.WaitGroup

	mu       sync.Mutex
	plan     *Plan
	commands []string // since Arm
	struck   bool
	conns    map[net.Conn]struct{}
	closed   bool
}

// Listen starts a proxy on a free loopback port.
func Listen(upstream string, protocol Protocol) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the wire proxy: %w", err)
	}
	p := &Proxy{protocol: protocol, upstream: upstream, listener: l, conns: map[net.Conn]struct{}{}}
	p.wg.Go(p.accept)
	return p, nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Arm starts counting, and losing by the plan; At 0 only counts.
func (p *Proxy) Arm(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan, p.commands, p.struck = &plan, nil, false
}

// Disarm says which messages were counted since Arm, and whether the plan's one was among them.
func (p *Proxy) Disarm() (commands []string, struck bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	commands, struck = p.commands, p.struck
	p.plan = nil
	return commands, struck
}

// Close ends every connection and waits for everything.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	err := p.listener.Close()
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.DialTimeout("tcp", p.upstream, 5*time.Second)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !p.keep(client, server) {
			return
		}
		l := &link{Proxy: p, client: client, server: server}
		p.wg.Go(l.forward)
		p.wg.Go(l.back)
	}
}

func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if p.closed {
			_ = c.Close()
			continue
		}
		p.conns[c] = struct{}{}
	}
	return !p.closed
}

// count takes note of a message and gives the action when it is the chosen one.
func (p *Proxy) count(command string) (Plan, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.plan == nil || command == "" {
		return Plan{}, false
	}
	p.commands = append(p.commands, command)
	if len(p.commands) != p.plan.At {
		return Plan{}, false
	}
	p.struck = true
	return *p.plan, true
}

// link is one connection with its other half.
type link struct {
	*Proxy
	client, server net.Conn
	swallow        atomic.Bool  // what the server says no longer reaches the client
	skip           atomic.Int32 // answers that are left out
	last           atomic.Int64 // when the server last said something, in nanoseconds
}

func (l *link) end() {
	_ = l.client.Close()
	_ = l.server.Close()
	l.mu.Lock()
	delete(l.conns, l.client)
	delete(l.conns, l.server)
	l.mu.Unlock()
}

// forward carries messages to the server until one is chosen or either side ends.
func (l *link) forward() {
	defer l.end()
	r := bufio.NewReaderSize(l.client, 1<<16)
	for first := true; ; first = false {
		message, err := l.protocol.Message(r, first)
		if err != nil {
			return
		}
		plan, chosen := l.count(l.protocol.Command(message, first))
		if chosen && plan.Action == DropBefore {
			plan.struck()
			return
		}
		l.swallow.Store(chosen && plan.Action == DropReply)
		if _, err := l.server.Write(message); err != nil {
			return
		}
		switch {
		case !chosen:
			continue
		case plan.Action == Twice:
			l.skip.Add(1)
			if _, err := l.server.Write(message); err != nil {
				return
			}
			plan.struck()
			continue
		case plan.Action == DropReply:
			l.settled()
		}
		plan.struck()
		return
	}
}

func (p Plan) struck() {
	if p.Struck != nil {
		p.Struck()
	}
}

// settled waits until the server has been quiet for a moment: it has done what it was sent.
func (l *link) settled() {
	const quiet, most = 20 * time.Millisecond, time.Second
	l.last.Store(time.Now().UnixNano())
	for end := time.Now().Add(most); time.Now().Before(end); {
		rest := quiet - time.Since(time.Unix(0, l.last.Load()))
		if rest <= 0 {
			return
		}
		time.Sleep(rest)
	}
}

// back carries answers to the client.
func (l *link) back() {
	defer l.end()
	r := bufio.NewReaderSize(l.server, 1<<16)
	buffer := make([]byte, 1<<16)
	for {
		answer, err := l.answer(r, buffer)
		if err != nil {
			return
		}
		l.last.Store(time.Now().UnixNano())
		if l.swallow.Load() {
			continue
		}
		if !l.protocol.Streams() && l.skip.Load() > 0 {
			l.skip.Add(-1) // the client hears the answer to the second delivery
			continue
		}
		if _, err := l.client.Write(answer); err != nil {
			return
		}
	}
}

func (l *link) answer(r *bufio.Reader, buffer []byte) ([]byte, error) {
	if !l.protocol.Streams() {
		return l.protocol.Reply(r)
	}
	n, err := r.Read(buffer)
	if n > 0 {
		err = nil
	}
	return buffer[:n], err
}

// errHuge protects the proxy from reading nonsense as a length.
var errHuge = errors.New("a message of more than 64 MB")

const mostMessage = 64 << 20

// sized reads the rest of a message whose length is known.
func sized(r *bufio.Reader, length int) ([]byte, error) {
	if length < 0 || length > mostMessage {
		return nil, errHuge
	}
	out := make([]byte, length)
	_, err := io.ReadFull(r, out)
	return out, err
}
