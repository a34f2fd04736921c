package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"

	"turnkey/internal/fault"
	"turnkey/runtime/admission"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

const (
	requestIDHeader = "X-Request-Id"
	// maxBody of an upload; above it is 413, the one documented exception to never-stuck.
	maxBody = 64 << 20
	// maxTokenBody of a token exchange.
	maxTokenBody = 64 << 10
)

// Instances finds bundles. An unknown host is a fault of kind NotFound. Revision is asked for every
// request and must be cheap; Bundle only when a revision is new, and may have to open sealed bytes.
type Instances interface {
	Revision(ctx context.Context, host string) (int64, error)
	Bundle(ctx context.Context, host string) (*bundle.Bundle, error)
}

// Authority is one instance's tokens, under one bundle.
type Authority interface {
	// Exchange answers a token for a verified identity, and tells whose it is.
	Exchange(ctx context.Context, q TokenRequest) (answer any, userID string, err error)
	// Authenticate verifies an upload's credential.
	Authenticate(ctx context.Context, authorization string) (rule.User, error)
	// JWKS is the key set document and its entity tag.
	JWKS() (body []byte, etag string)
}

// TokenRequest is what a client sent to /token.
type TokenRequest struct {
	Authorization string         // the header as it came; "" when absent
	UserID        string         // development tokens, and servers with an API key
	Claims        map[string]any // servers with an API key
	DeviceSecret  string         // anonymous users that come back
}

// Uploader applies uploads of one instance, under one bundle.
type Uploader interface {
	Apply(w http.ResponseWriter, r *http.Request, body []byte, user rule.User, requestID string)
	// Degraded says why uploads are held back, or nil; it must marshal to JSON.
	Degraded() any
	// Repeats says that repeated writes are recognised less well than they could be, or nil; it must
	// marshal to JSON. Nothing is wrong then.
	Repeats() any
}

// Config is what a gateway needs. All functions are called concurrently.
type Config struct {
	// Domain of tenant hosts: {host}.Domain. Empty: only the path form.
	Domain    string
	Instances Instances

	OpenSource   func(ctx context.Context, b *bundle.Bundle) (source.Source, error)
	NewAuthority func(b *bundle.Bundle, src source.Source) (Authority, error)
	NewUploader  func(b *bundle.Bundle, src source.Source, problem func(http.ResponseWriter, *http.Request, error)) (Uploader, error)
	// Hold answers an upload that is over a limit or whose instance is paused.
	Hold func(w http.ResponseWriter, r *http.Request, code, message string, after time.Duration, problem func(http.ResponseWriter, *http.Request, error))

	// Proxies whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	Limits  Limits

	Now    func() time.Time
	Random func() float64 // in [0, 1)
	NewID  func() string
	Log    *slog.Logger
	// Enqueued is told of an instance with a commit here that put something into its outbox; nil: nobody
	// is. It must not wait.
	Enqueued func(instance string)
	// Observe is told of token exchanges and refused uploads; nil: nobody is. It must not wait.
	Observe func(telemetry.Entry)
}

// Gateway serves every instance that its Instances know. Its owner calls Close after the last
// request.
type Gateway struct {
	cfg      Config
	live     *registry
	handler  http.Handler
	rates    rates
	uploads  *admission.Queue
	tokens   *admission.Queue
	bodies   *admission.Memory
	draining atomic.Bool
}

// New makes a gateway.
func New(cfg Config) *Gateway {
	cfg.Limits = cfg.Limits.filled()
	l := cfg.Limits
	g := &Gateway{cfg: cfg, live: newRegistry(&cfg), rates: newRates(l, cfg.Now)}
	g.live.problem = g.fail
	g.uploads = admission.New(l.Uploads, cfg.Now, cfg.Random)
	g.tokens = admission.New(l.Tokens, cfg.Now, cfg.Random)
	g.bodies = admission.NewMemory(l.BodyBytes)
	g.handler = g.routes()
	return g
}

// Close closes every live instance and waits for it.
func (g *Gateway) Close() { g.live.close() }

