package gateway

import "net/http"

// ReadyPath answers load balancers: 200 while new requests should come here, else 503.
const ReadyPath = "/readyz"

// Drain is the first step of ending: the gateway is no longer ready, uploads that come or wait are
// answered that they be sent again, and those under way go on.
func (g *Gateway) Drain() {
	g.draining.Store(true)
	g.uploads.Close()
}

// Abort is the last step, when the time for draining is over: uploads still under way end at their
// next, or present, call to the source and are answered that they be sent again.
func (g *Gateway) Abort() { g.live.abort() }

// ready tells a load balancer whether new requests should come here.
func (g *Gateway) ready(w http.ResponseWriter, _ *http.Request) {
	if g.draining.Load() {
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "draining"})
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "ready"})
}
