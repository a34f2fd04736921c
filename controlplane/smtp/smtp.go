// Package smtp hands mails to a mail server: the controlplane.Mailer of installations that have one. It
// must not know what mails say, when they are tried again or who they are for: it makes one attempt and
// says whether another one can help.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"turnkey/controlplane"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Config of a mail server.
type Config struct {
	// URL is smtps://user:password@host:465 (TLS), smtp://user:password@host:587 (STARTTLS, required) or
	// smtp+plain://host:25, which neither encrypts nor signs in: for a relay on the same machine.
	URL redact.Secret
	// From is the sender: "Turnkey <no-reply@turnkey.example>".
	From string
	// Timeout of one attempt; zero: 20 s.
	Timeout time.Duration
	// TLS adds to the usual trust; tests set it.
	TLS *tls.Config
}

// Mailer sends. Safe for concurrent use.
type Mailer struct {
	host    string
	options []gomail.Option
	from    string
	domain  string
	timeout time.Duration
	tls     *tls.Config // from the first byte; nil: STARTTLS, or none
}

var _ controlplane.Mailer = (*Mailer)(nil)

// New checks the settings; it does not connect. Its errors never quote the URL, which holds a password.
func New(c Config) (*Mailer, error) {
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fault.New(fault.Invalid, "mail_settings", "The sender is no e-mail address.").
			WithHint(`Set TURNKEY_MAIL_FROM to something like "Turnkey <no-reply@turnkey.example>".`)
	}
	m := &Mailer{from: from.String(), timeout: c.Timeout}
	_, m.domain, _ = strings.Cut(from.Address, "@")
	if m.timeout == 0 {
		m.timeout = 20 * time.Second
	}
	if err := m.server(c); err != nil {
		return nil, err
	}
	if _, err := gomail.NewClient(m.host, m.options...); err != nil {
		return nil, badURL()
	}
	return m, nil
}

func badURL() error {
	return fault.New(fault.Invalid, "mail_settings", "The mail server's URL cannot be read.").
		WithHint("Set TURNKEY_SMTP_URL to smtps://user:password@host:465 or smtp://user:password@host:587; % and @ in a password are written %25 and %40.")
}

// server turns the URL into options of the client.
func (m *Mailer) server(c Config) error {
	u, err := url.Parse(c.URL.Reveal())
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return badURL()
	}
	m.host = u.Hostname()
	trust := &tls.Config{ServerName: m.host, MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		trust = c.TLS
	}
	m.options = []gomail.Option{gomail.WithTimeout(m.timeout), gomail.WithTLSConfig(trust), gomail.WithHELO(m.domain)}
	port := 0
	switch u.Scheme {
	case "smtps":
		port = 465
		m.tls = trust
		m.options = append(m.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic)) // dial has done it
	case "smtp":
		port = 587
		m.options = append(m.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "smtp+plain":
		port = 25
		m.options = append(m.options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return badURL()
	}
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil {
			return badURL()
		}
	}
	m.options = append(m.options, gomail.WithPort(port))
	if password, has := u.User.Password(); has {
		if u.Scheme == "smtp+plain" {
			return badURL() // a password in clear
		}
		m.options = append(m.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return nil
}

// Send implements controlplane.Mailer.
func (m *Mailer) Send(ctx context.Context, letter controlplane.Mail) error {
	message := gomail.NewMsg()
	if err := message.From(m.from); err != nil {
		return refused(err)
	}
	if err := message.To(letter.To); err != nil {
		return refused(err)
	}
	message.Subject(letter.Subject)
	message.SetMessageIDWithValue(letter.ID + "@" + m.domain)
	message.SetDateWithValue(letter.CreatedAt)
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(gomail.TypeTextPlain, letter.Text)

	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	// The library leaves a connection open when the talk before the first mail fails; ours are closed.
	var conn net.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	dial := gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (c net.Conn, err error) {
		conn, err = m.dial(ctx, network, address)
		return conn, err
	})
	client, err := gomail.NewClient(m.host, append(m.options[:len(m.options):len(m.options)], dial)...)
	if err != nil {
		return unreachable(err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return unreachable(err)
	}
	defer func() { _ = client.Close() }() // the server has the mail or said that it has not
	err = client.Send(message)
	var sending *gomail.SendError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &sending) && permanent(sending):
		return refused(err)
	}
	return unreachable(err)
}

// dial connects, with TLS from the first byte where the URL says smtps.
func (m *Mailer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if m.tls == nil {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return (&tls.Dialer{Config: m.tls}).DialContext(ctx, network, address)
}

// permanent reports a refusal of this mail (5xx to its addresses or its text). What the server says before
// that, to our name or password, is the operator's to mend, and the mail waits for it.
func permanent(e *gomail.SendError) bool {
	switch e.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose, gomail.ErrWriteContent:
		return e.ErrorCode() >= 500
	}
	return false
}

func refused(err error) error {
	return fault.Wrap(err, fault.Invalid, "mail_refused", "The mail server refuses this mail.")
}

func unreachable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "mail_server_unreachable", "The mail server does not take mail now.")
}
