package mongo

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/internal/dial"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/source"
)

// TestOptions classifies every option that the driver knows, and a few that others do.
func TestOptions(t *testing.T) {
	const host = "mongodb://user:canary@db.example.com/app?tls=true&"
	for _, ok := range []string{"replicaSet=rs0", "authSource=admin", "authMechanism=SCRAM-SHA-1", "authMechanism=SCRAM-SHA-256", "authMechanism=PLAIN", "appName=x", "directConnection=true",
		"connectTimeoutMS=500", "connectTimeoutMS=0", "serverSelectionTimeoutMS=99999999", "retryWrites=false", "retryReads=false", "w=0", "w=1", "journal=false", "readConcernLevel=local", "readPreference=secondary", "compressors=zlib,zstd", "wTimeoutMS=1"} {
		s, err := parseURI(host + ok)
		if err != nil {
			t.Errorf("%s: %v", ok, err)
			continue
		}
		if s.connect < minTimeout || s.connect > connectTimeout || s.selection > selectionTimeout {
			t.Errorf("%s: timeouts %v %v", ok, s.connect, s.selection)
		}
	}
	for _, bad := range []string{"tlsCAFile=/etc/passwd", "sslCertificateAuthorityFile=/etc/passwd", "tlsCertificateKeyFile=/k", "sslClientCertificateKeyFile=/k", "tlsCertificateKeyFilePassword=x", "sslClientCertificateKeyPassword=x", "tlsCertificateFile=/c", "tlsPrivateKeyFile=/k",
		"tlsInsecure=true", "sslInsecure=true", "tlsAllowInvalidCertificates=true", "tlsAllowInvalidHostnames=true", "tlsDisableOCSPEndpointCheck=true", "tlsDisableCertificateRevocationCheck=true",
		"authMechanism=MONGODB-AWS", "authMechanism=MONGODB-OIDC", "authMechanism=GSSAPI", "authMechanism=MONGODB-X509", "authMechanism=mongodb-aws", "authMechanismProperties=ENVIRONMENT:gcp", "gssapiServiceName=x",
		"proxyHost=10.0.0.1", "proxyPort=1", "proxyUsername=x", "proxyPassword=x", "minPoolSize=10000", "maxPoolSize=10000", "maxConnecting=1000", "maxIdleTimeMS=1", "heartbeatFrequencyMS=500", "heartbeatIntervalMS=500", "localThresholdMS=1", "loadBalanced=true", "srvMaxHosts=1", "srvServiceName=x",
		"readPreferenceTags=a:b", "maxStalenessSeconds=90", "maxStaleness=90", "connect=direct", "timeoutMS=1", "socketTimeoutMS=1", "zlibCompressionLevel=9", "zstdCompressionLevel=9", "serverMonitoringMode=stream", "maxAdaptiveRetries=9", "enableOverloadRetargeting=true", "waitQueueMultiple=1", "TLSINSECURE=true", "nonsense=1"} {
		_, err := parseURI(host + bad)
		name, _, _ := strings.Cut(bad, "=")
		if !fault.Is(err, "source_option_refused") || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, malformed := range []string{"", "http://h", "mongodb://", "mongodb:///db", "mongodb://%2Ftmp%2Fmongodb.sock", "mongodb:///tmp/mongodb.sock", "mongodb://h:0", "mongodb://h:65536", "mongodb://h:x", "mongodb://[::1", "mongodb://::1", "mongodb://[fe80::1%25eth0]",
		"mongodb://u:canary/x@h", "mongodb://u:canary?x@h", "mongodb://u:c@nary@h", "mongodb://:canary@h", "mongodb://u:%zz@h", "mongodb+srv://a.example.com,b.example.com", "mongodb+srv://a.example.com:27017", "mongodb+srv://127.0.0.1", "mongodb+srv://localhost",
		host + "replicaSet=a&replicaSet=b", host + "tls=maybe", host + "appName=", host + "appName", "mongodb://h/?authMechanism=SCRAM-SHA-1", "mongodb://a,b/?directConnection=true", "mongodb://h/a$b", "mongodb://" + strings.Repeat("h,", 60) + "h", "mongodb://" + strings.Repeat("h", 9000)} {
		if _, err := parseURI(malformed); fault.Of(err) == nil || fault.Of(err).Kind != fault.Invalid || strings.Contains(err.Error(), "canary") {
			t.Errorf("%.60q: %v", malformed, err)
		}
	}
	open := func(uri, db string, private bool) error {
		_, err := Open(t.Context(), Options{URI: redact.New(uri), Database: db, AllowPrivate: private, Dial: noDial, Now: time.Now})
		return err
	}
	if err := open("mongodb://db.example.com", "x", false); !fault.Is(err, "tls_required") {
		t.Errorf("plain text to anywhere: %v", err)
	}
	if err := open("mongodb+srv://db.example.com/?tls=false", "x", false); !fault.Is(err, "tls_required") {
		t.Errorf("plain text over SRV: %v", err)
	}
	for _, db := range []string{"", "admin", "local", "config", "a.b", "a$b", "a/b", strings.Repeat("x", 64)} {
		if err := open("mongodb://db.example.com/?tls=true", db, false); !fault.Is(err, "source_database_invalid") {
			t.Errorf("database %q: %v", db, err)
		}
	}
}

func noDial(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no dialling") }

// spellings of hosts that no tenant may reach.
var spellings = []string{
	"127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "0.0.0.0", "0", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1",
	"localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "ip6-localhost",
	"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]",
	"10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
}

// recorder is a guarded dialer that keeps what it was asked for and every socket that came of it.
type recorder struct {
	guard *dial.Guard
	mu    sync.Mutex
	asked []string
	open  []string
}

func (r *recorder) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := r.guard.DialContext(ctx, network, addr)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, addr)
	if err == nil {
		r.open = append(r.open, addr)
	}
	return conn, err
}

