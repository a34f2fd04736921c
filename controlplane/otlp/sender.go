package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"turnkey/controlplane"
	"turnkey/internal/dial"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Sender sends. Safe for concurrent use.
type Sender struct {
	client  *http.Client
	now     func() time.Time
	version string // of the program
}

// New makes one that calls by a client, which must be guarded and have a timeout.
func New(client *http.Client, now func() time.Time, version string) *Sender {
	return &Sender{client, now, version}
}

const contentType = "application/x-protobuf"

// post sends one request, and gives what the receiver did not want of it.
func (s *Sender) post(ctx context.Context, to controlplane.Receiver, signal controlplane.Signal, message proto.Message) (sent controlplane.Sent, err error) {
	body, err := pack(message)
	if err != nil {
		return sent, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.Endpoint+"/v1/"+string(signal), bytes.NewReader(body))
	if err != nil {
		return sent, fault.Wrap(err, fault.Unavailable, "receiver_address", "The address of the receiver cannot be used.")
	}
	for name, value := range to.Headers {
		r.Header.Set(name, value.Reveal())
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Content-Encoding", "gzip")
	r.Header.Set("User-Agent", "Turnkey-OTLP/1")
	answer, err := s.client.Do(r)
	if err != nil {
		return sent, unreached(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode >= 200 && answer.StatusCode < 300 {
		if err != nil || !strings.HasPrefix(answer.Header.Get("Content-Type"), contentType) {
			return sent, nil // it has it; what it adds cannot be read
		}
		sent.Refused, sent.Message = partly(text)
		sent.Message = without(sent.Message, to.Headers)
		return sent, nil
	}
	return sent, s.refused(answer, signal)
}

// pack writes a message as gzipped protobuf.
func pack(message proto.Message) ([]byte, error) {
	raw, err := proto.Marshal(message)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "telemetry_unwritable", "This telemetry cannot be written as protobuf.")
	}
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("pack telemetry: %w", err)
	}
	if _, err := zip.Write(raw); err != nil {
		return nil, fmt.Errorf("pack telemetry: %w", err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("pack telemetry: %w", err)
	}
	return out.Bytes(), nil
}

// refused says what an answer that is no success means.
func (s *Sender) refused(answer *http.Response, signal controlplane.Signal) error {
	status := answer.StatusCode
	var err *fault.Error
	switch {
	case status == http.StatusRequestEntityTooLarge:
		err = fault.New(fault.TooLarge, "receiver_too_large", "The receiver finds a request too large (413).")
	case status == http.StatusBadRequest || status == http.StatusUnsupportedMediaType || status == http.StatusUnprocessableEntity:
		err = fault.Newf(fault.Invalid, "receiver_refused", "The receiver does not take this (%d).", status)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		err = fault.Newf(fault.Unavailable, "receiver_unauthorized", "The receiver does not accept the headers (%d).", status)
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		err = fault.Newf(fault.Unavailable, "receiver_missing", "There is no receiver of %s at /v1/%s (%d).", signal, signal, status)
	case status >= 300 && status < 400:
		err = fault.Newf(fault.Unavailable, "receiver_redirects", "The receiver answered %d; redirects are not followed.", status)
	case status == http.StatusTooManyRequests:
		err = fault.New(fault.Unavailable, "receiver_busy", "The receiver asks for a pause (429).")
	default:
		err = fault.Newf(fault.Unavailable, "receiver_failing", "The receiver answered %d.", status)
	}
	if after := s.retryAfter(answer.Header.Get("Retry-After")); after > 0 {
		return &controlplane.RetryAfter{Err: err, After: after}
	}
	return err
}

// retryAfter reads seconds or a date.
func (s *Sender) retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		return time.Duration(min(max(seconds, 0), 24*3600)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(s.now())
	}
	return 0
}

// partly reads what a receiver that took a request did not want of it: field 1 of every answer holds their number
// (field 1) and why (field 2).
func partly(answer []byte) (refused int64, message string) {
	part := fields(answer)[1]
	inner := fields(part.bytes)
	return int64(inner[1].number), string(inner[2].bytes)
}

type field struct {
	number uint64
	bytes  []byte
}

// fields gives the last of each field of a message, as far as it can be read.
func fields(raw []byte) map[protowire.Number]field {
	out := map[protowire.Number]field{}
	for len(raw) > 0 {
		n, kind, used := protowire.ConsumeTag(raw)
		if used < 0 {
			return out
		}
		raw = raw[used:]
		var f field
		switch kind {
		case protowire.VarintType:
			f.number, used = protowire.ConsumeVarint(raw)
		case protowire.BytesType:
			f.bytes, used = protowire.ConsumeBytes(raw)
		default:
			used = protowire.ConsumeFieldValue(n, kind, raw)
		}
		if used < 0 {
			return out
		}
		raw, out[n] = raw[used:], f
	}
	return out
}

// without takes the values of headers out of what a receiver says: it may repeat what it was sent.
func without(text string, headers map[string]redact.Secret) string {
	for _, secret := range headers {
		for _, part := range append(strings.Fields(secret.Reveal()), secret.Reveal()) {
			if len(part) >= 4 {
				text = strings.ReplaceAll(text, part, redact.Placeholder)
			}
		}
	}
	return text
}

// unreached says why a receiver was not reached. Even what the guard forbids may be tried again: a name may resolve to another address later.
func unreached(err error) error {
	f := dial.Explain(err, "receiver")
	return fault.Wrap(err, fault.Unavailable, f.Code, f.Message)
}
