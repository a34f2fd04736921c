package dashboardapi

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
	"turnkey/internal/fault"
)

// scope says where a route's permission is asked, by the path parameter that names the place.
type scope string

const (
	// nowhere is for routes about the actor alone: Public, SignedIn and Person.
	nowhere    scope = ""
	inOrg      scope = "org"
	inProject  scope = "project"
	inInstance scope = "instance"
)

// quiet marks routes that change nothing, and so emit no event.
const quiet controlplane.EventKind = ""

// route is one line of the table.
type route struct {
	method, path string
	permission   authz.Permission
	scope        scope
	event        controlplane.EventKind
	summary      string
	handler      handler
	options      []option
}

// option sets what few routes need.
type option func(*settings)

// settings are a route's rarer properties.
type settings struct {
	// maxBody is the longest body, in bytes.
	maxBody int64
	// status is the answer's status when it is not the method's usual one.
	status int
	// ifMatch demands If-Match.
	ifMatch bool
	// settle runs after the change is committed, also on a repeated request, and may replace the answer:
	// for what can only be known then, such as whether a runtime acknowledged a revision.
	settle func(ctx context.Context, status int, body []byte) (int, []byte)
	// ownAccount is for what people may do before their address is verified.
	ownAccount bool
	// noReplay keeps Idempotency-Key out: a refusal here is counted, and so must not be undone.
	noReplay bool
	// navigation is for a GET that a browser is sent to from another site, and that may sign in: what it
	// brings is bound to a cookie of ours instead of the cross-origin check. It answers with a redirect.
	navigation bool
}

const defaultMaxBody = 1 << 20

func (r route) settings() settings {
	s := settings{maxBody: defaultMaxBody}
	for _, o := range r.options {
		o(&s)
	}
	return s
}

// maxBody allows longer bodies than 1 MiB.
func maxBody(bytes int64) option { return func(s *settings) { s.maxBody = bytes } }

// status is for answers such as 201 and 202.
func status(code int) option { return func(s *settings) { s.status = code } }

// ifMatch is for edits: without If-Match 428.
func ifMatch() option { return func(s *settings) { s.ifMatch = true } }

// settle is for answers that depend on what happens after the commit.
func settle(fn func(ctx context.Context, status int, body []byte) (int, []byte)) option {
	return func(s *settings) { s.settle = fn }
}

// ownAccount is for changes of one's own account: they need no verified address.
func ownAccount() option { return func(s *settings) { s.ownAccount = true } }

// noReplay is for what counts its refusals.
func noReplay() option { return func(s *settings) { s.noReplay = true } }

// navigation is for where identity providers send browsers.
func navigation() option {
	return func(s *settings) { s.navigation, s.status = true, http.StatusSeeOther }
}

// mutates reports whether the route changes something.
func (r route) mutates() bool { return r.event != quiet }

// handler registers a typed handler for an operation.
type handler func(huma.API, huma.Operation)

// handle makes a handler of a function that returns faults.
func handle[I, O any](fn func(context.Context, *I) (*O, error)) handler {
	return func(api huma.API, op huma.Operation) {
		huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := fn(ctx, in)
			if err != nil {
				return nil, newProblem(ctx, fault.Of(err))
			}
			return out, nil
		})
	}
}

var pathParameter = regexp.MustCompile(`\{([a-z_]+)(:[^}]*)?\}`)

// parameters lists the names in a path.
func parameters(path string) []string {
	var names []string
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		names = append(names, m[1])
	}
	return names
}

// check refuses a table that could not be right.
func (r route) check() error {
	line := r.method + " " + r.path
	unscoped := r.permission == authz.Public || r.permission == authz.SignedIn || r.permission == authz.Person
	switch {
	case r.permission == "":
		return fmt.Errorf("dashboard-api: route %s has no permission", line)
	case !unscoped && !known(r.permission):
		return fmt.Errorf("dashboard-api: route %s asks for the permission %q, which no role can give", line, r.permission)
	case unscoped != (r.scope == nowhere):
		return fmt.Errorf("dashboard-api: route %s asks for %q in scope %q", line, r.permission, r.scope)
	case r.scope != nowhere && !strings.Contains(r.path, "{"+string(r.scope)+"}"):
		return fmt.Errorf("dashboard-api: route %s has scope %q and no such parameter", line, r.scope)
	case r.handler == nil || r.summary == "":
		return fmt.Errorf("dashboard-api: route %s needs a handler and a summary", line)
	case r.method == http.MethodGet && r.mutates() && !r.settings().navigation:
		return fmt.Errorf("dashboard-api: route %s is a GET that changes something", line)
	}
	if _, listed := controlplane.Catalogue[r.event]; r.mutates() && !listed {
		return fmt.Errorf("dashboard-api: route %s emits %q, which is not in the audit catalogue", line, r.event)
	}
	return nil
}

func known(p authz.Permission) bool {
	for _, listed := range authz.Permissions {
		if p == listed {
			return true
		}
	}
	return false
}
