package gateway

import (
	"net/http"

	"github.com/gorilla/mux"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source/guard"
)

func hostOf(r *http.Request) string { return mux.Vars(r)["host"] }

func notDeployed() error {
	return fault.New(fault.Unavailable, "not_deployed", "Nothing is deployed to this instance yet.").
		WithHint("Deploy its configuration in the dashboard, or with POST /api/v1/instances/{instance}/deployments.")
}

// jwks serves the public keys; verifiers poll it, so it has an entity tag and may be cached briefly.
func (g *Gateway) jwks(w http.ResponseWriter, r *http.Request, in *live) {
	g.observeKeys(r, in)
	body, etag := in.authority.JWKS()
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=60")
	h.Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

// health tells what serves and what is wrong with it; it is 200 as long as the instance is known.
func (g *Gateway) health(w http.ResponseWriter, r *http.Request, in *live) {
	out := struct {
		Status     string `json:"status"` // ok, degraded, paused, not_deployed
		Deployment int    `json:"deployment"`
		Revision   int64  `json:"revision"`
		Atomicity  any    `json:"atomicity,omitempty"`
		Degraded   any    `json:"degraded,omitempty"`
		Source     any    `json:"source,omitempty"`  // the breaker's state, when it is not closed
		Repeats    any    `json:"repeats,omitempty"` // the weaker guarantee of some devices
		Newest     string `json:"newest_revision_failed,omitempty"`
	}{Status: "ok", Deployment: in.bundle.Deployment, Revision: in.bundle.Revision}
	switch {
	case in.bundle.Instance.State == bundle.Paused:
		out.Status = "paused"
	case in.uploader == nil:
		out.Status = "not_deployed"
	default:
		out.Atomicity, out.Repeats = in.guard.Mode(), in.uploader.Repeats()
		if s, _ := in.guard.Status(); s.State != guard.Closed {
			out.Status, out.Source = "degraded", s
		}
		if cause := in.uploader.Degraded(); cause != nil {
			out.Status, out.Degraded = "degraded", cause
		}
	}
	if err := g.live.broken(hostOf(r)); err != nil {
		out.Status, out.Newest = "degraded", fault.Of(err).Code
	}
	answer(w, http.StatusOK, out)
}
