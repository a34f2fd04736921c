package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/gateway"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
)

// The parts behind the gateway are stand-ins here: the gateway's own work is routing, limits, CORS,
// answers and the life of instances. The real parts meet in cmd/turnkey's tests.

// feed is a stand-in for the bundles that a runtime follows.
type feed struct {
	mu      sync.Mutex
	bundles map[string]*bundle.Bundle
}

func (f *feed) put(b bundle.Bundle) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bundles[b.Instance.Host] = &b
}

func (f *feed) Bundle(_ context.Context, host string) (*bundle.Bundle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b := f.bundles[host]; b != nil {
		return b, nil
	}
	return nil, fault.New(fault.NotFound, "no_such_instance", "There is no such instance.")
}

func (f *feed) Revision(ctx context.Context, host string) (int64, error) {
	b, err := f.Bundle(ctx, host)
	if err != nil {
		return 0, err
	}
	return b.Revision, nil
}

// fakeSource only counts its end.
type fakeSource struct {
	source.Source
	closed *atomic.Int32
}

func (s fakeSource) Close() error { s.closed.Add(1); return nil }

func (fakeSource) Mode() source.Mode { return source.Mode{Atomicity: "transactions"} }

// fakeAuthority knows two users by their bearer.
type fakeAuthority struct{ revision int64 }

func (a fakeAuthority) Authenticate(_ context.Context, authorization string) (rule.User, error) {
	switch authorization {
	case "Bearer good":
		return rule.User{ID: "u1"}, nil
	case "Bearer unreachable":
		return rule.User{}, fault.New(fault.Unavailable, "keys_unreachable", "The provider's keys cannot be fetched.")
	case "Bearer broken":
		return rule.User{}, errors.New("secret detail 4711")
	}
	return rule.User{}, fault.New(fault.Unauthenticated, "token_refused", "The token was refused.")
}

func (a fakeAuthority) Exchange(_ context.Context, q gateway.TokenRequest) (any, string, error) {
	if q.UserID == "" {
		return nil, "", fault.New(fault.Unauthenticated, "no_identity", "No identity.")
	}
	return map[string]any{"token": "t-" + q.UserID, "claims": q.Claims}, q.UserID, nil
}

func (a fakeAuthority) JWKS() ([]byte, string) { return []byte(`{"keys":[]}`), `"e1"` }

// fakeUploader echoes who uploaded what, and can be told to wait.
type fakeUploader struct {
	revision int64
	gate     *gate
}

// gate holds the uploads of revision 1.
type gate struct{ entered, open chan struct{} }

func (u fakeUploader) Apply(w http.ResponseWriter, r *http.Request, body []byte, user rule.User, id string) {
	if u.gate != nil && u.revision == 1 {
		u.gate.entered <- struct{}{}
		<-u.gate.open
	}
	fmt.Fprintf(w, "revision %d user %s method %s bytes %d cookie %q id %t", u.revision, user.ID, r.Method, len(body), r.Header.Get("Cookie"), id != "")
}

func (fakeUploader) Degraded() any { return nil }
func (fakeUploader) Repeats() any  { return nil }

// rig is a gateway with its stand-ins.
type rig struct {
	*gateway.Gateway
	feed   *feed
	closed atomic.Int32
	opened atomic.Int32
	clock  time.Time
	gate   *gate
	breaks atomic.Bool
}

