package fetch_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"turnkey/internal/dial"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/fetch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a server on loopback, and what it was asked.
type site struct {
	*httptest.Server
	asked chan *http.Request // with its body in Form["body"]
}

// newSite serves what paths say: "/200/text", "/302/http://...".
func newSite(t *testing.T, answer http.HandlerFunc) *site {
	t.Helper()
	s := &site{asked: make(chan *http.Request, 100)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Form = map[string][]string{"body": {string(body)}}
		s.asked <- r
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// last is the newest request; nil: there was none.
func (s *site) last() (r *http.Request) {
	for {
		select {
		case r = <-s.asked:
		default:
			return r
		}
	}
}

func newClient(t *testing.T, private bool, timeout time.Duration) *fetch.Client {
	t.Helper()
	c := fetch.New(dial.New(dial.Options{AllowPrivate: private, Timeout: timeout}), timeout)
	t.Cleanup(c.Close)
	return c
}

var loopback = []string{"api.example.com", "127.0.0.1"}

// TestARequest: what arrives at the server, and what comes back.
func TestARequest(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("X-Thing", "a")
		w.Header().Add("X-Thing", "b\xff")
		w.Header().Set("Set-Cookie", "session=1")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "caf\xff")
	})
	got, refused := newClient(t, true, time.Minute).Do(t.Context(), loopback, &hook.FetchRequest{URL: s.URL + "/a?b=c#d", Method: "POST",
		Headers: []hook.Header{{Name: "authorization", Value: "Bearer k"}, {Name: "content-type", Value: "application/json"}}, Body: []byte(`{"a":1}`)})
	if refused != nil {
		t.Fatal(refused)
	}
	r := s.last()
	if r.Method != "POST" || r.RequestURI != "/a?b=c" || r.Form["body"][0] != `{"a":1}` || r.Header.Get("Authorization") != "Bearer k" ||
		r.Header.Get("User-Agent") != "Turnkey-Hooks/1" || r.Header.Get("Accept-Encoding") != "" || r.Host != s.Listener.Addr().String() {
		t.Errorf("the server was asked %s %s %v", r.Method, r.RequestURI, r.Header)
	}
	if got.Status != 418 || got.StatusText != "I'm a teapot" || got.URL != s.URL+"/a?b=c" || string(got.Body) != "caf\xff" {
		t.Errorf("%+v", got)
	}
	var things []string
	for _, h := range got.Headers {
		if h.Name == "x-thing" {
			things = append(things, h.Value)
		}
		if strings.Contains(h.Name, "cookie") {
			t.Errorf("a cookie came through: %+v", h)
		}
	}
	if !slices.Equal(things, []string{"a", "b\uFFFD"}) {
		t.Errorf("headers: %q", got.Headers)
	}
	if _, err := hook.Encode(got); err != nil {
		t.Errorf("it cannot cross to the worker: %v", err)
	}
}

// TestWhatIsNoPartOfAnAddress is escaped, in the first request and in those that redirects ask for, as it is elsewhere.
func TestWhatIsNoPartOfAnAddress(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			w.Header().Set("Location", "/to?q=ü \"<>%41'")
			w.WriteHeader(http.StatusFound)
		}
	})
	c := newClient(t, true, time.Minute)
	for sent, arrives := range map[string]string{
		`/ä b?q=ü "<>%41'&€=😀#ß`: `/%C3%A4%20b?q=%C3%BC%20%22%3C%3E%41'&%E2%82%AC=%F0%9F%98%80`,
		`/a?b=c+d%20e&f=/?:@[]`:  `/a?b=c+d%20e&f=/?:@[]`,
		`/moved`:                 `/to?q=%C3%BC%20%22%3C%3E%41'`,
	} {
		got, refused := c.Do(t.Context(), loopback, &hook.FetchRequest{URL: s.URL + sent, Method: "GET"})
		if refused != nil {
			t.Errorf("%s: %v", sent, refused)
			continue
		}
		if r := s.last(); r.RequestURI != arrives || got.URL != s.URL+arrives {
			t.Errorf("%s arrives as %s, and the hook is told %s; want %s", sent, r.RequestURI, got.URL, arrives)
		}
	}
}

