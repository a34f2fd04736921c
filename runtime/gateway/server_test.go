package gateway_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/gateway"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/token"
)

// listen serves a handler with the gateway's own server on loopback.
func listen(t testing.TB, handler http.Handler) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := gateway.Server(handler, slog.New(slog.DiscardHandler))
	if server.ReadHeaderTimeout <= 0 || server.ReadTimeout <= 0 || server.WriteTimeout <= 0 || server.IdleTimeout <= 0 {
		t.Error("a slow client can hold a connection for ever")
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return "http://" + l.Addr().String()
}

func TestServerBoundsHeaders(t *testing.T) {
	url := listen(t, newRig(t, nil))
	for size, want := range map[int]int{1 << 10: 200, 24 << 10: 200, 64 << 10: 431} {
		q, _ := http.NewRequest("GET", url+"/i/acme/health", nil)
		q.Header.Set("X-Pad", strings.Repeat("x", size))
		response, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%d bytes of headers: %d, want %d", size, response.StatusCode, want)
		}
	}
}

// realTokens is the real authority behind the gateway's interface.
type realTokens struct{ *token.Authority }

func (a realTokens) Exchange(ctx context.Context, q gateway.TokenRequest) (any, string, error) {
	out, err := a.Authority.Exchange(ctx, token.Request(q))
	if err != nil {
		return nil, "", err
	}
	return out, out.UserID, nil
}

func (a realTokens) Authenticate(ctx context.Context, authorization string) (rule.User, error) {
	return a.Authority.Authenticate(ctx, authorization)
}

// BenchmarkTokenExchange is a whole exchange over a loopback socket, client included: an EdDSA token
// of a provider in, an EdDSA token of ours out.
func BenchmarkTokenExchange(b *testing.B) {
	now := time.Now()
	public, private, _ := ed25519.GenerateKey(rand.Reader)
	der, _ := x509.MarshalPKIXPublicKey(public)
	key, err := token.GenerateKey("k1", bundle.EdDSA, now.Add(-time.Hour), now.Add(-time.Hour), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	served := instance("acme", 1)
	served.SigningKeys = []bundle.SigningKey{key}
	served.Config.Auth = bundle.Auth{
		PowerSyncURL: "https://ps.example", Audiences: []string{"https://ps.example"}, Algorithm: bundle.EdDSA, TokenTTL: 5 * time.Minute,
		Providers: []bundle.Provider{{
			Name: "main", Type: bundle.ProviderPublicKey, UserID: "claims.sub",
			PublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		}},
	}
	f := &feed{bundles: map[string]*bundle.Bundle{}}
	f.put(served)
	g := gateway.New(gateway.Config{
		Instances: f, Now: time.Now, Random: func() float64 { return 0.5 }, NewID: rand.Text, Log: slog.New(slog.DiscardHandler),
		OpenSource: func(context.Context, *bundle.Bundle) (source.Source, error) {
			return fakeSource{closed: new(atomic.Int32)}, nil
		},
		NewAuthority: func(b *bundle.Bundle, _ source.Source) (gateway.Authority, error) {
			a, err := token.New(b, token.Deps{Now: time.Now})
			return realTokens{a}, err
		},
		NewUploader: func(*bundle.Bundle, source.Source, func(http.ResponseWriter, *http.Request, error)) (gateway.Uploader, error) {
			return fakeUploader{}, nil
		},
	})
	defer g.Close()
	url := listen(b, g)
	input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"sub":"u1","exp":%d}`, now.Add(time.Hour).Unix()))
	credential := "Bearer " + input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private, []byte(input)))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			q, _ := http.NewRequest("POST", url+"/i/acme/token", nil)
			q.Header.Set("Authorization", credential)
			response, err := client.Do(q)
			if err != nil {
				b.Error(err)
				return
			}
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if response.StatusCode != 200 {
				b.Errorf("%d %s", response.StatusCode, body)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "exchanges/s")
}

func TestDomainsWithDotsAreTakenLiterally(t *testing.T) {
	r := newRig(t, func(c *gateway.Config) { c.Domain = "run.turnkey.example" })
	for host, want := range map[string]int{
		"acme.run.turnkey.example": 200, "acme.run.turnkey.example:8443": 200, "ACME.Run.Turnkey.Example": 200,
		"acme.runxturnkey.example": 404, "acme.run.turnkey.example.evil.example": 404, "run.turnkey.example": 404,
		"acme.evil.run.turnkey.example": 404, "acme.localhost": 404, "acme": 404,
	} {
		if rec := r.do("GET", "http://"+host+"/health", nil, ""); rec.Code != want {
			t.Errorf("%s: %d, want %d", host, rec.Code, want)
		}
	}
}
