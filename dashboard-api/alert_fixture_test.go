package dashboardapi

import (
	"context"
	"strings"
	"sync"

	"turnkey/controlplane"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// alertFixture is a channel that tests may change and remove.
var alertFixture = fixture{
	build: func(h *house, t *tenant) {
		h.Helper()
		c, _, err := h.plane.AlertChannels.Create(h.Context(), t.owner.Actor, t.ids["org"], controlplane.AlertChannel{Name: "On call", Kind: controlplane.WebhookChannel, Target: "https://hooks.example/alerts"})
		if err != nil {
			h.Fatal(err)
		}
		t.ids["channel"] = c.ID
	},
	bodies: map[string]func(h *house, t *tenant, as *person) any{
		"POST /orgs/{org}/alert-channels":                body(map[string]any{"name": "Mail", "kind": "mail", "target": "ops@example.com"}),
		"PATCH /orgs/{org}/alert-channels/{channel}":     body(map[string]any{"paused": true}),
		"POST /orgs/{org}/alert-channels/{channel}/test": body(nil),
	},
}

// receiver takes webhooks and mails, or refuses them.
type receiver struct {
	mu   sync.Mutex
	got  []string // what was sent, in order, as "webhook: body" or "mail: subject"
	ids  map[string]int
	fail error
}

func (r *receiver) take(id, text string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	if r.ids == nil {
		r.ids = map[string]int{}
	}
	r.ids[id]++
	r.got = append(r.got, text)
	return nil
}

// taken gives what was sent since the last call.
func (r *receiver) taken() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := strings.Join(r.got, "; ")
	r.got = nil
	return out
}

// Send implements controlplane.WebhookSender.
func (r *receiver) Send(_ context.Context, url string, secret redact.Secret, id string, body []byte) error {
	if !strings.HasPrefix(secret.Reveal(), "whsec_") || !strings.HasPrefix(url, "https://") {
		return fault.New(fault.Invalid, "no_secret", "The webhook has no secret.")
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(string(body), `{"type":"`), `"`)
	rule := ""
	if _, after, ok := strings.Cut(string(body), `"rule":"`); ok {
		rule, _, _ = strings.Cut(after, `"`)
	}
	return r.take(id, strings.TrimSpace(kind+" "+rule))
}
