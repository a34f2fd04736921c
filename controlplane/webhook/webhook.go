// Package webhook sends alerts as signed webhooks, by the scheme of Standard Webhooks: the
// controlplane.WebhookSender of installations. It knows one request and its answer; it must not know
// what an alert is, nor try again: the domain keeps what is to be sent and when. The client that it is
// given decides which addresses are called (internal/dial).
package webhook

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"turnkey/internal/dial"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/outbox/signature"
)

// Sender sends. Safe for concurrent use.
type Sender struct {
	client *http.Client
	now    func() time.Time
}

// New makes one that calls by a client, which must be guarded and have a timeout.
func New(client *http.Client, now func() time.Time) *Sender { return &Sender{client, now} }

// Send makes one signed request. A fault of kind Invalid says that no other attempt will do better.
func (s *Sender) Send(ctx context.Context, url string, secret redact.Secret, id string, body []byte) error {
	key, err := signature.ParseKey(secret)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "endpoint_invalid", "The address of the webhook cannot be used.")
	}
	at := s.now()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Turnkey-Alerts/1")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("webhook-signature", key.Sign(id, at, body))
	answer, err := s.client.Do(r)
	if err != nil {
		return dial.Explain(err, "endpoint")
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 16<<10) // so that the connection can be used again
	switch status := answer.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusGone:
		return fault.New(fault.Invalid, "endpoint_gone", "The receiver answered 410: it wants no more of this.")
	case status >= 300 && status < 400:
		return fault.Newf(fault.Unavailable, "endpoint_redirects", "The receiver answered %d; redirects are not followed.", status)
	default:
		return fault.Newf(fault.Unavailable, "endpoint_refused", "The receiver answered %d.", status)
	}
}
