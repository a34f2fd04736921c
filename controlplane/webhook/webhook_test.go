package webhook_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"turnkey/controlplane/webhook"
	"turnkey/internal/dial"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// TestReceiversVerifyIt: the scheme's own library accepts what is sent.
func TestReceiversVerifyIt(t *testing.T) {
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- verifier.Verify(body, r.Header)
	}))
	defer server.Close()
	client := dial.New(dial.Options{AllowPrivate: true}).HTTPClient(dial.HTTPOptions{Timeout: time.Minute, MaxBody: 1 << 10, AllowHTTP: true})
	defer client.CloseIdleConnections()
	if err := webhook.New(client, time.Now).Send(t.Context(), server.URL, redact.New(secret), "alm_1", []byte(`{"type":"alert.test"}`)); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("the receiver does not verify it: %v", err)
	}
}

// TestWhatGoesWrong is said by code, and tells whether another attempt may do better.
func TestWhatGoesWrong(t *testing.T) {
	status := http.StatusInternalServerError
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://169.254.169.254/")
		w.WriteHeader(status)
	}))
	open := dial.New(dial.Options{AllowPrivate: true}).HTTPClient(dial.HTTPOptions{Timeout: time.Minute, MaxBody: 1 << 10, AllowHTTP: true})
	defer open.CloseIdleConnections()
	guarded := dial.New(dial.Options{}).HTTPClient(dial.HTTPOptions{Timeout: time.Minute, MaxBody: 1 << 10, AllowHTTP: true, Ports: []string{}})
	send := func(client *http.Client, url string) error {
		return webhook.New(client, time.Now).Send(context.Background(), url, redact.New(secret), "alm_1", []byte(`{}`))
	}
	for _, c := range []struct {
		status int
		code   string
		kind   fault.Kind
	}{{500, "endpoint_refused", fault.Unavailable}, {404, "endpoint_refused", fault.Unavailable}, {302, "endpoint_redirects", fault.Unavailable}, {410, "endpoint_gone", fault.Invalid}} {
		status = c.status
		if err := send(open, server.URL); !fault.Is(err, c.code) || !fault.IsKind(err, c.kind) {
			t.Errorf("%d: %v", c.status, err)
		}
	}
	if err := send(guarded, server.URL); err == nil {
		t.Error("a loopback address is called through the guard")
	}
	server.Close()
	if err := send(open, server.URL); !fault.Is(err, "endpoint_unreachable") {
		t.Errorf("a closed port: %v", err)
	}
	if err := webhook.New(open, time.Now).Send(t.Context(), server.URL, redact.New("no key"), "alm_1", nil); err == nil {
		t.Error("a bad key signs")
	}
}