// TestWhatIsRefused before anything is sent.
func TestWhatIsRefused(t *testing.T) {
	s := newSite(t, func(http.ResponseWriter, *http.Request) {})
	port := strings.TrimPrefix(s.URL, "http://127.0.0.1")
	header := func(name, value string) *hook.FetchRequest {
		return &hook.FetchRequest{URL: s.URL, Method: "GET", Headers: []hook.Header{{Name: name, Value: value}}}
	}
	get := func(url string) *hook.FetchRequest { return &hook.FetchRequest{URL: url, Method: "GET"} }
	refused := map[string][]*hook.FetchRequest{
		"fetch_host": {get("http://localhost" + port), get("https://evil.example"), get("https://api.example.com.evil.example"), get("https://xapi.example.com"),
			get("https://sub.api.example.com"), get("https://api.example.com."), get("http://2130706433" + port), get("http://0x7f.1" + port), get("http://[::1]" + port), get("http://[::ffff:127.0.0.1]" + port)},
		"fetch_url": {get(""), get("/path"), get("api.example.com/v1"), get("https://"), get("https:api.example.com"), get("ftp://api.example.com"), get("file:///etc/passwd"), get("gopher://127.0.0.1" + port),
			get("https://user:pass@api.example.com"), get("https://evil.example@127.0.0.1"), get("https://api.example.com/" + strings.Repeat("x", 9000)), get("https://api.example.com:x/"), get("ht\ntp://api.example.com")},
		"fetch_method": {{URL: s.URL, Method: "CONNECT"}, {URL: s.URL, Method: "TRACE"}, {URL: s.URL, Method: "get"}, {URL: s.URL}, {URL: s.URL, Method: "GET / HTTP/1.1\r\n"}},
		"fetch_body":   {{URL: s.URL, Method: "GET", Body: []byte("x")}, {URL: s.URL, Method: "HEAD", Body: []byte("x")}},
		"fetch_header": {header("Host", "evil.example"), header("host", "x"), header("Connection", "close"), header("Transfer-Encoding", "chunked"), header("content-length", "5"), header("Cookie", "a=b"), header("TE", "x"),
			header("Upgrade", "h2c"), header("Proxy-Authorization", "x"), header("Expect", "100-continue"), header("Accept-Encoding", "gzip"), header("", "x"), header("a b", "x"), header("a:b", "x"), header("x\r\ny", "z"),
			header(" host", "x"), header("Host ", "x"), header("host:", "x"), header("X-\u212a", "x"), header("x\tx", "y"), header("x\n", "y"), header("X", "a\nSet-Cookie: b"), header("X", "\r"), header("X", "a\x7f"), header("proxy-connection", "x"), header("HTTP2-Settings", "AAMAAABkAAQAAP__"),
			header("X", "a\r\nHost: evil"), header("X", "a\x00"), header("X", strings.Repeat("x", 17<<10))},
	}
	c := newClient(t, true, time.Minute)
	for code, list := range refused {
		for _, q := range list {
			if got, err := c.Do(t.Context(), loopback, q); err == nil || err.Code != code {
				t.Errorf("%s %.60q %.60q: %+v %+v, want %s", q.Method, q.URL, q.Headers, got, err, code)
			}
		}
	}
	if r := s.last(); r != nil {
		t.Errorf("something was sent: %s %s", r.Method, r.RequestURI)
	}
	if _, err := c.Do(t.Context(), nil, get(s.URL)); err == nil || !strings.Contains(err.Message, "hooks.fetch") {
		t.Errorf("the refusal must name the setting: %+v", err)
	}
}