func newRig(t *testing.T, change func(*gateway.Config)) *rig {
	t.Helper()
	r := &rig{feed: &feed{bundles: map[string]*bundle.Bundle{}}, clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	var ids atomic.Int64
	cfg := gateway.Config{
		Domain: "localhost", Instances: r.feed,
		OpenSource: func(context.Context, *bundle.Bundle) (source.Source, error) {
			r.opened.Add(1)
			return fakeSource{closed: &r.closed}, nil
		},
		NewAuthority: func(b *bundle.Bundle, _ source.Source) (gateway.Authority, error) {
			return fakeAuthority{b.Revision}, nil
		},
		NewUploader: func(b *bundle.Bundle, _ source.Source, _ func(http.ResponseWriter, *http.Request, error)) (gateway.Uploader, error) {
			if r.breaks.Load() {
				return nil, fault.New(fault.Invalid, "bundle_rule", "A rule does not compile.")
			}
			return fakeUploader{b.Revision, r.gate}, nil
		},
		Hold: func(w http.ResponseWriter, _ *http.Request, code, _ string, _ time.Duration, _ func(http.ResponseWriter, *http.Request, error)) {
			fmt.Fprintf(w, "held %s", code)
		},
		Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Now:     func() time.Time { return r.clock },
		Random:  func() float64 { return 0.5 },
		NewID:   func() string { return fmt.Sprintf("req_%d", ids.Add(1)) },
		Log:     slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	r.Gateway = gateway.New(cfg)
	t.Cleanup(r.Close)
	r.feed.put(instance("acme", 1))
	return r
}

func instance(host string, revision int64) bundle.Bundle {
	return bundle.Bundle{
		Format: 1, Revision: revision, Deployment: 1, Secrets: map[string]redact.Secret{},
		Instance: bundle.Instance{ID: "ins_" + host, Host: host, State: bundle.Active},
	}
}

func (r *rig) do(method, url string, header map[string]string, body string) *httptest.ResponseRecorder {
	q := httptest.NewRequest(method, url, strings.NewReader(body))
	for k, v := range header {
		q.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, q)
	return rec
}

var good = map[string]string{"Authorization": "Bearer good"}

func TestRoutes(t *testing.T) {
	r := newRig(t, nil)
	empty := instance("empty", 1)
	empty.Deployment = 0
	r.feed.put(empty)
	paused := instance("paused", 1)
	paused.Instance.State = bundle.Paused
	r.feed.put(paused)
	gone := instance("gone", 1)
	gone.Instance.State = bundle.Deleted
	r.feed.put(gone)

	const base = "http://localhost:8080/i/acme"
	bearer := func(s string) map[string]string { return map[string]string{"Authorization": "Bearer " + s} }
	for name, c := range map[string]struct {
		method, url string
		header      map[string]string
		body        string
		status      int
		want        []string
		not         []string
	}{
		"upload":                                 {"POST", base + "/api/data", good, "{}", 200, []string{"user u1", "method POST", "id true"}, nil},
		"upload, other path":                     {"POST", base + "/upload", good, "{}", 200, []string{"user u1"}, nil},
		"one operation":                          {"PATCH", base + "/api/data", good, "{}", 200, []string{"method PATCH"}, nil},
		"upload by host":                         {"POST", "http://acme.localhost:8080/api/data", good, "{}", 200, []string{"user u1"}, nil},
		"no token":                               {"POST", base + "/api/data", nil, "{}", 401, []string{`"code":"token_refused"`, `"message":"The token was refused."`, `"request_id":"req_`}, nil},
		"keys unreachable is not 401":            {"POST", base + "/api/data", bearer("unreachable"), "{}", 503, []string{"keys_unreachable"}, nil},
		"our defects hide their text":            {"POST", base + "/api/data", bearer("broken"), "{}", 500, []string{`"code":"internal"`}, []string{"4711"}},
		"cookies are never seen":                 {"POST", base + "/api/data", map[string]string{"Authorization": "Bearer good", "Cookie": "session=1"}, "{}", 200, []string{`cookie ""`}, []string{"session"}},
		"unknown instance":                       {"POST", "http://localhost/i/nope/api/data", good, "{}", 404, []string{"no_such_instance"}, nil},
		"deleted instance":                       {"POST", "http://localhost/i/gone/api/data", good, "{}", 404, []string{"no_such_instance"}, nil},
		"paused instance holds":                  {"POST", "http://localhost/i/paused/api/data", good, "{}", 200, []string{"held instance_paused"}, nil},
		"nothing deployed":                       {"POST", "http://localhost/i/empty/api/data", good, "{}", 503, []string{"not_deployed", "hint"}, nil},
		"nothing deployed, still keys":           {"GET", "http://localhost/i/empty/jwks", nil, "", 200, []string{`{"keys":[]}`}, nil},
		"no such path":                           {"GET", base + "/nope", nil, "", 404, []string{"no_such_path", "/api/data"}, nil},
		"no such method":                         {"GET", base + "/upload", nil, "", 405, []string{"method_not_allowed"}, nil},
		"a tenant's host has no paths of others": {"GET", "http://acme.localhost/i/empty/health", nil, "", 404, []string{"no_such_path"}, []string{"not_deployed"}},
		"host in capitals":                       {"POST", "http://ACME.LocalHost:8080/api/data", good, "{}", 200, []string{"user u1"}, nil},
		"a host below the tenant's":              {"POST", "http://x.acme.localhost/api/data", good, "{}", 404, []string{"no_such_path"}, nil},
		"a host that ends alike":                 {"POST", "http://acme.localhost.evil.example/api/data", good, "{}", 404, []string{"no_such_path"}, nil},
		"a double slash is no redirect":          {"POST", "http://acme.localhost//api/data", good, "{}", 404, []string{"no_such_path"}, nil},
		"dots are no redirect":                   {"POST", base + "/../empty/api/data", good, "{}", 404, []string{"no_such_path"}, nil},
		"token, two documents":                   {"POST", base + "/token", nil, `{"user_id":"u7"}{"user_id":"u8"}`, 400, []string{"not_json"}, []string{"t-u"}},
		"claims keep their digits":               {"POST", base + "/token", nil, `{"user_id":"u7","claims":{"n":9007199254740993}}`, 200, []string{`9007199254740993`}, nil},
		"outside of any instance":                {"GET", "http://localhost/", nil, "", 404, []string{"no_such_path"}, nil},
		"token by GET":                           {"GET", base + "/token?user_id=u7", nil, "", 200, []string{`"token":"t-u7"`}, nil},
		"token by POST":                          {"POST", base + "/api/auth/token", nil, `{"user_id":"u7","claims":{"a":1}}`, 200, []string{`"token":"t-u7"`, `{"a":1}`}, nil},
		"token, not JSON":                        {"POST", base + "/token", nil, `nope`, 400, []string{"not_json"}, nil},
		"token, too much":                        {"POST", base + "/token", nil, strings.Repeat(" ", 70_000), 413, []string{"token_request_too_large"}, nil},
		"jwks":                                   {"GET", base + "/.well-known/jwks.json", nil, "", 200, []string{`{"keys":[]}`}, nil},
		"jwks, old path":                         {"GET", base + "/api/auth/keys", nil, "", 200, []string{`{"keys":[]}`}, nil},
		"jwks not modified":                      {"GET", base + "/jwks", map[string]string{"If-None-Match": `"e1"`}, "", 304, nil, []string{"keys"}},
		"health":                                 {"GET", base + "/health", nil, "", 200, []string{`"status":"ok"`, `"deployment":1`, `"transactions"`}, nil},
		"health of a paused one":                 {"GET", "http://localhost/i/paused/health", nil, "", 200, []string{`"status":"paused"`}, nil},
		"health of an empty one":                 {"GET", "http://localhost/i/empty/health", nil, "", 200, []string{`"status":"not_deployed"`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			rec := r.do(c.method, c.url, c.header, c.body)
			if rec.Code != c.status {
				t.Errorf("status %d, want %d: %s", rec.Code, c.status, rec.Body)
			}
			for _, s := range c.want {
				if !strings.Contains(rec.Body.String(), s) {
					t.Errorf("the body lacks %s: %s", s, rec.Body)
				}
			}
			for _, s := range c.not {
				if strings.Contains(rec.Body.String(), s) {
					t.Errorf("the body must not have %s: %s", s, rec.Body)
				}
			}
			h := rec.Header()
			if h.Get("X-Request-Id") == "" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Set-Cookie") != "" {
				t.Errorf("headers: %v", h)
			}
			if c.status >= 400 && h.Get("Content-Type") != "application/problem+json" {
				t.Errorf("not a problem document: %v", h)
			}
			if c.status == 503 && h.Get("Retry-After") == "" {
				t.Error("a 503 says when to come back")
			}
		})
	}
}

func TestCORS(t *testing.T) {
	r := newRig(t, nil)
	strict := instance("strict", 1)
	strict.Config.CORS.Origins = []string{"https://app.example", "http://localhost:5173"}
	r.feed.put(strict)

	for origin, allowed := range map[string]bool{
		"https://app.example": true, "http://localhost:5173": true,
		"https://app.example.evil.com": false, "https://evil-app.example": false, "https://app.example:443": false,
		"https://app.example:8443": false, "http://app.example": false, "https://APP.example": false,
		"https://sub.app.example": false, "https://app.example@evil.com": false, "https://app.example%00.evil.com": false,
		"https://app.example\thttps://evil.com": false, "https://app.example https://evil.com": false, "https://app.example,https://evil.com": false,
		" https://app.example": false, "https:app.example": false, "https:///app.example": false, "//app.example": false, "app.example": false,
		"https://app.example.": false, "https://app_example": false, "https://appxexample": false, "https://xn--app-example": false,
		"ws://app.example": false, "chrome-extension://app.example": false, "capacitor://localhost": false, "ionic://localhost": false,
		"https://localhost:5173": false, "http://localhost:51730": false, "http://127.0.0.1:5173": false, "http://[::1]:5173": false,
		"http://localhost.:5173": false, "http://evil.localhost:5173": false, "data:": false, "blob:https://app.example": false, "null": false, "": false, "https://app.example/": false, "*": false,
		"http://localhost": false, "http://localhost:5174": false, "file://": false, "https://app.exampl": false,
	} {
		for _, method := range []string{"GET", "OPTIONS"} {
			rec := r.do(method, "http://localhost/i/strict/health", map[string]string{"Origin": origin}, "")
			got := rec.Header().Get("Access-Control-Allow-Origin")
			if allowed && got != origin || !allowed && got != "" {
				t.Errorf("%s from %q: allowed %q", method, origin, got)
			}
			if rec.Header().Get("Vary") != "Origin" || rec.Header().Get("Access-Control-Allow-Credentials") != "" || rec.Code != 200 {
				t.Errorf("%s from %q: %d %v", method, origin, rec.Code, rec.Header())
			}
		}
	}
	for name, url := range map[string]string{
		"an open instance": "http://localhost/i/acme/api/data", "an unknown instance": "http://localhost/i/nope/api/data",
		"an unknown path": "http://localhost/i/acme/x", "by host": "http://acme.localhost/api/data",
	} {
		rec := r.do("OPTIONS", url, map[string]string{"Origin": "https://anyone.example", "Access-Control-Request-Method": "POST"}, "")
		if rec.Code != 200 || rec.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(rec.Header().Get("Access-Control-Allow-Headers"), "authorization") {
			t.Errorf("preflight of %s: %d %v", name, rec.Code, rec.Header())
		}
	}
}

func TestANewRevisionTakesOverBetweenRequests(t *testing.T) {
	r := newRig(t, nil)
	r.gate = &gate{make(chan struct{}), make(chan struct{})}
	done := make(chan string, 1)
	go func() { done <- r.do("POST", "http://localhost/i/acme/upload", good, "{}").Body.String() }()
	<-r.gate.entered
	r.feed.put(instance("acme", 2))
	if got := r.do("POST", "http://localhost/i/acme/upload", good, "{}").Body.String(); !strings.Contains(got, "revision 2") {
		t.Errorf("the new revision does not serve: %s", got)
	}
	if r.closed.Load() != 0 {
		t.Error("the old revision was closed under a request")
	}
	close(r.gate.open)
	if got := <-done; !strings.Contains(got, "revision 1") {
		t.Errorf("the request changed its revision: %s", got)
	}
	if r.closed.Load() != 1 {
		t.Errorf("%d sources closed after the last request of the old revision left", r.closed.Load())
	}
}

func TestABrokenRevisionNeverReplacesAGoodOne(t *testing.T) {
	r := newRig(t, nil)
	r.do("GET", "http://localhost/i/acme/health", nil, "")
	r.breaks.Store(true)
	r.feed.put(instance("acme", 2))
	for range 3 {
		if got := r.do("POST", "http://localhost/i/acme/upload", good, "{}").Body.String(); !strings.Contains(got, "revision 1") {
			t.Fatalf("the last good revision must serve: %s", got)
		}
	}
	if n := r.opened.Load(); n != 2 {
		t.Errorf("the broken revision was built %d times", n-1)
	}
	if got := r.do("GET", "http://localhost/i/acme/health", nil, "").Body.String(); !strings.Contains(got, "degraded") || !strings.Contains(got, "bundle_rule") {
		t.Errorf("health hides it: %s", got)
	}
	r.breaks.Store(false)
	r.feed.put(instance("acme", 3))
	if got := r.do("POST", "http://localhost/i/acme/upload", good, "{}").Body.String(); !strings.Contains(got, "revision 3") {
		t.Errorf("the mended revision does not serve: %s", got)
	}
	if r.closed.Load() != 2 {
		t.Errorf("%d of 2 sources closed", r.closed.Load())
	}
}

func TestTheLastGoodRevisionOutlivesIdleness(t *testing.T) {
	r := newRig(t, nil)
	r.do("GET", "http://localhost/i/acme/health", nil, "")
	r.breaks.Store(true)
	r.feed.put(instance("acme", 2))
	r.do("GET", "http://localhost/i/acme/health", nil, "")
	r.clock = r.clock.Add(time.Hour)
	r.Sweep()
	if got := r.do("POST", "http://localhost/i/acme/upload", good, "{}"); !strings.Contains(got.Body.String(), "revision 1") {
		t.Errorf("the last good revision was thrown away: %d %s", got.Code, got.Body)
	}
}

func TestAFirstRevisionThatCannotBeBuiltIsTriedAgain(t *testing.T) {
	r := newRig(t, nil)
	r.breaks.Store(true)
	for range 3 {
		rec := r.do("POST", "http://localhost/i/acme/upload", good, "{}")
		if rec.Code != 503 || !strings.Contains(rec.Body.String(), "instance_unusable") || rec.Header().Get("Retry-After") == "" {
			t.Errorf("it is not the client's fault: %d %s", rec.Code, rec.Body)
		}
	}
	if n := r.opened.Load(); n != 1 {
		t.Errorf("built %d times within ten seconds", n)
	}
	r.breaks.Store(false)
	r.clock = r.clock.Add(11 * time.Second)
	if rec := r.do("POST", "http://localhost/i/acme/upload", good, "{}"); rec.Code != 200 {
		t.Errorf("it never recovered: %d %s", rec.Code, rec.Body)
	}
}

// unreadable announces revisions whose bundle cannot be had.
type unreadable struct {
	*feed
	reads atomic.Int32
	bad   atomic.Bool
}

func (u *unreadable) Revision(ctx context.Context, host string) (int64, error) {
	n, err := u.feed.Revision(ctx, host)
	if u.bad.Load() {
		n++
	}
	return n, err
}

func (u *unreadable) Bundle(ctx context.Context, host string) (*bundle.Bundle, error) {
	u.reads.Add(1)
	if u.bad.Load() {
		return nil, errors.New("the sealed bytes do not open")
	}
	return u.feed.Bundle(ctx, host)
}

func TestARevisionThatCannotBeReadLeavesTheOneBefore(t *testing.T) {
	var u *unreadable
	r := newRig(t, func(c *gateway.Config) {
		u = &unreadable{feed: c.Instances.(*feed)}
		c.Instances = u
	})
	r.do("GET", "http://localhost/i/acme/health", nil, "")
	u.bad.Store(true)
	rec := r.do("POST", "http://localhost/i/acme/upload", good, "{}")
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), "revision 1") || u.reads.Load() != 2 {
		t.Errorf("%d reads, %d %s", u.reads.Load(), rec.Code, rec.Body)
	}
}

