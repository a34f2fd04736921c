package smtp

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// server is a mail server for tests: one connection at a time, with STARTTLS, that answers as it is told.
type server struct {
	listener net.Listener
	tls      *tls.Config
	// answers replaces the answer to a command, by its first word ("RCPT").
	answers map[string]string
	// implicit TLS from the first byte.
	implicit atomic.Bool
	said     chan []string
	done     chan struct{}
}

func newServer(t *testing.T, answers map[string]string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{listener: l, answers: answers, tls: selfSigned(t), said: make(chan []string, 4), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.said <- s.talk(c)
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-s.done })
	return s
}

func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}, RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
}

// talk speaks SMTP until the client leaves, and gives the lines that it said.
func (s *server) talk(c net.Conn) (said []string) {
	defer func() { _ = c.Close() }()
	if s.implicit.Load() {
		c = tls.Server(c, s.tls)
	}
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	in := bufio.NewReader(c)
	answer := func(command, usual string) {
		if other := s.answers[command]; other != "" {
			usual = other
		}
		fmt.Fprintf(c, "%s\r\n", usual)
	}
	answer("CONNECT", "220 mail ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return said
		}
		line = strings.TrimRight(line, "\r\n")
		said = append(said, line)
		command, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch command {
		case "EHLO":
			_, secure := c.(*tls.Conn)
			if secure {
				answer("EHLO", "250-mail\r\n250 AUTH PLAIN")
			} else {
				answer("EHLO", "250-mail\r\n250 STARTTLS")
			}
		case "STARTTLS":
			answer("STARTTLS", "220 go")
			secure := tls.Server(c, s.tls)
			if secure.Handshake() != nil {
				return said
			}
			c, in = secure, bufio.NewReader(secure)
		case "AUTH":
			answer("AUTH", "235 welcome")
		case "DATA":
			answer("DATA", "354 go on")
			if s.answers["DATA"] != "" {
				continue
			}
			for {
				text, err := in.ReadString('\n')
				if err != nil {
					return said
				}
				if text = strings.TrimRight(text, "\r\n"); text == "." {
					break
				}
				said = append(said, text)
			}
			answer("END", "250 taken")
		case "QUIT":
			answer("QUIT", "221 bye")
			return said
		default:
			answer(command, "250 fine")
		}
	}
}

func (s *server) mailer(t *testing.T, scheme, login string) *Mailer {
	t.Helper()
	m, err := New(Config{URL: redact.New(scheme + "://" + login + s.listener.Addr().String()), From: "Turnkey <no-reply@turnkey.example>", TLS: s.tls, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var letter = controlplane.Mail{
	ID: "mail_1", To: "ann@example.com", Subject: "Zur Bestätigung\r\nBcc: evil@example.com", Text: "Open https://d.example/verify?token=tv_1\n.\nend",
	CreatedAt: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC),
}

// TestSend: over TLS, with a name and a password, one mail under a Message-ID of its own. A subject cannot
// add headers, and a line with a dot does not end the mail.
func TestSend(t *testing.T) {
	s := newServer(t, nil)
	if err := s.mailer(t, "smtp", "user:p%40ss@").Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	said := strings.Join(<-s.said, "\n")
	for _, want := range []string{"STARTTLS", "AUTH PLAIN AHVzZXIAcEBzcw==", "MAIL FROM:<no-reply@turnkey.example>", "RCPT TO:<ann@example.com>", "Message-ID: <mail_1@turnkey.example>", "Auto-Submitted: auto-generated", "end"} {
		if !strings.Contains(said, want) {
			t.Errorf("it did not say %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "\nBcc:") || strings.Count(said, "RCPT TO") != 1 {
		t.Errorf("the subject added a header:\n%s", said)
	}
	if before, _, _ := strings.Cut(said, "STARTTLS"); strings.Contains(before, "AUTH") {
		t.Errorf("the password goes before TLS:\n%s", said)
	}
}

// TestImplicitTLS: smtps speaks TLS from the first byte.
func TestImplicitTLS(t *testing.T) {
	s := newServer(t, nil)
	s.implicit.Store(true)
	if err := s.mailer(t, "smtps", "user:p%40ss@").Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(<-s.said, "\n"); strings.Contains(said, "STARTTLS") || !strings.Contains(said, "AUTH PLAIN") {
		t.Errorf("it said:\n%s", said)
	}
}

// TestPlain: to a relay on the same machine, only where the URL says so.
func TestPlain(t *testing.T) {
	s := newServer(t, map[string]string{"EHLO": "250 mail"})
	if err := s.mailer(t, "smtp+plain", "").Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	<-s.said
	err := s.mailer(t, "smtp", "").Send(t.Context(), letter)
	if said := strings.Join(<-s.said, "\n"); !fault.IsKind(err, fault.Unavailable) || strings.Contains(said, "MAIL FROM") {
		t.Errorf("without STARTTLS: %v\n%s", err, said)
	}
}

// TestRefusals: what no other try helps with is Invalid, everything else waits.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		answers map[string]string
		kind    fault.Kind
	}{
		"no such address":           {map[string]string{"RCPT": "550 no such user"}, fault.Invalid},
		"the address later":         {map[string]string{"RCPT": "450 later"}, fault.Unavailable},
		"the text is refused":       {map[string]string{"END": "554 spam"}, fault.Invalid},
		"the text later":            {map[string]string{"END": "451 greylisted"}, fault.Unavailable},
		"our name is refused":       {map[string]string{"MAIL": "550 not you"}, fault.Unavailable},
		"our password is refused":   {map[string]string{"AUTH": "535 no"}, fault.Unavailable},
		"nobody is served just now": {map[string]string{"CONNECT": "421 busy"}, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, c.answers)
			err := s.mailer(t, "smtp", "user:hunter2@").Send(t.Context(), letter)
			if err == nil || fault.Of(err).Kind != c.kind || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v, want kind %v", err, c.kind)
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		s := newServer(t, nil)
		m := s.mailer(t, "smtp", "")
		_ = s.listener.Close()
		if err := m.Send(t.Context(), letter); !fault.IsKind(err, fault.Unavailable) {
			t.Error(err)
		}
	})
	t.Run("a server that says nothing", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		m, err := New(Config{URL: redact.New("smtp://" + l.Addr().String()), From: "a@b.example", Timeout: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := m.Send(ctx, letter); !fault.IsKind(err, fault.Unavailable) || ctx.Err() != nil {
			t.Errorf("%v, %v", err, ctx.Err())
		}
	})
}

// TestSettings: what could not be right is refused at the start, without showing the password.
func TestSettings(t *testing.T) {
	for _, url := range []string{"", "mail.example:25", "http://mail.example", "smtp://", "smtp://u:hunter2@mail.example/path", "smtp+plain://u:hunter2@mail.example", "smtp://u:hunter2@mail.example:99999"} {
		if _, err := New(Config{URL: redact.New(url), From: "a@b.example"}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, from := range []string{"", "Turnkey", "a@b.example\r\nBcc: x@y.example"} {
		if _, err := New(Config{URL: redact.New("smtps://mail.example"), From: from}); err == nil {
			t.Errorf("sender %q", from)
		}
	}
}
