package gateway

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"

	"turnkey/internal/fault"
)

// problem is an RFC 9457 document that also has message, which stock connectors read.
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Message   string         `json:"message"`
	Code      string         `json:"code"`
	Hint      string         `json:"hint,omitempty"`
	RequestID string         `json:"request_id"`
	Errors    []fault.Detail `json:"errors,omitempty"`
}

// statusOf maps what a fault means to HTTP, as devices are to see it: whatever may pass is a 503, so
// that no client takes a passing trouble for a verdict.
func statusOf(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Limited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// retryAfter is what we ask of clients that got a 429 or 503.
const retryAfterSeconds = 5

// fail answers a request with the fault inside err. Internal faults are logged and their text stays
// here; the request id leads from one to the other.
func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.Of(err)
	status := statusOf(f.Kind)
	if status >= http.StatusInternalServerError || status == http.StatusRequestEntityTooLarge {
		level := slog.LevelError
		if f.Kind == fault.Unavailable { // it may pass; often it is the client's own connection
			level = slog.LevelWarn
		}
		// Theirs is kept beside ours, cut and as a value of its own: it is a stranger's text.
		theirs := r.Header.Get(requestIDHeader)
		g.cfg.Log.Log(r.Context(), level, "request failed", "request_id", w.Header().Get(requestIDHeader), "client_request_id", theirs[:min(len(theirs), 64)],
			"path", r.URL.Path, "status", status, "code", f.Code, "error", err)
	}
	failWith(w, status, f)
}

// failWith answers with a status that no kind of fault maps to.
func failWith(w http.ResponseWriter, status int, f *fault.Error) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	if (status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests) && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfterSeconds))
	}
	body, _ := json.Marshal(problem{ // plain strings always marshal
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: f.Message, Message: f.Message,
		Code: f.Code, Hint: f.Hint, RequestID: w.Header().Get(requestIDHeader), Errors: f.Details,
	})
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, body any) {
	out, err := json.Marshal(body)
	if err != nil {
		status, out = http.StatusInternalServerError, []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(out)
}
