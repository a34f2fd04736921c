package pool

import (
	"net/http"

	"turnkey/runtime/telemetry"
)

// telemetry takes a batch of what a runtime saw. 204 says that it is stored, now or before; 4xx that it
// never will be.
func (h *handler) telemetry(w http.ResponseWriter, r *http.Request) {
	body := http.MaxBytesReader(w, r.Body, telemetry.MaxBytes)
	batch, err := telemetry.Decode(body, r.Header.Get("Content-Encoding") == "gzip")
	if err == nil {
		err = h.sink.Ship(r.Context(), batch)
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
