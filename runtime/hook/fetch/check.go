package fetch

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"turnkey/runtime/hook"
)

// methods that hooks may use.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

const (
	maxURL        = 8 << 10
	maxHeaderText = 16 << 10 // of all together
)

// request checks what a hook asks for.
func (c *Client) request(ctx context.Context, hosts []string, q *hook.FetchRequest) (*http.Request, *hook.HostError) {
	if !slices.Contains(methods, q.Method) {
		return nil, &hook.HostError{Code: "fetch_method", Message: "The method must be one of " + strings.Join(methods, ", ") + "."}
	}
	if len(q.Body) > 0 && (q.Method == http.MethodGet || q.Method == http.MethodHead) {
		return nil, &hook.HostError{Code: "fetch_body", Message: "A " + q.Method + " has no body."}
	}
	at, err := url.Parse(q.URL)
	if err != nil || len(q.URL) > maxURL || at.Opaque != "" || at.Hostname() == "" {
		return nil, malformedURL()
	}
	at.Fragment, at.RawFragment = "", ""
	if refused := c.mayCall(at, hosts); refused != nil {
		return nil, refused
	}
	r, err := newRequest(ctx, q.Method, at, q.Body)
	if err != nil {
		return nil, malformedURL()
	}
	size := 0
	for _, h := range q.Headers {
		name := http.CanonicalHeaderKey(h.Name)
		if size += len(name) + len(h.Value); size > maxHeaderText {
			return nil, &hook.HostError{Code: "fetch_header", Message: "The headers have more than 16 kB."}
		}
		if refused := mayHave(name, h.Value); refused != nil {
			return nil, refused
		}
		r.Header.Add(name, h.Value)
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "Turnkey-Hooks/1")
	}
	return r, nil
}

func malformedURL() *hook.HostError {
	return &hook.HostError{Code: "fetch_url", Message: "fetch needs a whole address, such as https://api.example.com/v1, of at most 8 kB."}
}

// mayCall holds an address to the list. The name is all that is looked at: where it leads is the guard's to judge.
func (c *Client) mayCall(at *url.URL, hosts []string) *hook.HostError {
	switch {
	case at.Scheme != "https" && !(c.plain && at.Scheme == "http"):
		return &hook.HostError{Code: "fetch_url", Message: "Only https addresses are fetched."}
	case at.User != nil:
		return &hook.HostError{Code: "fetch_url", Message: "Addresses with a user name are not fetched; send an Authorization header."}
	}
	host := strings.ToLower(at.Hostname())
	if slices.Contains(hosts, host) {
		return nil
	}
	return &hook.HostError{Code: "fetch_host", Message: "The host " + strings.ToValidUTF8(host[:min(len(host), 100)], "") + " is not listed under hooks.fetch of the configuration."}
}

// connection headers are the runtime's own: they say where a message ends and whose connection it is.
var connection = []string{"Host", "Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Http2-Settings", "Content-Length", "Expect", "Accept-Encoding", "Cookie", "Cookie2"}

func mayHave(name, value string) *hook.HostError {
	switch {
	case name == "" || strings.ContainsFunc(name, notToken):
		return &hook.HostError{Code: "fetch_header", Message: "The name of a header has letters, digits and hyphens."}
	case slices.Contains(connection, name) || strings.HasPrefix(name, "Proxy-"):
		return &hook.HostError{Code: "fetch_header", Message: "The header " + name + " cannot be set."}
	case strings.ContainsFunc(value, isControl):
		return &hook.HostError{Code: "fetch_header", Message: "The value of the header " + name + " has control characters."}
	}
	return nil
}

// notToken: what a header's name may not have (RFC 9110, 5.6.2).
func notToken(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
