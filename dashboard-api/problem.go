package dashboardapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"turnkey/internal/fault"
)

// problem is an RFC 9457 document: the body of every answer that is not a success.
type problem struct {
	Type      string    `json:"type" doc:"Always about:blank; code tells problems apart"`
	Title     string    `json:"title" doc:"The status in words"`
	Status    int       `json:"status" doc:"The HTTP status"`
	Detail    string    `json:"detail" doc:"What is wrong, for people"`
	Code      string    `json:"code" doc:"What is wrong, for programs; never changes"`
	Hint      string    `json:"hint,omitempty" doc:"What to change"`
	RequestID string    `json:"request_id" doc:"Quote this when asking for help; also in the X-Request-Id header"`
	Errors    []finding `json:"errors,omitempty" doc:"Each place of the input that is wrong"`
	Challenge string    `json:"challenge,omitempty" doc:"With mfa_required: send it with a code to /auth/login/code"`

	retryAfter int // seconds, for 429
	cause      error
}

const problemType = "application/problem+json"

// statuses maps what a fault means to HTTP.
var statuses = map[fault.Kind]int{
	fault.Internal:             http.StatusInternalServerError,
	fault.Invalid:              http.StatusUnprocessableEntity,
	fault.Unauthenticated:      http.StatusUnauthorized,
	fault.Forbidden:            http.StatusForbidden,
	fault.NotFound:             http.StatusNotFound,
	fault.Conflict:             http.StatusConflict,
	fault.PreconditionRequired: http.StatusPreconditionRequired,
	fault.PreconditionFailed:   http.StatusPreconditionFailed,
	fault.TooLarge:             http.StatusRequestEntityTooLarge,
	fault.Limited:              http.StatusTooManyRequests,
	fault.Unavailable:          http.StatusServiceUnavailable,
}

func newProblem(ctx context.Context, f *fault.Error) *problem {
	var ready *problem
	if errors.As(f, &ready) { // a handler that answers with a status of its own
		return ready
	}
	p := statusProblem(ctx, statuses[f.Kind], f.Code, f.Message)
	p.Hint, p.cause = f.Hint, f
	for _, d := range f.Details {
		p.Errors = append(p.Errors, shapeFinding(d))
	}
	return p
}

// statusProblem is for statuses that no fault means, such as 400, 405 and 415.
func statusProblem(ctx context.Context, status int, code, detail string) *problem {
	return &problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code, RequestID: requestOf(ctx).id,
	}
}

// Error implements error.
func (p *problem) Error() string {
	if p.cause != nil {
		return p.cause.Error()
	}
	return p.Code + ": " + p.Detail
}

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *problem) ContentType(string) string { return problemType }

// fail answers with a fault, from before or behind huma.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	a.write(w, r, newProblem(r.Context(), fault.Of(err)))
}

func (a *api) write(w http.ResponseWriter, r *http.Request, p *problem) {
	a.note(r.Context(), p)
	p.headers(w.Header().Set)
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller may have gone
}

// headers sets what a status promises besides its body.
func (p *problem) headers(set func(name, value string)) {
	switch p.Status {
	case http.StatusUnauthorized:
		set("WWW-Authenticate", `Bearer realm="turnkey"`)
	case http.StatusTooManyRequests:
		set("Retry-After", strconv.Itoa(max(1, p.retryAfter)))
	case http.StatusServiceUnavailable:
		set("Retry-After", "5")
	}
}

// note logs what is our own trouble; its text never leaves the house.
func (a *api) note(ctx context.Context, p *problem) {
	if p.Status >= http.StatusInternalServerError {
		a.cfg.Log.ErrorContext(ctx, "request failed", "request_id", p.RequestID, "status", p.Status, "code", p.Code, "error", p.Error())
	}
}

// transform replaces huma's own error documents by ours and logs ours.
func (a *api) transform(ctx huma.Context, _ string, v any) (any, error) {
	switch e := v.(type) {
	case *problem:
		a.note(ctx.Context(), e)
		e.headers(ctx.SetHeader)
	case *huma.ErrorModel:
		return a.fromHuma(ctx.Context(), e), nil
	}
	return v, nil
}

// fromHuma translates what huma found while reading the request.
func (a *api) fromHuma(ctx context.Context, e *huma.ErrorModel) *problem {
	p := statusProblem(ctx, e.Status, "invalid_request", "The request does not fit the API's description.")
	switch e.Status {
	case http.StatusBadRequest:
		p.Code, p.Detail = "malformed_request", "The request cannot be read."
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Detail = "body_too_large", "The body is too long."
	case http.StatusUnsupportedMediaType:
		p.Code, p.Detail = "unsupported_media_type", "Send JSON, with Content-Type: application/json."
	case http.StatusNotAcceptable:
		p.Code, p.Detail = "not_acceptable", "The API answers JSON only."
	}
	if e.Status >= http.StatusInternalServerError {
		p.Code, p.Detail, p.cause = "internal", "Something went wrong on our side.", e
		a.note(ctx, p)
		return p
	}
	for _, d := range e.Errors {
		if d != nil {
			p.Errors = append(p.Errors, finding{Path: strings.TrimSuffix(d.Location, "."), Message: d.Message})
		}
	}
	return p
}
