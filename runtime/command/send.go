package command

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/envelope"
)

// Sender is the control plane's end. Safe for concurrent use.
type Sender struct {
	sign *envelope.Signer
	now  func() time.Time
	http *http.Client
}

// NewSender makes a sender that signs with the control plane's key.
func NewSender(sign *envelope.Signer, now func() time.Time) *Sender {
	return &Sender{sign: sign, now: now, http: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close ends idle connections.
func (s *Sender) Close() { s.http.CloseIdleConnections() }

// Send gives an order to the runtime with that id at that address and returns its result. A fault of
// the runtime comes back as it was; one that cannot be reached is runtime_unreachable.
func (s *Sender) Send(ctx context.Context, address, runtime string, c Command) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, Lifetime)
	defer cancel()
	c.Runtime, c.IssuedAt = runtime, s.now()
	c.ExpiresAt, c.Nonce = c.IssuedAt.Add(Lifetime), rand.Text()
	body, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("writing a command: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+Path, bytes.NewReader(body))
	if err != nil {
		return nil, unreachable(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(signatureHeader, base64.StdEncoding.EncodeToString(s.sign.Sign(purpose, body)))
	response, err := s.http.Do(r)
	if err != nil {
		return nil, unreachable(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil || len(raw) > maxAnswer {
		return nil, unreachable(fmt.Errorf("reading %d bytes of the answer: %w", len(raw), err))
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, unreachable(fmt.Errorf("%s: %w", response.Status, err))
	}
	if a.Fault != nil {
		return nil, a.Fault.fault()
	}
	return a.Result, nil
}

func unreachable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "runtime_unreachable", "No runtime answers at the moment.").
		WithHint("Check that a runtime runs and that the control plane reaches its internal listener (TURNKEY_INTERNAL_ADDRESS).")
}
