package dial_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"turnkey/internal/dial"
	"turnkey/internal/fault"
)

// private has ways to spell an address that is not on the public internet. Some a resolver rejects;
// what counts is that none is ever connected to.
var private = []string{
	"127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "017700000001",
	"localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "0.0.0.0", "0", "::", "::1", "0:0:0:0:0:0:0:1",
	"::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:a00:1::1",
	"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "169.254.0.1", "100.64.0.1",
	"198.18.0.1", "192.0.0.1", "192.0.2.1", "203.0.113.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
	"fe80::1", "fe80::1%lo", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe",
}

func TestNoPrivateAddressIsDialled(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private server was reached") }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	g := dial.New(dial.Options{Timeout: 2 * time.Second})
	client := g.HTTPClient(dial.HTTPOptions{Timeout: 2 * time.Second, MaxBody: 10, AllowHTTP: true, Ports: []string{port}})
	for _, host := range private {
		for _, network := range []string{"tcp", "tcp4", "tcp6"} {
			if conn, err := g.DialContext(t.Context(), network, net.JoinHostPort(host, port)); err == nil {
				t.Errorf("%s over %s was dialled: %v", host, network, conn.RemoteAddr())
				conn.Close()
			}
		}
		if !strings.Contains(host, "%") {
			if response, err := client.Get("http://" + net.JoinHostPort(host, port)); err == nil {
				t.Errorf("%s was fetched: %s", host, response.Status)
				response.Body.Close()
			}
		}
		if g.Private(t.Context(), host) {
			t.Errorf("%s may do without TLS although it may not be dialled", host)
		}
	}
	_, err := g.DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
	if f := fault.Of(err); f.Code != "address_not_allowed" || !strings.Contains(f.Hint, "--allow-private-networks") {
		t.Errorf("the refusal must name the setting: %v", err)
	}
}

func TestOnlyTCP(t *testing.T) {
	for _, allow := range []bool{false, true} {
		g := dial.New(dial.Options{AllowPrivate: allow})
		for _, network := range []string{"unix", "unixgram", "udp", "ip", "ip4:icmp"} {
			if _, err := g.DialContext(t.Context(), network, "/tmp/.s.PGSQL.5432"); !fault.Is(err, "address_not_allowed") {
				t.Errorf("%s: %v", network, err)
			}
		}
	}
}

func TestOnlyWebPortsAreCalled(t *testing.T) {
	var ports []string
	resolver := answering(t, net.IPv4(10, 1, 2, 3)) // whatever is called is refused, but later and by another rule
	client := dial.New(dial.Options{Resolver: resolver, Timeout: time.Minute}).HTTPClient(dial.HTTPOptions{Timeout: time.Minute, MaxBody: 10})
	for _, address := range []string{
		"https://db.example", "https://db.example:443", "https://db.example:8443", "https://db.example:22", "https://db.example:6379",
		"https://db.example:80", "https://db.example:0443", "https://user@db.example", "http://db.example:443", "ftp://db.example",
	} {
		response, err := client.Get(address)
		if err == nil {
			response.Body.Close()
			t.Fatalf("%s was fetched", address)
		}
		if strings.Contains(fault.Of(err).Message, "network") {
			ports = append(ports, address)
		}
	}
	if got := strings.Join(ports, " "); got != "https://db.example https://db.example:443 https://db.example:8443" {
		t.Errorf("these got as far as dialling: %s", got)
	}
}

func TestANameThatTurnsPrivateIsCaught(t *testing.T) {
	// The name passes any check made in advance; what counts is where the socket goes.
	g := dial.New(dial.Options{Resolver: answering(t, net.IPv4(10, 1, 2, 3)), Timeout: time.Minute})
	if _, err := g.DialContext(t.Context(), "tcp", "db.customer.example:27017"); !fault.Is(err, "address_not_allowed") {
		t.Errorf("got %v", err)
	}
}

func TestPrivateWhenAllowed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			_, _ = io.WriteString(w, strings.Repeat("x", 1000))
		case "/moved":
			http.Redirect(w, r, "/long", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "ok "+r.Header.Get("Accept-Encoding"))
		}
	}))
	defer server.Close()
	g := dial.New(dial.Options{AllowPrivate: true})
	client := g.HTTPClient(dial.HTTPOptions{Timeout: time.Minute, MaxBody: 100, AllowHTTP: true})
	get := func(path string) (int, string, error) {
		response, err := client.Get(server.URL + path)
		if err != nil {
			return 0, "", err
		}
		defer response.Body.Close()
		b, err := io.ReadAll(response.Body)
		return response.StatusCode, string(b), err
	}
	if _, body, err := get("/"); err != nil || body != "ok " {
		t.Errorf("got %q %v", body, err)
	}
	if _, _, err := get("/long"); !errors.Is(err, dial.ErrBodyTooLarge) {
		t.Errorf("a long answer must fail, not end early: %v", err)
	}
	if status, _, _ := get("/moved"); status != http.StatusFound {
		t.Errorf("a redirect was followed: %d", status)
	}
	strict := g.HTTPClient(dial.HTTPOptions{Timeout: time.Minute, MaxBody: 100})
	if _, err := strict.Get(server.URL); !fault.Is(err, "address_not_allowed") {
		t.Errorf("http without AllowHTTP: %v", err)
	}
	if !g.Private(t.Context(), "127.0.0.1") || !g.Private(t.Context(), "localhost") || g.Private(t.Context(), "8.8.8.8") || g.Private(t.Context(), "no-such-name.invalid") {
		t.Error("only private addresses may do without TLS")
	}
}

// answering is a resolver whose every A record is ip, over a DNS server of the test's own.
func answering(t *testing.T, ip net.IP) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(dnsAnswer(buf[:n], ip.To4()), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// dnsAnswer turns a query into its answer: one A record, or none for other types.
func dnsAnswer(query []byte, ip []byte) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	question := query[12 : end+5]
	isA := question[len(question)-3] == 1
	out := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
	if isA {
		out[7] = 1
		out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		out = append(out, ip...)
	}
	return out
}
