package dashboardapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// aboutDeliveries answers for a runtime whose instances each have one delivery, named after the instance.
func aboutDeliveries(c command.Command) (json.RawMessage, error) {
	one := source.Delivery{ID: "dlv_of_" + c.Instance, Kind: source.Webhook, Lane: "crm", UserID: "user_of_" + c.Instance, Status: source.Dead, Attempts: 14, CreatedAt: time.Unix(0, 0),
		Last: &source.Attempt{Status: 503, Code: "endpoint_refused", Excerpt: "busy"}, SettledAt: time.Unix(9, 0), PayloadBytes: 7}
	switch c.Name {
	case command.DeliveryList:
		return json.Marshal([]source.Delivery{one})
	case command.DeliveryCount:
		return json.Marshal(map[source.DeliveryStatus]int{source.Pending: 0, source.Dead: 1})
	case command.DeliveryErase:
		if string(c.Argument) != `"`+one.UserID+`"` {
			return json.Marshal(0)
		}
		return json.Marshal(2)
	}
	var id string
	if err := json.Unmarshal(c.Argument, &id); err != nil {
		return nil, err
	}
	if id != one.ID {
		return nil, fault.New(fault.NotFound, "not_found", "There is no such delivery.")
	}
	switch c.Name {
	case command.DeliveryGet:
		one.Payload = []byte(`{"a":1}`)
	case command.DeliveryRedeliver:
		one.Status, one.SettledAt, one.DueAt = source.Pending, time.Time{}, time.Unix(10, 0)
	case command.DeliveryDiscard:
		one.Status, one.SettledBy = source.Dropped, c.Actor.UserID
	}
	return json.Marshal(one)
}

func TestDeliveriesAreAskedOfARuntime(t *testing.T) {
	h := newHouse(t)
	tenant := h.newTenant("one")
	h.heartbeat()
	at, own := "/instances/"+tenant.ids["instance"]+"/deliveries", tenant.ids["delivery"]
	list := h.must(call{method: get, path: at + "?status=dead&status=pending&outbox=crm&kind=webhook&user_id=u1&limit=10", as: tenant.owner}).Body.String()
	if !strings.Contains(list, own) || !strings.Contains(list, `"next_cursor":null`) || !strings.Contains(list, `"excerpt":"busy"`) || strings.Contains(list, `"payload":`) {
		t.Errorf("%s", list)
	}
	var f source.DeliveryFilter
	sent := h.pool.sent[len(h.pool.sent)-1]
	if err := json.Unmarshal(sent.Argument, &f); err != nil || len(f.Status) != 2 || f.Lane != "crm" || f.Kind != source.Webhook || f.UserID != "u1" || f.Limit != 11 || sent.Instance != tenant.ids["instance"] {
		t.Errorf("%+v %v", f, err)
	}
	one := h.must(call{method: get, path: at + "/" + own, as: tenant.owner}).Body.String()
	if !strings.Contains(one, `"content":{"a":1}`) || !strings.Contains(one, `"settled_at":`) || strings.Contains(one, `"due_at":`) {
		t.Errorf("%s", one)
	}
	again := h.must(call{method: post, path: at + "/" + own + "/redeliver", as: tenant.owner}).Body.String()
	if !strings.Contains(again, `"status":"pending"`) || !strings.Contains(again, `"due_at":`) {
		t.Errorf("%s", again)
	}
	if got := h.do(call{method: post, path: at + "/dlv_unknown/discard", as: tenant.owner}); got.Code != http.StatusNotFound {
		t.Errorf("an unknown one: %d %s", got.Code, got.Body)
	}
	many := h.must(call{method: post, path: at + "/discard", as: tenant.owner, body: map[string]any{"ids": []string{"dlv_unknown", own}}}).Body.String()
	if !strings.Contains(many, `"error_code":"not_found"`) || !strings.Contains(many, `"status":"discarded"`) {
		t.Errorf("one that fails must not keep the others: %s", many)
	}
	gone := h.must(call{method: remove, path: "/instances/" + tenant.ids["instance"] + "/users/" + tenant.ids["id"] + "/data", as: tenant.owner}).Body.String()
	if !strings.Contains(gone, `"deliveries":2`) || !strings.Contains(gone, `"rejections":3`) {
		t.Errorf("%s", gone)
	}
	events := h.must(call{method: get, path: "/orgs/" + tenant.ids["org"] + "/audit-events", as: tenant.owner}).Body.String()
	for _, want := range []string{"delivery.redelivered", "delivery.discarded"} {
		if !strings.Contains(events, want) {
			t.Errorf("no %s in %s", want, events)
		}
	}
}
