package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"turnkey/internal/dial"
	"turnkey/runtime/hook"
)

const (
	// MaxAnswer is the longest body of an answer, in bytes.
	MaxAnswer = 1 << 20
	// maxRedirects is how many are followed.
	maxRedirects = 5
	// maxHeaders of an answer that a hook is shown.
	maxHeaders = 100
	// spare is what is left of the context's time for telling the hook that its time was up.
	spare = 500 * time.Millisecond
)

// Client makes requests for hooks. Safe for concurrent use; its owner calls Close.
type Client struct {
	http    *http.Client
	plain   bool // http:// is possible
	timeout time.Duration
}

// New makes a client that takes at most timeout for a request, redirects and body included.
func New(guard *dial.Guard, timeout time.Duration) *Client {
	plain := guard.AllowsPrivate()
	return &Client{http: guard.HTTPClient(dial.HTTPOptions{Timeout: timeout, MaxBody: MaxAnswer, AllowHTTP: plain}), plain: plain, timeout: timeout}
}

// Close ends connections that wait for further use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Do carries out a request to one of the hosts.
func (c *Client) Do(ctx context.Context, hosts []string, q *hook.FetchRequest) (*hook.FetchResponse, *hook.HostError) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	r, refused := c.request(ctx, hosts, q)
	if refused != nil {
		return nil, refused
	}
	for redirects := 0; ; redirects++ {
		answer, err := c.http.Do(r)
		if err != nil {
			return nil, explain(err)
		}
		to, moved := moves(answer)
		if !moved {
			return read(r, answer)
		}
		answer.Body.Close()
		if redirects == maxRedirects {
			return nil, &hook.HostError{Code: "fetch_redirect", Message: "The request was redirected more than 5 times."}
		}
		if r, refused = c.follow(r, answer, to, hosts, q.Body); refused != nil {
			return nil, refused
		}
	}
}

// within leaves the hook a moment to hear that its time is up: ending with the context would end the hook.
func (c *Client) within(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := c.timeout
	if end, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(end)-spare)
	}
	return context.WithTimeout(ctx, timeout)
}

// read takes the answer to its end.
func read(r *http.Request, answer *http.Response) (*hook.FetchResponse, *hook.HostError) {
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	switch {
	case errors.Is(err, dial.ErrBodyTooLarge):
		return nil, &hook.HostError{Code: "fetch_too_large", Message: "The answer is larger than 1 MB."}
	case err != nil:
		return nil, explain(err)
	}
	_, text, _ := strings.Cut(answer.Status, " ")
	out := &hook.FetchResponse{Status: answer.StatusCode, StatusText: valid(text), URL: valid(r.URL.String()), Body: body}
	for name, values := range answer.Header {
		for _, value := range values {
			if !withheld[name] && len(out.Headers) < maxHeaders {
				out.Headers = append(out.Headers, hook.Header{Name: valid(strings.ToLower(name)), Value: valid(value)})
			}
		}
	}
	return out, nil
}

// withheld are headers of answers that are no hook's business: there are no cookies, and the others speak of
// a connection that is not the hook's.
var withheld = map[string]bool{"Set-Cookie": true, "Set-Cookie2": true, "Connection": true, "Keep-Alive": true, "Proxy-Authenticate": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true}

// valid makes a server's text one that can cross to the worker.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// moves tells where an answer redirects to.
func moves(answer *http.Response) (to string, moved bool) {
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		to = answer.Header.Get("Location")
	}
	return to, to != ""
}

// follow makes the request that a redirect asks for.
func (c *Client) follow(from *http.Request, answer *http.Response, to string, hosts []string, body []byte) (*http.Request, *hook.HostError) {
	at, err := from.URL.Parse(to)
	if err != nil {
		return nil, malformedURL()
	}
	at.Fragment = ""
	if refused := c.mayCall(at, hosts); refused != nil {
		refused.Message = "The server redirects elsewhere. " + refused.Message
		return nil, refused
	}
	method := from.Method
	switch answer.StatusCode {
	case http.StatusSeeOther:
		if method != http.MethodHead {
			method, body = http.MethodGet, nil
		}
	case http.StatusMovedPermanently, http.StatusFound:
		if method == http.MethodPost {
			method, body = http.MethodGet, nil
		}
	}
	if from.ContentLength == 0 { // dropped by a redirect before this one
		body = nil
	}
	next, err := newRequest(from.Context(), method, at, body)
	if err != nil {
		return nil, malformedURL()
	}
	keep := sameOrigin(from.URL, at)
	for name, values := range from.Header {
		if (keep || harmless[name]) && (body != nil || name != "Content-Type") {
			next.Header[name] = values
		}
	}
	return next, nil
}

// harmless headers carry no credentials: they go along to another origin.
var harmless = map[string]bool{"Accept": true, "Accept-Language": true, "Content-Type": true, "User-Agent": true}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) }

func newRequest(ctx context.Context, method string, at *url.URL, body []byte) (*http.Request, error) {
	at.RawQuery = escapeQuery(at.RawQuery)
	if len(body) == 0 {
		return http.NewRequestWithContext(ctx, method, at.String(), http.NoBody)
	}
	return http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
}

// escapeQuery escapes what may not stand in the first line of a request: spaces, some signs, everything beyond ASCII. net/url takes a query
// that has them, and net/http sends it as it came.
func escapeQuery(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
