package dashboardapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"turnkey/internal/redact"
)

// TestClientIP: only what our own proxies wrote into X-Forwarded-For counts.
func TestClientIP(t *testing.T) {
	a := &api{cfg: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"no proxy":                      {"203.0.113.7:1", nil, "203.0.113.7"},
		"a stranger claims an address":  {"203.0.113.7:1", []string{"198.51.100.1"}, "203.0.113.7"},
		"through our proxy":             {"10.0.0.1:1", []string{"203.0.113.7"}, "203.0.113.7"},
		"a claim through our proxy":     {"10.0.0.1:1", []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		"through two of ours":           {"10.0.0.1:1", []string{"203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		"in two headers":                {"10.0.0.1:1", []string{"198.51.100.1", "203.0.113.7"}, "203.0.113.7"},
		"nonsense through our proxy":    {"10.0.0.1:1", []string{"203.0.113.7, x"}, "10.0.0.1"},
		"nothing through our proxy":     {"10.0.0.1:1", nil, "10.0.0.1"},
		"IPv4 in IPv6 is the same peer": {"10.0.0.1:1", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		"IPv6":                          {"[2001:db8::1]:1", nil, "2001:db8::1"},
	} {
		r := httptest.NewRequest(get, "/", nil)
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := a.clientIP(r); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// deadlined is an answer whose connection takes deadlines for reading.
type deadlined struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlined) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

// TestLongWorkIsNotCutOff: once a request is there no deadline for reading is left. net/http reads on while it is answered, to learn that
// the client has gone, and takes a deadline for just that: replays, tests and bulk changes of more than five seconds were ended by it.
func TestLongWorkIsNotCutOff(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/auth/login", "/auth/signup"} {
		r := httptest.NewRequest(post, prefix+path, strings.NewReader(`{"email":"a@b.example","password":"no"}`))
		r.Header.Set("Content-Type", "application/json")
		w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
		h.handler.ServeHTTP(w, r)
		if w.Code == 404 || w.Code >= 500 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		for _, at := range w.set {
			if !at.IsZero() {
				t.Errorf("%s: whatever takes longer than %s is cancelled", path, time.Until(at).Round(time.Second))
			}
		}
	}
}

// TestTextThatNoDatabaseKeeps is refused by name before anybody is asked for it.
func TestTextThatNoDatabaseKeeps(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	at := "/instances/" + tenant.ids["instance"]
	asked := len(h.pool.sent)
	for path, name := range map[string]string{
		"/rejections?user_id=a%00b":       "query.user_id",
		"/rejections?status=open&row_id=": "",
		"/rejections?table=%ff":           "query.table",
		"/conflicts?client_id=%00":        "query.client_id",
		"/deliveries?user_id=%00":         "query.user_id",
		"/devices?user_id=%00":            "query.user_id",
		"/logs?text=%00":                  "query.text",
		"/rejections/rej_%00":             "path.rejection",
	} {
		got := h.do(call{method: get, path: at + path, as: tenant.owner})
		if name == "" {
			if got.Code != http.StatusOK {
				t.Errorf("%s: %d %s", path, got.Code, got.Body)
			}
			asked++
			continue
		}
		_, short, _ := strings.Cut(name, ".")
		if got.Code != http.StatusBadRequest || got.json["code"] != "malformed_request" || !strings.Contains(got.text("detail"), short) || !strings.Contains(got.Body.String(), `"path":"`+name+`"`) {
			t.Errorf("%s: %d %s", path, got.Code, got.Body)
		}
	}
	if len(h.pool.sent) != asked {
		t.Errorf("%d runtimes were asked", len(h.pool.sent)-asked)
	}
	if got := h.do(call{method: get, path: at + "/rejections?user_id=%00", as: nil}); got.Code != http.StatusUnauthorized {
		t.Errorf("a stranger: %d", got.Code)
	}
}

// FuzzIfMatch: any header is a version of ours, spelled exactly so, or none.
func FuzzIfMatch(f *testing.F) {
	for _, seed := range []string{`"v1"`, `W/"v1"`, `*`, `"v-1"`, `"v9223372036854775808"`, `"v1`, `"v01"`, ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		ctx := context.WithValue(t.Context(), requestKey{}, &request{ifMatch: header})
		if v := versionSeen(ctx); v < -1 || v >= 0 && len(etag(v)) > len(header)+1 {
			t.Errorf("%q is version %d", header, v)
		}
	})
}

// FuzzCursor: only what we sealed for this list and person opens.
func FuzzCursor(f *testing.F) {
	sealer, err := newBox(redact.New("0123456789abcdef0123456789abcdef"))
	if err != nil {
		f.Fatal(err)
	}
	a := &api{box: sealer}
	q := &request{http: httptest.NewRequest(get, "/api/v1/orgs", nil)}
	good := base64.RawURLEncoding.EncodeToString(sealer.seal(cursorPurpose(q), []byte("org_x")))
	f.Add(good[:len(good)-1])
	f.Add("AAAA")
	f.Add("org_x' --")
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := PageInput{Cursor: cursor}.open(context.WithValue(t.Context(), requestKey{}, q), a)
		if err == nil && cursor != "" {
			t.Errorf("opens %q as %q", cursor, p.After)
		}
	})
}
