package outbox

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"turnkey/internal/dial"
	"turnkey/internal/redact"
	"turnkey/runtime/outbox/signature"
	"turnkey/runtime/source"
)

func testKey(t testing.TB) (string, signature.Key) {
	t.Helper()
	text := "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	key, err := signature.ParseKey(redact.New(text))
	if err != nil {
		t.Fatal(err)
	}
	return text, key
}

func guarded(allowPrivate bool) *http.Client {
	g := dial.New(dial.Options{AllowPrivate: allowPrivate})
	return g.HTTPClient(dial.HTTPOptions{Timeout: DefaultPolicy.Timeout, MaxBody: 64 << 10, AllowHTTP: allowPrivate})
}

// post sends one delivery to a receiver that behaves like that.
func post(t *testing.T, client *http.Client, receive http.HandlerFunc) result {
	t.Helper()
	server := httptest.NewServer(receive)
	defer server.Close()
	defer client.CloseIdleConnections()
	_, key := testKey(t)
	return send(t.Context(), client, server.URL+"/hook?from=todo", key, &source.Delivery{ID: "dlv_1", Payload: []byte(`{"a": 1}`)}, time.Now())
}

func TestWhatAReceiverAnswers(t *testing.T) {
	answer := func(status int, pairs ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(pairs); i += 2 {
				w.Header().Set(pairs[i], pairs[i+1])
			}
			w.WriteHeader(status)
		}
	}
	for name, c := range map[string]struct {
		receive     http.HandlerFunc
		code        string
		away, final bool
		asked       time.Duration
	}{
		"200":                 {answer(200), "", false, false, 0},
		"204":                 {answer(204), "", false, false, 0},
		"400":                 {answer(400, "Retry-After", "60"), "endpoint_refused", false, false, 0},
		"401":                 {answer(401), "endpoint_refused", false, false, 0},
		"410":                 {answer(410), "endpoint_gone", false, true, 0},
		"429 with a time":     {answer(429, "Retry-After", "7200"), "endpoint_refused", true, false, 2 * time.Hour},
		"503 with a time":     {answer(503, "Retry-After", "30"), "endpoint_refused", true, false, 30 * time.Second},
		"500":                 {answer(500), "endpoint_refused", true, false, 0},
		"a redirect":          {answer(302, "Location", "http://127.0.0.1:1/elsewhere"), "endpoint_redirects", false, false, 0},
		"a broken connection": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "endpoint_unreachable", true, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := post(t, guarded(true), c.receive)
			if r.Code != c.code || r.away != c.away || r.final != c.final || r.asked != c.asked || (r.Message == "") != (c.code == "") {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestWhatAReceiverGets(t *testing.T) {
	var got *http.Request
	var body []byte
	post(t, guarded(true), func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	if string(body) != `{"a": 1}` || got.Method != http.MethodPost || got.URL.String() != "/hook?from=todo" {
		t.Errorf("%s %s %s", got.Method, got.URL, body)
	}
	for name, want := range map[string]string{"Webhook-Id": "dlv_1", "Content-Type": "application/json", "User-Agent": "Turnkey-Webhooks/1", "Accept-Encoding": ""} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
}

// What is kept of an answer is bounded, one line, and safe to show.
func TestTheExcerptIsSafe(t *testing.T) {
	r := post(t, guarded(true), func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, "line\r\none\x00\x1b[31m\u202e \xff"+strings.Repeat("ä", 200_000))
	})
	if len(r.Excerpt) > maxExcerpt || !utf8.ValidString(r.Excerpt) || strings.ContainsAny(r.Excerpt, "\n\r\x00\x1b\u202e") || !strings.HasPrefix(r.Excerpt, "line one") {
		t.Errorf("%d bytes: %q", len(r.Excerpt), r.Excerpt)
	}
	if r.Status != 500 || r.Code != "endpoint_refused" {
		t.Errorf("the length of an answer decides nothing: %+v", r)
	}
}

func TestATimeLimit(t *testing.T) {
	stuck, arrived := make(chan struct{}), make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived <- struct{}{}; <-stuck }))
	defer server.Close()
	defer close(stuck)
	_, key := testKey(t)
	for limit := 50 * time.Millisecond; limit < time.Minute && len(arrived) == 0; limit *= 4 { // a busy machine may not get there in time
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		r := send(ctx, guarded(true), server.URL, key, &source.Delivery{ID: "dlv_1"}, time.Now())
		if r.Code != "endpoint_timeout" || len(arrived) > 0 && !r.away {
			t.Errorf("%+v", r)
		}
		cancel()
	}
	if len(arrived) == 0 {
		t.Error("nothing was sent")
	}
}

// TestPrivateAddressesAreRefused: a tenant's receiver must not be a way into our own network, however its
// address is spelled, unless the operator allows private networks.
func TestPrivateAddressesAreRefused(t *testing.T) {
	called := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer server.Close()
	_, key := testKey(t)
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	open := dial.New(dial.Options{}).HTTPClient(dial.HTTPOptions{Timeout: time.Second, MaxBody: 1 << 10, Ports: []string{port[1:]}})
	for _, url := range []string{server.URL, "https://localhost" + port, "https://2130706433" + port, "https://[::ffff:127.0.0.1]" + port} {
		r := send(t.Context(), open, url, key, &source.Delivery{ID: "dlv_1"}, time.Now())
		if r.Code == "" || r.Code != "address_not_allowed" && r.Code != "endpoint_unknown_host" || strings.Contains(r.Message, "127.0.0.1") {
			t.Errorf("%s: %+v", url, r)
		}
	}
	for _, url := range []string{"http://example.com", "https://example.com:22", "https://user@example.com", "gopher://x"} {
		if r := send(t.Context(), guarded(false), url, key, &source.Delivery{ID: "dlv_1"}, time.Now()); r.Code != "address_not_allowed" {
			t.Errorf("%s: %+v", url, r)
		}
	}
	if called {
		t.Error("the receiver was called")
	}
}
