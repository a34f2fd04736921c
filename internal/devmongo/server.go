package devmongo

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"turnkey/internal/fault"
)

// Server serves one Store.
type Server struct {
	St      *Store
	l       net.Listener
	addr    string
	cursors map[int64]*cursor
	nextCur int64
	connID  atomic.Int32
	elect   bson.ObjectID
	stop    chan struct{}
	once    sync.Once
	wg      sync.WaitGroup
	connMu  sync.Mutex
	conns   map[net.Conn]struct{}
	fail    *failPoint    // under St.mu
	failed  chan struct{} // closed when the journal can't be written
	failing sync.Once
}

// Marker is in buildInfo.modules, so that clients can tell this server from MongoDB.
const Marker = "turnkey-devmongo"

// Listen starts a server on addr, which must be on loopback: there is no authentication.
func Listen(st *Store, addr string) (*Server, error) {
	if host, _, err := net.SplitHostPort(addr); err != nil || host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return nil, fault.New(fault.Invalid, "devmongo_address", "The development MongoDB listens on loopback only, not on "+addr+".").
			WithHint("For anything else run a real MongoDB replica set and set TURNKEY_MONGODB_URI.")
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "devmongo_address", "The development MongoDB cannot listen on "+addr+".")
	}
	s := &Server{
		St: st, l: l, addr: l.Addr().String(), cursors: map[int64]*cursor{}, elect: bson.NewObjectID(),
		stop: make(chan struct{}), conns: map[net.Conn]struct{}{}, failed: make(chan struct{}),
	}
	s.wg.Go(s.accept)
	s.wg.Go(s.reap)
	return s, nil
}

func (s *Server) accept() {
	for {
		c, err := s.l.Accept()
		if err != nil {
			return
		}
		s.connMu.Lock()
		select {
		case <-s.stop:
			_ = c.Close()
		default:
			s.conns[c] = struct{}{}
			s.wg.Go(func() { s.serve(c) })
		}
		s.connMu.Unlock()
	}
}

// reap ends what has outlived its time, once a second.
func (s *Server) reap() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.St.mu.Lock()
			s.St.reap()
			s.St.mu.Unlock()
		}
	}
}

// URI of the server.
func (s *Server) URI() string { return "mongodb://" + s.addr + "/?replicaSet=rs0" }

// Failed is closed when the journal cannot be written: nothing is acknowledged from then on.
func (s *Server) Failed() <-chan struct{} { return s.failed }

// Close ends every connection and waits for everything that was started.
func (s *Server) Close() {
	s.once.Do(func() {
		s.connMu.Lock()
		close(s.stop)
		_ = s.l.Close()
		for c := range s.conns {
			_ = c.Close()
		}
		s.connMu.Unlock()
		s.St.mu.Lock()
		s.St.cond.Broadcast() // wakes change streams that wait
		s.St.mu.Unlock()
	})
	s.wg.Wait()
}

func (s *Server) closing() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

func (s *Server) forget(c net.Conn) {
	_ = c.Close()
	s.connMu.Lock()
	delete(s.conns, c)
	s.connMu.Unlock()
}