// dialled is how many addresses were asked for by now.
func (r *recorder) dialled() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asked)
}

func TestPrivateHostsAreNeverReached(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() }) // after the parallel subtests
	reached := make(chan struct{}, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
			reached <- struct{}{}
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range spellings {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			r := &recorder{guard: dial.New(dial.Options{Timeout: time.Second})}
			s, err := Open(t.Context(), Options{URI: redact.New("mongodb://u:canary@" + host + ":" + port + "/?tls=true&serverSelectionTimeoutMS=100"), Database: "x", Dial: r.dial, Now: time.Now})
			if err != nil {
				t.Fatal(err) // the address is judged when dialled, not when read
			}
			defer s.Close()
			report, err := s.Test(t.Context())
			if err != nil || report.OK || report.Checks[0].OK {
				t.Errorf("%v %+v", err, report)
			}
			ping(t, s)
			if len(r.open) > 0 || len(r.asked) == 0 {
				t.Errorf("reached %v of %v", r.open, r.asked)
			}
		})
	}
	t.Cleanup(func() {
		if len(reached) > 0 {
			t.Errorf("%d connections arrived", len(reached))
		}
	})
}

// ping makes the driver itself dial.
func ping(t *testing.T, s *Source) {
	t.Helper()
	x, err := s.Begin(t.Context(), source.Session{})
	if err != nil {
		return
	}
	if _, _, err := x.Read(t.Context(), []source.Ref{{Table: todos, ID: "1"}}, nil); err == nil {
		t.Error("a read came back")
	}
}

// zone is a Resolver with fixed answers.
type zone struct {
	targets []string
	txt     []string
	err     error
}

func (z zone) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	var out []*net.SRV
	for _, t := range z.targets {
		out = append(out, &net.SRV{Target: t, Port: 27017})
	}
	return "", out, z.err
}

func (z zone) LookupTXT(context.Context, string) ([]string, error) {
	if z.txt == nil {
		return nil, &net.DNSError{IsNotFound: true}
	}
	return z.txt, nil
}

