package dashboardapi

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humamux"
	"github.com/gorilla/mux"
)

// api is the state that handlers share; nothing in it changes after New but the limiters.
type api struct {
	cfg    Config
	box    *box
	logIDs logIDs
	// heartbeat and streamFor are those of live tails; tests shorten them.
	heartbeat, streamFor time.Duration
	// forgetFor is how long asking for a password reset takes.
	forgetFor time.Duration
	limits    *limiters
	secure    bool // browsers reach us by https
	table     []route
	// register is the route being registered; huma's adapter interface has no room for it.
	register *route
	router   *mux.Router
	// dashboard is the web application; nil: this build serves none.
	dashboard *dashboard
	// connector is where npm finds the newest package of the JavaScript connector; empty: this build has none.
	connector string
}

// New builds the API with its pages. It fails when the configuration or a line of the route table is wrong.
func New(cfg Config) (http.Handler, error) {
	a, err := build(cfg)
	if err != nil {
		return nil, err
	}
	return a.handler()
}

func build(cfg Config) (*api, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	sealer, err := newBox(cfg.Key)
	if err != nil {
		return nil, err
	}
	ids, err := newLogIDs(cfg.Key)
	if err != nil {
		return nil, err
	}
	a := &api{cfg: cfg, box: sealer, logIDs: ids, heartbeat: heartbeat, streamFor: streamFor, forgetFor: forgetFor, limits: newLimiters(cfg.Limits), secure: strings.HasPrefix(cfg.BaseURL, "https://"), router: mux.NewRouter()}
	if a.cfg.Patience == 0 {
		a.cfg.Patience = defaultPatience
	}
	a.table = a.routes()
	return a, nil
}

// handler registers the table and wraps the router in what every request passes.
func (a *api) handler() (http.Handler, error) {
	a.router.SkipClean(true) // a path that needs cleaning is not one of ours
	described, err := a.describe()
	if err != nil {
		return nil, err
	}
	if err := a.documents(described); err != nil {
		return nil, err
	}
	if err := a.pages(); err != nil {
		return nil, err
	}
	a.router.NotFoundHandler = http.HandlerFunc(a.notFound)
	a.router.MethodNotAllowedHandler = http.HandlerFunc(a.methodNotAllowed)

	cross := http.NewCrossOriginProtection()
	if err := cross.AddTrustedOrigin(strings.TrimSuffix(a.cfg.BaseURL, "/")); err != nil {
		return nil, fmt.Errorf("dashboard-api: trust BaseURL as an origin: %w", err)
	}
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.write(w, r, statusProblem(r.Context(), http.StatusForbidden, "cross_origin", "Another site's page may not change anything here."))
	}))
	return a.identify(a.survive(cross.Handler(a.router))), nil
}

// describe registers the table, and so describes it.
func (a *api) describe() (huma.API, error) {
	described := huma.NewAPI(a.description(), (*adapter)(a))
	seen := map[string]bool{}
	for i := range a.table {
		r := &a.table[i]
		if err := r.check(); err != nil {
			return nil, err
		}
		if line := r.method + " " + r.path; seen[line] {
			return nil, fmt.Errorf("dashboard-api: route %s is in the table twice", line)
		} else {
			seen[line] = true
		}
		a.register = r
		op := a.operation(r)
		r.handler(described, op)
		describeSettling(op)
	}
	return described, nil
}

// adapter puts huma's operations behind our own way to a handler, on the router.
type adapter api

// Handle implements huma.Adapter.
func (d *adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	a := (*api)(d)
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler(humamux.NewContext(op, r, w)) })
	a.router.NewRoute().Path(prefix + a.register.path).Methods(op.Method).Handler(a.admit(a.register, inner))
}

// ServeHTTP implements huma.Adapter.
func (d *adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.router.ServeHTTP(w, r) }

// notFound also is where the dashboard's addresses arrive: which of them exist is known to the page alone.
func (a *api) notFound(w http.ResponseWriter, r *http.Request) {
	if a.dashboard != nil && a.dashboard.wants(r) {
		a.dashboard.servePage(w, r)
		return
	}
	a.write(w, r, statusProblem(r.Context(), http.StatusNotFound, "no_such_route", "There is nothing at this address."))
}

// methodNotAllowed also says which methods there are, as RFC 9110 wants.
func (a *api) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{get, post, put, patch, remove} {
		probe := r.Clone(r.Context())
		probe.Method = m
		var match mux.RouteMatch
		if a.router.Match(probe, &match) && match.MatchErr == nil && match.Route != nil {
			allowed = append(allowed, m)
		}
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	a.write(w, r, statusProblem(r.Context(), http.StatusMethodNotAllowed, "method_not_allowed", "This address does not know that method."))
}