func TestAPanicIsAnAnswerThatSaysNothing(t *testing.T) {
	r := newRig(t, func(c *gateway.Config) {
		c.Hold = func(http.ResponseWriter, *http.Request, string, string, time.Duration, func(http.ResponseWriter, *http.Request, error)) {
			panic("secret detail 4711")
		}
	})
	paused := instance("paused", 1)
	paused.Instance.State = bundle.Paused
	r.feed.put(paused)
	rec := r.do("POST", "http://localhost/i/paused/upload", good, "{}")
	if rec.Code != 500 || strings.Contains(rec.Body.String(), "4711") || !strings.Contains(rec.Body.String(), `"request_id":"req_`) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	r.Sweep()
	r.clock = r.clock.Add(time.Hour)
	r.Sweep()
	if r.closed.Load() != 1 {
		t.Error("the panic kept its instance in use")
	}
}

func TestEveryAliasAnswersTheSame(t *testing.T) {
	r := newRig(t, nil)
	for name, group := range map[string]struct {
		method string
		paths  []string
	}{
		"upload": {"POST", []string{"/api/data", "/upload"}},
		"token":  {"GET", []string{"/token?user_id=u1", "/api/auth/token?user_id=u1"}},
		"jwks":   {"GET", []string{"/.well-known/jwks.json", "/jwks", "/api/auth/keys"}},
	} {
		want := r.do(group.method, "http://localhost/i/acme"+group.paths[0], good, "{}")
		for _, base := range []string{"http://localhost/i/acme", "http://acme.localhost", "http://10.0.2.2:8080/i/acme"} {
			for _, path := range group.paths {
				got := r.do(group.method, base+path, good, "{}")
				got.Header().Del("X-Request-Id")
				want.Header().Del("X-Request-Id")
				if got.Code != 200 || got.Body.String() != want.Body.String() || fmt.Sprint(got.Header()) != fmt.Sprint(want.Header()) {
					t.Errorf("%s at %s%s: %d %s %v, want %s %v", name, base, path, got.Code, got.Body, got.Header(), want.Body, want.Header())
				}
			}
		}
	}
}

