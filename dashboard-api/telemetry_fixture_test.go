package dashboardapi

import (
	"crypto/rand"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

// telemetryFixture is a log entry of a user of the instance's app.
var telemetryFixture = fixture{
	build: func(h *house, t *tenant) {
		h.Helper()
		t.ids["app_user"] = "app_" + rand.Text()
		h.ship(telemetry.Entry{Instance: t.ids["instance"], Kind: telemetry.Transaction, Level: telemetry.Info, Outcome: telemetry.Success, UserID: t.ids["app_user"], RequestID: "req_of_" + t.ids["instance"]})
		t.ids["request"] = "req_of_" + t.ids["instance"]
		t.ids["device"] = h.deviceOf(t)
	},
}

// ship stores entries as a runtime's batch.
func (h *house) ship(entries ...telemetry.Entry) {
	h.Helper()
	for i := range entries {
		if entries[i].At.IsZero() {
			entries[i].At = h.clock.now()
		}
	}
	if err := h.plane.Telemetry.Ship(h.Context(), telemetry.Batch{Source: "test-" + rand.Text(), Seq: 1, Entries: entries}); err != nil {
		h.Fatalf("ship: %v", err)
	}
}

// deviceOf makes a device of the instance's app user, and gives its id.
func (h *house) deviceOf(t *tenant) string {
	h.Helper()
	now := h.clock.now()
	h.shipBatch(telemetry.Batch{Devices: []telemetry.Device{{Instance: t.ids["instance"], UserID: t.ids["app_user"], ClientID: "phone-" + rand.Text(), First: now, Last: now, Upload: now}}})
	list, _, err := h.plane.Devices.List(h.Context(), t.ids["instance"], controlplane.DeviceFilter{}, controlplane.Page{})
	if err != nil || len(list) != 1 {
		h.Fatalf("%d devices, %v", len(list), err)
	}
	return list[0].ID
}

// shipBatch stores a batch of a new runtime.
func (h *house) shipBatch(b telemetry.Batch) {
	h.Helper()
	b.Source, b.Seq = "test-"+rand.Text(), 1
	if err := h.plane.Telemetry.Ship(h.Context(), b); err != nil {
		h.Fatalf("ship: %v", err)
	}
}
