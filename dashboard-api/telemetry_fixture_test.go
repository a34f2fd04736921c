package dashboardapi

import (
	"crypto/rand"

	"turnkey/runtime/telemetry"
)

// telemetryFixture is a log entry of a user of the instance's app.
var telemetryFixture = fixture{
	build: func(h *house, t *tenant) {
		h.Helper()
		t.ids["app_user"] = "app_" + rand.Text()
		h.ship(telemetry.Entry{Instance: t.ids["instance"], Kind: telemetry.Transaction, Level: telemetry.Info, Outcome: telemetry.Success, UserID: t.ids["app_user"]})
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