func TestSRV(t *testing.T) {
	for name, c := range map[string]struct {
		uri  string
		zone zone
		want string // hosts, or the fault's code
	}{
		"targets":               {"mongodb+srv://db.a.example", zone{targets: []string{"n2.a.example.", "N1.a.example."}}, "n1.a.example:27017 n2.a.example:27017"},
		"short name":            {"mongodb+srv://a.example", zone{targets: []string{"n1.a.example."}}, "n1.a.example:27017"},
		"options":               {"mongodb+srv://db.a.example", zone{[]string{"n.a.example."}, []string{"authSource=x&replicaSet=r"}, nil}, "n.a.example:27017"},
		"none":                  {"mongodb+srv://db.a.example", zone{}, "source_uri_invalid"},
		"other domain":          {"mongodb+srv://db.a.example", zone{targets: []string{"n.evil.example."}}, "source_uri_invalid"},
		"parent domain":         {"mongodb+srv://db.a.example", zone{targets: []string{"a.example."}}, "source_uri_invalid"},
		"suffix without a dot":  {"mongodb+srv://db.a.example", zone{targets: []string{"nota.example."}}, "source_uri_invalid"},
		"short name itself":     {"mongodb+srv://a.example", zone{targets: []string{"a.example."}}, "source_uri_invalid"},
		"one foreign among two": {"mongodb+srv://db.a.example", zone{targets: []string{"n.a.example.", "127.0.0.1."}}, "source_uri_invalid"},
		"address":               {"mongodb+srv://db.a.example", zone{targets: []string{"169.254.169.254"}}, "source_uri_invalid"},
		"text with tls=false":   {"mongodb+srv://db.a.example", zone{[]string{"n.a.example."}, []string{"tls=false"}, nil}, "source_option_refused"},
		"text with a file":      {"mongodb+srv://db.a.example", zone{[]string{"n.a.example."}, []string{"tlsCAFile=/x"}, nil}, "source_option_refused"},
		"text load balanced":    {"mongodb+srv://db.a.example", zone{[]string{"n.a.example."}, []string{"loadBalanced=true"}, nil}, "source_option_refused"},
		"two texts":             {"mongodb+srv://db.a.example", zone{[]string{"n.a.example."}, []string{"authSource=x", "replicaSet=r"}, nil}, "source_uri_invalid"},
		"dns down":              {"mongodb+srv://db.a.example", zone{err: errors.New("timeout")}, "source_dns_failed"},
	} {
		s, err := parseURI(c.uri)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.resolve(t.Context(), c.zone)
		switch {
		case err != nil:
			if !fault.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		case strings.Join(got.hosts, " ") != c.want || !got.tls:
			t.Errorf("%s: %+v", name, got)
		case name == "options" && (got.authSource != "x" || got.replicaSet != "r"):
			t.Errorf("%s: %+v", name, got)
		}
	}
	// A target that is a name in the right domain may still resolve to a private address: Dial decides.
	r := &recorder{guard: dial.New(dial.Options{Timeout: time.Second})}
	s, err := Open(t.Context(), Options{URI: redact.New("mongodb+srv://db.localhost.localdomain/?serverSelectionTimeoutMS=100"), Database: "x", Dial: r.dial, Now: time.Now, Resolver: zone{targets: []string{"n1.localhost.localdomain."}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ping(t, s)
	for late := time.After(2 * time.Minute); r.dialled() == 0; { // which the driver does by itself, when a busy machine lets it
		select {
		case <-late:
			t.Fatal("nobody was asked for the target")
		case <-time.After(time.Millisecond):
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.open) > 0 {
		t.Errorf("asked %v, reached %v", r.asked, r.open)
	}
}

// liar is a fake mongod (a mock, on purpose): it answers everything with one hello, which lists
// whatever hosts it is told to, as a member of set ("": a standalone) or, with msg, as a router.
func liar(t *testing.T, hosts []string, set, msg string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	me := l.Addr().String()
	body := bson.D{{Key: "ok", Value: 1.0}, {Key: "helloOk", Value: true}, {Key: "isWritablePrimary", Value: true}, {Key: "version", Value: "7.0.0"},
		{Key: "minWireVersion", Value: 0}, {Key: "maxWireVersion", Value: 21}, {Key: "maxBsonObjectSize", Value: 16 << 20}, {Key: "maxMessageSizeBytes", Value: 48000000}, {Key: "maxWriteBatchSize", Value: 100000}, {Key: "logicalSessionTimeoutMinutes", Value: 30}}
	if set != "" {
		body = append(body, bson.E{Key: "setName", Value: set}, bson.E{Key: "me", Value: me}, bson.E{Key: "hosts", Value: append([]string{me}, hosts...)})
	}
	if msg != "" {
		body = append(body, bson.E{Key: "msg", Value: msg})
	}
	hello, err := bson.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); answer(c, hello) })
		}
	})
	return me
}