// Sweep closes instances that have been idle; the owner calls it from time to time.
func (g *Gateway) Sweep() { g.live.sweep(g.cfg.Now()) }

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set(requestIDHeader, g.cfg.NewID())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	r.Header.Del("Cookie") // tenant routes never see one
	r.Host, r.URL.Host = strings.ToLower(r.Host), strings.ToLower(r.URL.Host)
	defer g.recovered(w, r)
	g.handler.ServeHTTP(w, r)
}

// recovered turns a panic into an answer that clients retry, and lets nothing of it out.
func (g *Gateway) recovered(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	g.cfg.Log.Error("panic while serving", "request_id", w.Header().Get(requestIDHeader), "panic", cause, "stack", string(debug.Stack()))
	g.fail(w, r, fault.New(fault.Internal, "internal", "Something went wrong on our side."))
}

// routes is the one place that knows the router library. Every path answers the same in both forms.
func (g *Gateway) routes() http.Handler {
	root := mux.NewRouter().SkipClean(true) // a redirect would turn a POST with "//" into a GET
	root.NotFoundHandler = http.HandlerFunc(g.noRoute)
	var forms []*mux.Router
	if g.cfg.Domain != "" { // first: on a tenant's host the path form does not exist
		forms = append(forms, root.Host(`{host:[a-z0-9-]+}.`+g.cfg.Domain).Subrouter())
	}
	forms = append(forms, root.PathPrefix("/i/{host}").Subrouter())
	root.HandleFunc(ReadyPath, g.ready)
	for _, form := range forms {
		form.NotFoundHandler = root.NotFoundHandler
		for _, route := range g.table() {
			form.HandleFunc(route.path, g.serve(route))
		}
	}
	return root
}

// route is one line of the table.
type route struct {
	path    string
	methods []string
	handle  handler
}

// handler serves one request to a live instance.
type handler func(g *Gateway, w http.ResponseWriter, r *http.Request, in *live)

// table lists every path of an instance and its aliases.
func (g *Gateway) table() []route {
	var out []route
	add := func(handle handler, methods []string, paths ...string) {
		for _, p := range paths {
			out = append(out, route{p, methods, handle})
		}
	}
	add((*Gateway).upload, []string{"POST", "PUT", "PATCH", "DELETE"}, "/api/data")
	add((*Gateway).upload, []string{"POST"}, "/upload")
	add((*Gateway).token, []string{"POST", "GET"}, "/token", "/api/auth/token")
	add((*Gateway).jwks, []string{"GET", "HEAD"}, "/.well-known/jwks.json", "/jwks", "/api/auth/keys")
	add((*Gateway).health, []string{"GET", "HEAD"}, "/health")
	return out
}

// serve wraps a handler: CORS, limits by address, the live instance.
func (g *Gateway) serve(at route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			g.preflight(w, r)
			return
		}
		if !slices.Contains(at.methods, r.Method) {
			noMethod(w, at.methods)
			return
		}
		if !g.rates.address.allow(g.clientAddress(r)) {
			openCORS(w.Header())
			g.fail(w, r, fault.New(fault.Unavailable, "limit_address", "Too many requests from this address.").
				WithHint("Wait a few seconds and try again."))
			return
		}
		in, err := g.live.acquire(r.Context(), mux.Vars(r)["host"])
		if err != nil {
			openCORS(w.Header())
			g.fail(w, r, err)
			return
		}
		defer in.release()
		in.cors.apply(w.Header(), r.Header.Get("Origin"))
		at.handle(g, w, r, in)
	}
}

func (g *Gateway) noRoute(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		g.preflight(w, r)
		return
	}
	openCORS(w.Header())
	hint := "An instance answers at /api/data, /upload, /token, /.well-known/jwks.json and /health."
	if path.Clean(r.URL.Path) != r.URL.Path { // a redirect would make a GET of a POST
		hint += " The path has a slash too many: write the instance's URL without one at its end."
	}
	g.fail(w, r, fault.New(fault.NotFound, "no_such_path", "There is nothing at this path.").WithHint(hint))
}

func noMethod(w http.ResponseWriter, allowed []string) {
	openCORS(w.Header())
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	failWith(w, http.StatusMethodNotAllowed,
		fault.New(fault.Invalid, "method_not_allowed", "This path answers "+strings.Join(allowed, ", ")+" only."))
}
