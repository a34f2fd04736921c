package outbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"turnkey/internal/dial"
	"turnkey/runtime/outbox/signature"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

const (
	// maxExcerpt is how much of an answer is kept, and drained how much more is read so that the
	// connection can be used again.
	maxExcerpt = 1 << 10
	drained    = 16 << 10
)

// result is what came of an attempt.
type result struct {
	source.Attempt               // Code is "" when the delivery was taken
	asked          time.Duration // Retry-After
	final          bool          // the receiver wants no more of it
	void           bool          // nobody could make an attempt: it does not count
	away           bool          // the receiver is not there, or is overloaded: the breaker counts it
}

// send makes one signed request.
func send(ctx context.Context, client *http.Client, url string, key signature.Key, d *source.Delivery, now time.Time) (out result) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(d.Payload))
	if err != nil {
		out.Code, out.Message = "endpoint_invalid", "The address of the outbox cannot be used."
		return out
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Turnkey-Webhooks/1")
	r.Header.Set("webhook-id", d.ID)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("webhook-signature", key.Sign(d.ID, now, d.Payload))
	answer, err := client.Do(r)
	if err != nil {
		out.away = true
		f := dial.Explain(err, "endpoint")
		out.Code, out.Message = f.Code, strings.TrimSpace(f.Message+" "+f.Hint)
		return out
	}
	defer answer.Body.Close()
	out.Status = answer.StatusCode
	begin, _ := io.ReadAll(io.LimitReader(answer.Body, maxExcerpt)) // the status has decided already
	_, _ = io.CopyN(io.Discard, answer.Body, drained)
	out.Excerpt = excerpt(string(begin))
	judge(&out, answer, now)
	return out
}

// judge tells from an answer's status what becomes of the delivery.
func judge(out *result, answer *http.Response, now time.Time) {
	status := answer.StatusCode
	if status >= 200 && status < 300 {
		return
	}
	out.Code, out.Message = "endpoint_refused", fmt.Sprintf("The receiver answered %d.", status)
	switch {
	case status == http.StatusGone:
		out.final = true
		out.Code, out.Message = "endpoint_gone", "The receiver answered 410: it wants no more of this."
	case status >= 300 && status < 400:
		out.Code, out.Message = "endpoint_redirects", fmt.Sprintf("The receiver answered %d; redirects are not followed. Configure the address that it points to.", status)
	case status == http.StatusTooManyRequests || status >= 500:
		out.away = true
		out.asked = retryAfter(answer.Header, now)
	}
}

// excerpt makes the beginning of foreign text one line that is safe to keep and show.
func excerpt(s string) string {
	s = telemetry.Clean(strings.Join(strings.Fields(s), " "), maxExcerpt)
	return telemetry.Clean(s, maxExcerpt) // what stands for a bad byte is longer than it
}