// TestOnlyPublicAddresses: where private networks are not allowed, nothing in them is reached, however it is called and
// whatever the list says; and no answer tells an address.
func TestOnlyPublicAddresses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	hosts := []string{"127.0.0.1", "localhost", "::1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "2130706433", "::ffff:10.0.0.1", "100.64.0.1", "fd00::1",
		"0.0.0.0", "127.1", "0177.0.0.1", "0x7f.0.0.1", "::", "::ffff:7f00:1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1", "ff02::1", "224.0.0.1", "255.255.255.255", "192.0.0.192", "198.18.0.1"}
	c := newClient(t, false, time.Minute)
	for _, host := range hosts {
		at := host
		if strings.Contains(host, ":") {
			at = "[" + host + "]"
		}
		for _, url := range []string{"https://" + at, "https://" + at + ":8443/x", fmt.Sprintf("https://%s:%d", at, l.Addr().(*net.TCPAddr).Port)} {
			got, err := c.Do(t.Context(), hosts, &hook.FetchRequest{URL: url, Method: "GET"})
			if err == nil || err.Code != "fetch_address" && err.Code != "fetch_unknown_host" {
				t.Errorf("%s: %+v %+v", url, got, err)
			} else if strings.Contains(err.Message, host) || strings.Contains(err.Message, "127.") || strings.Contains(err.Message, "--allow") {
				t.Errorf("%s: the message tells too much: %s", url, err.Message)
			}
		}
		if _, err := c.Do(t.Context(), hosts, &hook.FetchRequest{URL: "http://" + at, Method: "GET"}); err == nil || err.Code != "fetch_url" {
			t.Errorf("http to %s: %+v", host, err)
		}
	}
}

// TestRedirects are followed within the list, at most five, and carry no credentials elsewhere.
func TestRedirects(t *testing.T) {
	elsewhere := newSite(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "elsewhere") })
	s := newSite(t, nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Form = map[string][]string{"body": {string(body)}}
		s.asked <- r
		status, to := http.StatusFound, ""
		switch q := r.URL.Query(); {
		case q.Get("n") != "":
			var n int
			_, _ = fmt.Sscan(q.Get("n"), &n)
			if to = fmt.Sprintf("/?n=%d", n-1); n == 0 {
				return
			}
		case q.Get("to") != "":
			_, _ = fmt.Sscan(q.Get("status"), &status)
			to = q.Get("to")
		default:
			return
		}
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	})
	c := newClient(t, true, time.Minute)
	do := func(method, path, body string) (*hook.FetchResponse, *hook.HostError) {
		return c.Do(t.Context(), loopback, &hook.FetchRequest{URL: s.URL + path, Method: method, Body: []byte(body),
			Headers: []hook.Header{{Name: "Authorization", Value: "Bearer k"}, {Name: "X-Api-Key", Value: "k"}, {Name: "Content-Type", Value: "text/x"}, {Name: "Accept", Value: "text/y"}}})
	}
	if got, err := do("GET", "/?n=5", ""); err != nil || got.Status != 200 || got.URL != s.URL+"/?n=0" {
		t.Errorf("five redirects: %+v %+v", got, err)
	}
	if got, err := do("GET", "/?n=6", ""); err == nil || err.Code != "fetch_redirect" {
		t.Errorf("six redirects: %+v %+v", got, err)
	}
	s.last()
	for _, c := range []struct {
		status       int
		method, want string
		body         string
	}{
		{301, "POST", "GET", ""}, {302, "POST", "GET", ""}, {303, "POST", "GET", ""}, {303, "PUT", "GET", ""}, {303, "HEAD", "HEAD", ""},
		{307, "POST", "POST", "b"}, {308, "PATCH", "PATCH", "b"}, {302, "PUT", "PUT", "b"},
	} {
		body := "b"
		if c.method == "HEAD" {
			body = ""
		}
		if got, err := do(c.method, fmt.Sprintf("/?status=%d&to=/end", c.status), body); err != nil || got.Status != 200 {
			t.Errorf("%d %s: %+v %+v", c.status, c.method, got, err)
		} else if r := s.last(); r.Method != c.want || r.Form["body"][0] != c.body || r.Header.Get("X-Api-Key") != "k" || (r.Header.Get("Content-Type") != "") != (c.body != "") {
			t.Errorf("%d %s became %s %q %v", c.status, c.method, r.Method, r.Form["body"], r.Header)
		}
	}
	got, err := do("POST", "/?status=307&to="+elsewhere.URL, "b")
	if err != nil || string(got.Body) != "elsewhere" {
		t.Fatalf("%+v %+v", got, err)
	}
	if r := elsewhere.last(); r.Header.Get("Authorization") != "" || r.Header.Get("X-Api-Key") != "" || r.Header.Get("Accept") != "text/y" || r.Header.Get("Content-Type") != "text/x" || r.Header.Get("Referer") != "" {
		t.Errorf("another origin was told %v", r.Header)
	}
	for _, to := range []string{"https://evil.example/x", "//localhost/x", "http://user@127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "https://2130706433/", "%zz", "https://API.example.com.:443"} {
		if got, err := do("GET", "/?status=302&to="+strings.ReplaceAll(to, "%", "%25"), ""); err == nil || !slices.Contains([]string{"fetch_host", "fetch_url", "fetch_failed"}, err.Code) {
			t.Errorf("a redirect to %s: %+v %+v", to, got, err)
		}
	}
	if got, err := do("GET", "/?status=304&to=/end", ""); err != nil || got.Status != 304 {
		t.Errorf("what is no redirect is an answer: %+v %+v", got, err)
	}
}

