package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
)

func hostOf(r *http.Request) string { return mux.Vars(r)["host"] }

// upload serves /api/data and /upload.
func (g *Gateway) upload(w http.ResponseWriter, r *http.Request, in *live) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if in.uploader == nil {
		g.fail(w, r, notDeployed())
		return
	}
	user, err := in.authority.Authenticate(r.Context(), r.Header.Get("Authorization"))
	if err != nil {
		g.observeRefusal(w, in, err)
		g.fail(w, r, err)
		return
	}
	switch {
	case in.bundle.Instance.State == bundle.Paused:
		g.cfg.Hold(w, r, "instance_paused", "This instance is paused; writes wait on the device.", 30*time.Second, g.fail)
	case !g.users.allow(in.bundle.Instance.ID + "\x00" + user.ID):
		g.cfg.Hold(w, r, "limit_user", "Too many uploads from this user.", 2*time.Second, g.fail)
	default:
		in.uploader.Upload(w, r, user, w.Header().Get(requestIDHeader))
	}
}

func notDeployed() error {
	return fault.New(fault.Unavailable, "not_deployed", "Nothing is deployed to this instance yet.").
		WithHint("Deploy its configuration in the dashboard, or with POST /api/v1/instances/{instance}/deployments.")
}

// token serves /token by POST with a JSON body and, for older clients, by GET with a query.
func (g *Gateway) token(w http.ResponseWriter, r *http.Request, in *live) {
	if in.bundle.Deployment == 0 {
		g.fail(w, r, notDeployed())
		return
	}
	began := g.cfg.Now()
	q, err := tokenRequest(w, r)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	token, err := in.authority.Exchange(r.Context(), q)
	g.observeToken(w, in, began, token, err)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, token)
}

func tokenRequest(w http.ResponseWriter, r *http.Request) (TokenRequest, error) {
	q := TokenRequest{Authorization: r.Header.Get("Authorization")}
	if r.Method == http.MethodGet {
		q.UserID = r.URL.Query().Get("user_id") // a device secret in a URL would end up in logs
		return q, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTokenBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return q, fault.New(fault.TooLarge, "token_request_too_large", "The request is larger than 64 KB.")
	} else if err != nil {
		return q, fault.Wrap(err, fault.Invalid, "body_unreadable", "The body could not be read.")
	}
	if len(body) == 0 {
		return q, nil
	}
	var sent struct {
		UserID       string         `json:"user_id"`
		Claims       map[string]any `json:"claims"`
		DeviceSecret string         `json:"device_secret"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // claims of a customer's server keep every digit
	if err := decoder.Decode(&sent); err != nil || decoder.More() {
		return q, fault.Wrap(err, fault.Invalid, "not_json", "The body is not a JSON object with user_id, claims or device_secret.")
	}
	q.UserID, q.Claims, q.DeviceSecret = sent.UserID, sent.Claims, sent.DeviceSecret
	return q, nil
}

// jwks serves the public keys; verifiers poll it, so it has an entity tag and may be cached briefly.
func (g *Gateway) jwks(w http.ResponseWriter, r *http.Request, in *live) {
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
		Newest     string `json:"newest_revision_failed,omitempty"`
	}{Status: "ok", Deployment: in.bundle.Deployment, Revision: in.bundle.Revision}
	switch {
	case in.bundle.Instance.State == bundle.Paused:
		out.Status = "paused"
	case in.uploader == nil:
		out.Status = "not_deployed"
	default:
		out.Atomicity = in.src.Mode()
		if cause := in.uploader.Degraded(); cause != nil {
			out.Status, out.Degraded = "degraded", cause
		}
	}
	if err := g.live.broken(hostOf(r)); err != nil {
		out.Status, out.Newest = "degraded", fault.Of(err).Code
	}
	answer(w, http.StatusOK, out)
}