func TestIdleInstancesAreClosedAndComeBack(t *testing.T) {
	r := newRig(t, nil)
	r.do("GET", "http://localhost/i/acme/health", nil, "")
	r.clock = r.clock.Add(4 * time.Minute)
	r.Sweep()
	if r.closed.Load() != 0 {
		t.Error("closed too early")
	}
	r.clock = r.clock.Add(2 * time.Minute)
	r.Sweep()
	if r.closed.Load() != 1 {
		t.Error("an idle instance was kept")
	}
	if rec := r.do("GET", "http://localhost/i/acme/health", nil, ""); rec.Code != 200 || r.opened.Load() != 2 {
		t.Errorf("it did not come back: %d", rec.Code)
	}
}

func TestManyRequestsAndRevisionsAtOnce(t *testing.T) {
	r := newRig(t, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if rec := r.do("POST", "http://localhost/i/acme/upload", good, "{}"); rec.Code != 200 {
					t.Errorf("%d %s", rec.Code, rec.Body)
				}
			}
		})
	}
	for n := int64(2); n < 100; n++ {
		r.feed.put(instance("acme", n))
	}
	wg.Wait()
	r.Close()
	if r.opened.Load() != r.closed.Load() {
		t.Errorf("%d sources opened, %d closed", r.opened.Load(), r.closed.Load())
	}
}