// TestBounds of answers and of time.
func TestBounds(t *testing.T) {
	var sent atomic.Int64
	release := make(chan struct{})
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			_, _ = w.Write(make([]byte, fetch.MaxAnswer))
		case "/huge": // 100 MB
			for range 1600 {
				n, err := w.Write(make([]byte, 64<<10))
				if sent.Add(int64(n)); err != nil {
					return
				}
			}
		case "/headers":
			for i := range 1000 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 100))
			}
		case "/silent":
			<-release
		case "/drip": // a byte now and then, for ever
			for range time.Tick(20 * time.Millisecond) {
				if _, err := w.Write([]byte("x")); err != nil || r.Context().Err() != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
			}
		}
	})
	defer close(release)
	c := newClient(t, true, 300*time.Millisecond)
	patient := newClient(t, true, 20*time.Second)
	if got, err := patient.Do(t.Context(), loopback, &hook.FetchRequest{URL: s.URL + "/exact", Method: "GET"}); err != nil || len(got.Body) != fetch.MaxAnswer {
		t.Errorf("the largest answer: %+v", err)
	}
	for path, code := range map[string]string{"/huge": "fetch_too_large", "/headers": "fetch_failed"} {
		if _, err := patient.Do(t.Context(), loopback, &hook.FetchRequest{URL: s.URL + path, Method: "GET"}); err == nil || err.Code != code {
			t.Errorf("%s: %+v, want %s", path, err, code)
		}
	}
	for _, path := range []string{"/silent", "/drip"} {
		began := time.Now()
		_, err := c.Do(t.Context(), loopback, &hook.FetchRequest{URL: s.URL + path, Method: "GET"})
		if took := time.Since(began); err == nil || err.Code != "fetch_timeout" || took > 5*time.Second {
			t.Errorf("%s: %+v after %v", path, err, took)
		}
		waitedOut := true
		for try := 0; waitedOut && try < 5; try++ { // the machine may stand still for as long as is spared
			limited, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
			if _, err = patient.Do(limited, loopback, &hook.FetchRequest{URL: s.URL + path, Method: "GET"}); err == nil || err.Code != "fetch_timeout" {
				t.Errorf("%s: %+v", path, err)
			}
			waitedOut = limited.Err() != nil
			cancel()
		}
		if waitedOut {
			t.Errorf("%s: the context's time is waited out", path)
		}
	}
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("%d bytes of the huge answer were taken off the server", n)
	}
}

// TestNothingListens: a server that is not there, in words without its address.
func TestNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	l.Close()
	c := newClient(t, true, time.Minute)
	for at, code := range map[string]string{url: "fetch_failed", "http://no-such-host.invalid": "fetch_unknown_host"} {
		_, refused := c.Do(t.Context(), []string{"127.0.0.1", "no-such-host.invalid"}, &hook.FetchRequest{URL: at, Method: "GET"})
		if refused == nil || refused.Code != code || strings.Contains(refused.Message, "127.0.0.1") || strings.Contains(refused.Message, "dial") {
			t.Errorf("%s: %+v, want %s", at, refused, code)
		}
	}
}

// TestCertificates are verified.
func TestCertificates(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	_, refused := newClient(t, true, time.Minute).Do(t.Context(), loopback, &hook.FetchRequest{URL: s.URL, Method: "GET"})
	if refused == nil || refused.Code != "fetch_certificate" {
		t.Errorf("%+v", refused)
	}
}
