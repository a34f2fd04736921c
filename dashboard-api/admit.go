package dashboardapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gorilla/mux"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
	"turnkey/internal/fault"
)

// admit takes a request through everything that comes before its handler.
func (a *api) admit(rt *route, inner http.Handler) http.Handler {
	s := rt.settings()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := requestOf(r.Context())
		q.route, q.ifMatch = rt, r.Header.Get("If-Match")
		if err := a.check(q, rt, s, r); err != nil {
			var p *problem
			if !errors.As(err, &p) {
				p = newProblem(r.Context(), fault.Of(err))
			}
			a.write(w, r, p)
			return
		}
		a.perform(w, r, q, s, inner)
	})
}

// check asks in this order: too fast, who, too fast for them, where, may they, what.
func (a *api) check(q *request, rt *route, s settings, r *http.Request) error {
	now := a.cfg.Now()
	if err := a.limits.address.take(r.Context(), addressKey(q.ip), now); err != nil {
		return err
	}
	if err := a.authenticate(q, rt, r); err != nil {
		return err
	}
	if q.actor.Known() {
		if err := a.limits.actor.take(r.Context(), q.actor.UserID+q.actor.TokenID, now); err != nil {
			return err
		}
	}
	if err := a.authorize(q, rt, mux.Vars(r), r.Context()); err != nil {
		return err
	}
	if q.actor.Unverified && rt.mutates() && !s.ownAccount {
		return fault.New(fault.Forbidden, "email_unverified", "Verify your e-mail address first.").
			WithHint("Open the link in the mail that you were sent; POST /auth/verify/resend sends another.")
	}
	if s.ifMatch && q.ifMatch == "" {
		return fault.New(fault.PreconditionRequired, "if_match_required", "Say which version you edit.").
			WithHint("Send the ETag that you read in an If-Match header.")
	}
	if err := readable(r); err != nil {
		return err
	}
	return a.readBody(s, r)
}

// readable refuses what no database keeps as text, so that each of them answers alike, and names it.
func readable(r *http.Request) error {
	broken := func(text string) bool { return strings.ContainsRune(text, 0) || !utf8.ValidString(text) }
	refuse := func(place, name string) error {
		p := statusProblem(r.Context(), http.StatusBadRequest, "malformed_request", fmt.Sprintf("The parameter %s must be UTF-8 without NUL characters.", name))
		p.Errors = []finding{{Path: place + "." + name, Message: "must be UTF-8 without NUL characters"}}
		return p
	}
	for name, value := range mux.Vars(r) {
		if broken(value) {
			return refuse("path", name)
		}
	}
	for name, values := range r.URL.Query() {
		if !broken(name) && slices.ContainsFunc(values, broken) {
			return refuse("query", name)
		}
	}
	return nil
}

// authenticate finds out who asks. A bearer token that does not verify is refused even where a cookie
// would do: the caller means that token.
func (a *api) authenticate(q *request, rt *route, r *http.Request) (err error) {
	if c, err := r.Cookie(a.cookieName()); err == nil {
		q.session = c.Value
	}
	who := controlplane.Actor{}
	header := r.Header.Get("Authorization")
	switch scheme, credential, _ := strings.Cut(header, " "); {
	case rt.permission == authz.Public:
	case header != "" && strings.EqualFold(scheme, "Bearer"):
		who, err = a.cfg.Plane.Tokens.Authenticate(r.Context(), strings.TrimSpace(credential))
		q.session = ""
	case header != "":
		return fault.New(fault.Unauthenticated, "unauthenticated", "Authorization must be a Bearer token.")
	default:
		who, err = a.cfg.Plane.Accounts.BySession(r.Context(), q.session)
	}
	if err != nil {
		return err
	}
	q.actor = who
	q.actor.IP, q.actor.RequestID = q.ip, q.id
	return nil
}

// authorize asks the route's permission at the place that the path names.
func (a *api) authorize(q *request, rt *route, vars map[string]string, ctx context.Context) error {
	switch rt.permission {
	case authz.Public, authz.SignedIn:
		return nil
	case authz.Person:
		if q.actor.TokenID != "" {
			return fault.New(fault.Forbidden, "person_required", "An API token cannot do this; sign in.")
		}
		return nil
	}
	place, err := a.locate(ctx, rt.scope, vars[string(rt.scope)])
	if err != nil {
		return err
	}
	grant, member := q.actor.GrantIn(place.Organization)
	if !member || place.Project != "" && !grant.Reaches(place.Project) {
		return noSuch()
	}
	if !a.cfg.Authz.Allows(grant, rt.permission) {
		return fault.Newf(fault.Forbidden, "forbidden", "Your role does not allow %s here.", rt.permission).
			WithHint("Ask an owner or admin of the organization for a role that does.")
	}
	q.place = place
	return nil
}

// noSuch is the answer for what is not there and for what is not the actor's, which must look alike.
func noSuch() error { return fault.New(fault.NotFound, "not_found", "There is no such thing here.") }

// locate turns the path's id into a place. An id of another kind is not found, whatever it names.
func (a *api) locate(ctx context.Context, s scope, id string) (controlplane.Place, error) {
	if s == inOrg {
		return controlplane.Place{Organization: id}, nil
	}
	place, err := a.cfg.Plane.Places.Find(ctx, id)
	if fault.IsKind(err, fault.NotFound) || err == nil && (s == inProject && (place.Project != id || place.Instance != "") || s == inInstance && place.Instance != id) {
		return controlplane.Place{}, noSuch()
	}
	return place, err
}

// readBody takes in the whole body, so that it can be hashed and its length known, and refuses what is
// not JSON.
func (a *api) readBody(s settings, r *http.Request) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, s.maxBody+1))
	if err != nil {
		return statusProblem(r.Context(), http.StatusBadRequest, "malformed_request", "The body could not be read.")
	}
	if int64(len(body)) > s.maxBody {
		return fault.Newf(fault.TooLarge, "body_too_large", "The body may have at most %d bytes.", s.maxBody)
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); len(body) > 0 && (err != nil || kind != "application/json") {
		return statusProblem(r.Context(), http.StatusUnsupportedMediaType, "unsupported_media_type", "Send JSON, with Content-Type: application/json.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	return nil
}