func TestLimitByAddressComesFirst(t *testing.T) {
	r := newRig(t, func(c *gateway.Config) { c.Limits.AddressRate = 1 })
	from := func(remote, forwarded string) int {
		q := httptest.NewRequest("POST", "http://localhost/i/acme/upload", strings.NewReader("{}"))
		q.RemoteAddr = remote
		if forwarded != "" {
			q.Header.Set("X-Forwarded-For", forwarded)
		}
		rec := httptest.NewRecorder()
		r.ServeHTTP(rec, q)
		if rec.Code == 503 && rec.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		return rec.Code
	}
	for _, want := range []int{401, 401, 503} { // a burst of two
		if got := from("198.51.100.1:1000", "203.0.113.9"); got != want {
			t.Errorf("got %d, want %d: a stranger's X-Forwarded-For must not help", got, want)
		}
	}
	if got := from("198.51.100.2:1000", ""); got != 401 {
		t.Errorf("another address was limited: %d", got)
	}
	for _, want := range []int{401, 401, 503} { // behind our proxy the client counts, whatever it adds in front
		if got := from("10.0.0.1:1000", "1.2.3.4, 203.0.113.7"); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	for _, want := range []int{401, 401, 503} { // one IPv6 customer, many addresses
		if got := from("[2001:db8::1]:1000", ""); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	if got := from("[2001:db8::ffff:2]:1000", ""); got != 503 {
		t.Errorf("the same /64 got through: %d", got)
	}
}

func TestLimitByUserHoldsTheUpload(t *testing.T) {
	r := newRig(t, func(c *gateway.Config) { c.Limits.UserRate = 1 })
	for _, want := range []string{"user u1", "user u1", "held limit_user"} {
		if got := r.do("POST", "http://localhost/i/acme/upload", good, "{}").Body.String(); !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	r.clock = r.clock.Add(time.Second)
	if got := r.do("POST", "http://localhost/i/acme/upload", good, "{}").Body.String(); !strings.Contains(got, "user u1") {
		t.Errorf("still held after a second: %s", got)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	r := newRig(t, nil)
	rec := r.do("POST", "http://localhost/i/acme/upload", good, strings.Repeat("x", 64<<20+1))
	if rec.Code != 413 || !strings.Contains(rec.Body.String(), "upload_too_large") {
		t.Errorf("got %d %.200s", rec.Code, rec.Body)
	}
}
