package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/gateway"
	"turnkey/runtime/source"
)

// sick is an uploader whose source is down.
type sick struct{ fakeUploader }

func (sick) Degraded() any { return "source down" }
func (sick) Repeats() any  { return "weak" }

func TestTroubles(t *testing.T) {
	r := newRig(t, func(c *gateway.Config) {
		healthy := c.NewUploader
		c.NewUploader = func(b *bundle.Bundle, src source.Source, problem func(http.ResponseWriter, *http.Request, error)) (gateway.Uploader, error) {
			u, err := healthy(b, src, problem)
			if b.Instance.Host == "sick" && err == nil {
				return sick{}, nil
			}
			return u, err
		}
	})
	r.feed.put(instance("sick", 1))
	if found := r.Troubles(t.Context()); len(found) != 0 {
		t.Errorf("nobody asked for anything: %+v", found)
	}
	for _, host := range []string{"acme", "sick"} {
		r.do("GET", "http://localhost/i/"+host+"/health", nil, "")
	}
	if found := r.Troubles(t.Context()); len(found) != 1 || found[0].Instance != "ins_sick" || found[0].Cause != "source down" {
		t.Errorf("one source is down: %+v", found)
	}
	if found := r.Notes(); len(found) != 1 || found[0] != (gateway.Note{Instance: "ins_sick", Repeats: "weak"}) {
		t.Errorf("one has stock clients: %+v", found)
	}
	if said := r.do("GET", "http://localhost/i/sick/health", nil, "").Body.String(); !strings.Contains(said, `"repeats":"weak"`) {
		t.Errorf("its health: %s", said)
	}
	if said := r.do("GET", "http://localhost/i/acme/health", nil, "").Body.String(); strings.Contains(said, "repeats") {
		t.Errorf("another's health: %s", said)
	}

	r.breaks.Store(true)
	r.feed.put(instance("acme", 2))
	if w := r.do("GET", "http://localhost/i/acme/health", nil, ""); w.Code != http.StatusOK {
		t.Errorf("the revision before serves: %d", w.Code)
	}
	found := r.Troubles(t.Context())
	if len(found) != 2 || !fault.Is(found[1].Err, "bundle_rule") || found[1].Instance != "ins_acme" || !found[1].Since.Equal(r.clock) {
		t.Errorf("a revision that cannot be built: %+v", found)
	}
	r.feed.put(instance("acme", 3))
	if found := r.Troubles(t.Context()); len(found) != 1 {
		t.Errorf("a newer revision has not failed yet: %+v", found)
	}
}
