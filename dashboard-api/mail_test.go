package dashboardapi

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/internal/fault"
)

// postman is a mail server that answers as it is told.
type postman struct {
	mu    sync.Mutex
	sent  []controlplane.Mail
	fails error
}

// Send implements controlplane.Mailer.
func (p *postman) Send(_ context.Context, m controlplane.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails == nil {
		p.sent = append(p.sent, m)
	}
	return p.fails
}

func newMailHouse(t *testing.T) (*house, *postman) {
	t.Helper()
	p := &postman{}
	h := newHouse(t, func(c *controlplane.Config, w *Config) {
		c.Mailing = controlplane.Mailing{Mailer: p, BaseURL: "https://dashboard.example"}
		c.VerifyEmail = true
	})
	return h, p
}

// deliver sends all that is due now.
func (h *house) deliver() {
	h.Helper()
	for more := true; more; {
		var err error
		if more, err = h.plane.Mails.DeliverOne(h.Context()); err != nil {
			h.Fatal(err)
		}
	}
}

// state of the outbox: how many wait, were sent, were given up; and how many texts are kept.
func (h *house) outbox() (waiting, sent, givenUp, texts int) {
	h.Helper()
	err := h.audit.QueryRow(h.Context(), `SELECT count(due_at), count(sent_at), count(*) FILTER (WHERE due_at IS NULL AND sent_at IS NULL), count(sealed) FROM mails`).
		Scan(&waiting, &sent, &givenUp, &texts)
	if err != nil {
		h.Fatal(err)
	}
	return waiting, sent, givenUp, texts
}

// TestOutbox: a mail waits for a server that is down, is sent once it is back, and its text, which holds a
// link that proves something, is never readable in the database and forgotten once it is sent.
func TestOutbox(t *testing.T) {
	h, p := newMailHouse(t)
	p.fails = errors.New("connection refused")
	ann := h.signUp("ann")
	var readable int
	if err := h.audit.QueryRow(t.Context(), `SELECT count(*) FROM mails WHERE position('verify' in encode(sealed, 'escape')) > 0`).Scan(&readable); err != nil || readable != 0 {
		t.Errorf("the text of %d mails is readable (%v)", readable, err)
	}
	tried := 0
	for _, pause := range []time.Duration{0, 10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, time.Hour} {
		h.clock.advance(pause - time.Second)
		if pause > 0 {
			if more, err := h.plane.Mails.DeliverOne(t.Context()); more || err != nil {
				t.Errorf("tried again before %v", pause)
			}
		}
		h.clock.advance(time.Second)
		h.deliver()
		tried++
		var attempts int
		if err := h.audit.QueryRow(t.Context(), `SELECT attempts FROM mails`).Scan(&attempts); err != nil || attempts != tried {
			t.Fatalf("%d attempts after %d turns (%v)", attempts, tried, err)
		}
	}
	p.fails = nil
	h.clock.advance(time.Hour)
	h.deliver()
	if len(p.sent) != 1 || p.sent[0].To != ann.email || !strings.Contains(p.sent[0].Text, "https://dashboard.example/verify?token=tv_") {
		t.Fatalf("sent %+v", p.sent)
	}
	if waiting, sent, _, texts := h.outbox(); waiting != 0 || sent != 1 || texts != 0 {
		t.Errorf("%d wait, %d sent, %d texts kept", waiting, sent, texts)
	}
	h.clock.advance(8 * 24 * time.Hour)
	if n, err := h.plane.Mails.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
}

// TestMailGivenUp: at once what the server refuses for good, after a day what nobody takes.
func TestMailGivenUp(t *testing.T) {
	h, p := newMailHouse(t)
	p.fails = fault.New(fault.Invalid, "mail_refused", "no such user")
	h.signUp("ann")
	h.deliver()
	if _, _, givenUp, texts := h.outbox(); givenUp != 1 || texts != 0 {
		t.Errorf("refused for good: %d given up, %d texts", givenUp, texts)
	}
	p.fails = errors.New("connection refused")
	h.signUp("bob")
	for range 30 {
		h.deliver()
		h.clock.advance(time.Hour)
	}
	if waiting, sent, givenUp, texts := h.outbox(); waiting != 0 || sent != 0 || givenUp != 2 || texts != 0 {
		t.Errorf("after a day: %d wait, %d sent, %d given up, %d texts", waiting, sent, givenUp, texts)
	}
}

