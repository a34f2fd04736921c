package gateway_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"turnkey/runtime/gateway"
	"turnkey/runtime/telemetry"
)

// TestWhoGetsInIsTold: tokens and refusals are told with their reason and the id of the answer, and
// nothing of the credential.
func TestWhoGetsInIsTold(t *testing.T) {
	var mu sync.Mutex
	var list []telemetry.Entry
	r := newRig(t, func(c *gateway.Config) {
		c.Observe = func(e telemetry.Entry) {
			mu.Lock()
			defer mu.Unlock()
			list = append(list, e)
		}
	})
	const base = "http://localhost/i/acme"
	r.do("GET", base+"/health", nil, "")
	if len(list) != 1 || list[0].Kind != telemetry.Instance || list[0].Message != "Revision 1 serves." || list[0].Instance == "" {
		t.Fatalf("the first request tells %+v", list)
	}
	bearer := func(s string) map[string]string { return map[string]string{"Authorization": "Bearer " + s} }
	for name, c := range map[string]struct {
		path   string
		header map[string]string
		body   string
		want   string // kind outcome code level; "": nothing is told
	}{
		"a token":                     {"/token", nil, `{"user_id":"u7"}`, "token issued  1"},
		"no identity":                 {"/token", nil, `{}`, "token refused no_identity 2"},
		"a refused upload":            {"/api/data", bearer("canary-4711"), `{}`, "refusal refused token_refused 2"},
		"keys that cannot be had":     {"/api/data", bearer("unreachable"), `{}`, "refusal unavailable keys_unreachable 3"},
		"a defect of ours":            {"/api/data", bearer("broken"), `{}`, "refusal unavailable internal 3"},
		"uploads tell for themselves": {"/api/data", good, `{}`, ""},
	} {
		list = nil
		rec := r.do("POST", base+c.path, c.header, c.body)
		got := ""
		for _, e := range list {
			got += fmt.Sprintf("%s %s %s %d", e.Kind, e.Outcome, e.Code, e.Level)
			if e.RequestID == "" || e.RequestID != rec.Header().Get("X-Request-Id") || e.At.IsZero() {
				t.Errorf("%s: %+v", name, e)
			}
			if strings.Contains(fmt.Sprintf("%+v", e), "4711") {
				t.Errorf("%s tells a credential or a cause: %+v", name, e)
			}
		}
		if got != c.want {
			t.Errorf("%s: told %q, want %q", name, got, c.want)
		}
	}
	list = nil
	r.breaks.Store(true)
	r.feed.put(instance("acme", 2))
	r.do("GET", base+"/health", nil, "")
	if len(list) != 1 || list[0].Level != telemetry.Error || list[0].Code != "bundle_rule" {
		t.Errorf("a broken revision tells %+v", list)
	}
}
