package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// callTimeout bounds one attempt to send a batch.
const callTimeout = 10 * time.Second

// Client is the Sink that sends to a control plane's internal listener.
type Client struct {
	url   string
	token redact.Secret
	http  *http.Client
}

// NewClient takes the listener's address ("http://control-plane:8081") and the pool's token.
func NewClient(address string, token redact.Secret) *Client {
	return &Client{url: strings.TrimSuffix(address, "/") + Path, token: token, http: &http.Client{
		Timeout: callTimeout,
		// Never through a proxy from the environment, never along a redirect: the token is in the header.
		Transport:     &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Ship implements Sink.
func (c *Client) Ship(ctx context.Context, b Batch) error {
	body, err := Encode(b)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("address the control plane: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Encoding", "gzip")
	answer, err := c.http.Do(r)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "control_plane_unreachable", "The control plane does not answer.")
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<10)) // so that the connection can be used again
	switch answer.StatusCode {
	case http.StatusNoContent:
		return nil
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return fault.Newf(fault.Invalid, "telemetry_refused", "The control plane refuses this batch: %s.", answer.Status)
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, "telemetry_too_large", "The control plane finds this batch too large.")
	}
	return fault.Newf(fault.Unavailable, "control_plane_unreachable", "The control plane answers %s.", answer.Status)
}

// Encode writes a batch as gzipped JSON.
func Encode(b Batch) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("pack telemetry: %w", err)
	}
	text := json.NewEncoder(zip)
	text.SetEscapeHTML(false)
	if err := text.Encode(b); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "telemetry_unwritable", "This batch cannot be written as JSON.")
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("pack telemetry: %w", err)
	}
	return out.Bytes(), nil
}

// Decode reads what Encode wrote, or plain JSON, and checks its bounds. Its errors are faults of kind
// Invalid or TooLarge: the batch is wrong and stays wrong.
func Decode(body io.Reader, gzipped bool) (b Batch, err error) {
	if gzipped {
		if body, err = gzip.NewReader(body); err != nil {
			return b, malformed(err)
		}
	}
	raw, err := io.ReadAll(io.LimitReader(body, MaxBytes+1))
	switch {
	case err != nil:
		return b, malformed(err)
	case len(raw) > MaxBytes:
		return b, fault.New(fault.TooLarge, "telemetry_too_large", "The batch is too large.")
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		return b, malformed(err)
	}
	return b, b.Check()
}

func malformed(err error) error {
	return fault.Wrap(err, fault.Invalid, "telemetry_malformed", "The body is not a batch of telemetry.")
}

// Check refuses what no Shipper sends.
func (b Batch) Check() error {
	bad := func(text string) error { return fault.New(fault.Invalid, "telemetry_malformed", text) }
	switch {
	case b.Source == "" || len(b.Source) > maxName || b.Seq < 1:
		return bad("The batch does not say who sends it.")
	case len(b.Entries) > MaxEntries || len(b.Counts) > MaxCounts, len(b.Sights) > MaxSights, len(b.Devices) > MaxDevices, len(b.Refused) > MaxRefused:
		return fault.New(fault.TooLarge, "telemetry_too_large", "The batch is too large.")
	}
	for _, c := range b.Counts {
		if c.N < 0 || c.Minute%60 != 0 {
			return bad("A counter cannot be.")
		}
	}
	for _, s := range b.Sights {
		if s.N < 0 {
			return bad("A sighting cannot be.")
		}
	}
	return nil
}