// TestMailOnce: replicas that deliver at the same time send each mail once; one that dies while it sends
// leaves the mail to the others after two minutes.
func TestMailOnce(t *testing.T) {
	h, p := newMailHouse(t)
	for range 20 {
		h.signUp("many")
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for more := true; more; {
				var err error
				if more, err = h.plane.Mails.DeliverOne(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	h.deliver()
	seen := map[string]bool{}
	for _, m := range p.sent {
		seen[m.ID] = true
	}
	if len(p.sent) != 20 || len(seen) != 20 {
		t.Errorf("%d mails sent, %d different", len(p.sent), len(seen))
	}

	h.signUp("late")
	dying, die := context.WithCancel(t.Context())
	p.fails = context.Canceled
	die()
	if more, _ := h.plane.Mails.DeliverOne(dying); more {
		t.Error("a replica that ends goes on")
	}
	p.fails = nil
	h.clock.advance(2*time.Minute + time.Second)
	h.deliver()
	if len(p.sent) != 21 {
		t.Errorf("%d mails sent after a replica died", len(p.sent))
	}
}

// TestMailBacklog: strangers can make mail, so the outbox is bounded: then nobody signs up, rather than
// without a mail.
func TestMailBacklog(t *testing.T) {
	h, _ := newMailHouse(t)
	_, err := h.audit.Exec(t.Context(), `INSERT INTO mails (id, kind, recipient, subject, created_at, due_at) SELECT 'mail_' || i, 'x', 'x', 'x', now(), now() FROM generate_series(1, 10000) i`)
	if err != nil {
		t.Fatal(err)
	}
	r := h.do(call{method: post, path: "/auth/signup", body: map[string]any{"email": "ann@example.com", "password": testPassword}})
	if r.Code != 503 || r.text("code") != "mail_backlog" || r.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	var users int
	if err := h.audit.QueryRow(t.Context(), `SELECT count(*) FROM users`).Scan(&users); err != nil || users != 0 {
		t.Errorf("%d accounts, %v", users, err)
	}
}

// TestMailbox: in development mails are shown, newest first; elsewhere there is no such address at all.
func TestMailbox(t *testing.T) {
	h := newHouse(t, func(c *controlplane.Config, w *Config) {
		c.Mailing.BaseURL, w.BaseURL, w.Development, w.Mailbox = "http://localhost:8080", "http://localhost:8080", true, true
	})
	h.signUp("ann")
	bob := h.signUp("bob")
	r := h.must(call{method: get, path: "/development/mails"})
	newest := r.json["data"].([]any)[0].(map[string]any)
	if newest["to"] != bob.email || newest["kind"] != "verification" || !strings.HasPrefix(newest["link"].(string), "http://localhost:8080/verify?token=tv_") {
		t.Errorf("the newest: %v", newest)
	}
	if len(r.json["data"].([]any)) != 2 {
		t.Errorf("mails: %s", r.Body)
	}
	h.must(call{method: post, path: "/auth/verify", body: map[string]any{"token": strings.TrimPrefix(newest["link"].(string), "http://localhost:8080/verify?token=")}})
	for name, adjust := range map[string]func(*controlplane.Config, *Config){
		"in production": func(_ *controlplane.Config, w *Config) { w.Mailbox = true },
		"with a server": func(c *controlplane.Config, w *Config) {
			c.Mailing.Mailbox, c.Mailing.Mailer, w.BaseURL, w.Development = false, &postman{}, "http://localhost:8080", true
		},
	} {
		t.Run(name, func(t *testing.T) {
			if r := newHouse(t, adjust).do(call{method: get, path: "/development/mails"}); r.Code != 404 || r.text("code") != "no_such_route" {
				t.Errorf("%d %s", r.Code, r.Body)
			}
		})
	}
}