func answer(c net.Conn, hello []byte) {
	r := bufio.NewReader(c)
	for {
		var h [16]byte
		if _, err := io.ReadFull(r, h[:]); err != nil {
			return
		}
		if _, err := r.Discard(int(binary.LittleEndian.Uint32(h[:])) - 16); err != nil {
			return
		}
		var m []byte
		tail := []byte{0, 0, 0, 0, 0} // OP_MSG: flags, section kind
		op := uint32(2013)
		if binary.LittleEndian.Uint32(h[12:]) == 2004 {
			op, tail = 1, []byte{8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}
		}
		m = binary.LittleEndian.AppendUint32(m, uint32(16+len(tail)+len(hello)))
		m = append(append(m, 1, 0, 0, 0), h[4:8]...)
		m = append(append(binary.LittleEndian.AppendUint32(m, op), tail...), hello...)
		if _, err := c.Write(m); err != nil {
			return
		}
	}
}

func TestAdvertisedHostsPassTheGuard(t *testing.T) {
	hosts := append([]string{"169.254.169.254:80", "10.0.0.5:27017", "[::1]:22", "localhost:5432", "/tmp/mongodb-27017.sock"}, nil...)
	for i := range 44 {
		hosts = append(hosts, "192.168.7."+string(rune('0'+i%10))+":"+"27"+string(rune('0'+i/10))+"17")
	}
	hosts = slices.Compact(hosts)
	seed := liar(t, hosts, "rs0", "")
	// The seed stands for a public server: only it passes.
	r := &recorder{guard: dial.New(dial.Options{Timeout: time.Second})}
	open := (&net.Dialer{}).DialContext
	s, err := Open(t.Context(), Options{URI: redact.New("mongodb://" + seed + "/?replicaSet=rs0"), Database: "x", AllowPrivate: true, Now: time.Now,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr == seed {
				return open(ctx, network, addr)
			}
			return r.dial(ctx, network, addr)
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	deadline := time.After(2 * time.Minute)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if c, err := s.get(ctx); err == nil {
			_ = c.Ping(ctx, nil)
		}
		cancel()
		r.mu.Lock()
		n, reached := len(r.asked), len(r.open)
		r.mu.Unlock()
		if reached > 0 {
			t.Fatalf("reached %v", r.open)
		}
		if n >= len(hosts)-1 { // all but the socket, which never comes to Dial
			break
		}
		select {
		case <-deadline:
			t.Fatalf("only %d of %d hosts were tried: the test proves nothing", n, len(hosts))
		default:
		}
	}
	for _, addr := range r.asked {
		if strings.Contains(addr, ".sock") {
			t.Errorf("a unix socket was asked for: %s", addr)
		}
	}
}

func TestTooManyAdvertisedHostsEndTheClient(t *testing.T) {
	for name, count := range map[string]int{"more than a set has": 60, "more than a hello may hold": 5000} {
		var hosts []string
		for i := range count {
			hosts = append(hosts, "h"+time.Unix(int64(i), 0).UTC().Format("150405")+".example:27017")
		}
		var mu sync.Mutex
		asked := map[string]bool{}
		seed := liar(t, hosts, "rs0", "")
		open := (&net.Dialer{}).DialContext
		s, err := Open(t.Context(), Options{URI: redact.New("mongodb://" + seed + "/?replicaSet=rs0&serverSelectionTimeoutMS=300"), Database: "x", AllowPrivate: true, Now: time.Now,
			Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				mu.Lock()
				asked[addr] = true
				mu.Unlock()
				if addr == seed {
					return open(ctx, network, addr)
				}
				return nil, errors.New("not there")
			}})
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Ping(t.Context(), nil)
		_, err = s.Begin(t.Context(), source.Session{})
		if count == 60 {
			if f := source.FailureOf(err); err == nil || f.Code != "source_too_many_members" {
				t.Errorf("%s: %v", name, err)
			}
		} else if mu.Lock(); len(asked) != 1 {
			t.Errorf("%s: %d hosts were asked for", name, len(asked))
			mu.Unlock()
		} else {
			mu.Unlock()
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
