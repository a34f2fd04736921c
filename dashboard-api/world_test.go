package dashboardapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/controlplane"
	"turnkey/controlplane/authz"
	verifier "turnkey/controlplane/passkey"
	"turnkey/controlplane/seal"
	"turnkey/controlplane/store"
	"turnkey/internal/pgtest"
	"turnkey/internal/redact"
)

func TestMain(m *testing.M) {
	code := pgtest.Run(m)
	if programs.Programs != nil {
		programs.Remove()
	}
	os.Exit(code)
}

const testPassword = "correct horse battery"

// clock is a time that tests move by hand.
type clock struct{ micros atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.micros.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// house is the whole control plane over one database, without a socket.
type house struct {
	*testing.T
	clock   *clock
	store   *store.Store
	plane   *controlplane.Plane
	pool    *pool
	api     *api
	handler http.Handler
	url     string
	people  atomic.Int64
	// receiver gets alerts.
	receiver *receiver
	// audit reads the database past the API.
	audit *pgx.Conn
}

func migrated(ctx context.Context, url string) error { return store.Migrate(ctx, redact.New(url)) }

// newHouse builds one; adjust may change the configurations.
func newHouse(t *testing.T, adjust ...func(*controlplane.Config, *Config)) *house {
	t.Helper()
	h := &house{T: t, clock: newClock(), pool: newPool(), url: pgtest.Like(t, migrated), receiver: &receiver{}}
	var err error
	if h.store, err = store.Open(t.Context(), redact.New(h.url)); err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(h.store.Close)
	if h.audit, err = pgx.Connect(t.Context(), h.url); err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { _ = h.audit.Close(context.Background()) })
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	domain := controlplane.Config{
		Store: h.store, Now: h.clock.now, Random: rand.Reader, Log: log, Signup: controlplane.SignupOpen,
		Password: controlplane.PasswordCost{MemoryKiB: 8, Iterations: 1},
		Vault:    must(seal.Generate()), Bundles: h.pool.sealer, Commander: h.pool, Listen: h.store.Listen,
		Passkeys: must(verifier.New("https://dashboard.example")),
		Mailing:  controlplane.Mailing{Mailbox: true, BaseURL: "https://dashboard.example"},
		Webhooks: h.receiver,
	}
	policy, err := authz.New()
	if err != nil {
		t.Fatal(err)
	}
	web := Config{
		Authz: policy, Log: log, Now: h.clock.now, BaseURL: "https://dashboard.example", Key: redact.New(strings.Repeat("k", 32)),
		RuntimeURL: "https://{host}.run.example", Patience: time.Millisecond,
		Signup: controlplane.SignupOpen, Limits: Limits{PerAddress: 1e6, PerActor: 1e6, LoginPerAddress: 1e6, LoginPerAccount: 1e6},
	}
	for _, f := range adjust {
		f(&domain, &web)
	}
	if h.plane, err = controlplane.New(domain); err != nil {
		t.Fatal(err)
	}
	web.Plane = h.plane
	if h.api, err = build(web); err != nil {
		t.Fatal(err)
	}
	h.api.forgetFor = 0
	if h.handler, err = h.api.handler(); err != nil {
		t.Fatal(err)
	}
	return h
}

// person is somebody (or some script) who sends requests.
type person struct {
	name, email, id string
	session, bearer string
	controlplane.Actor
}

// call is one request.
type call struct {
	method, path string
	as           *person
	body         any // marshalled; a string is sent as it is
	header       map[string]string
}

// reply is what came back.
type reply struct {
	*httptest.ResponseRecorder
	json map[string]any
}

func (r reply) text(key string) string {
	s, _ := r.json[key].(string)
	return s
}

// do sends a request below prefix (or to an absolute path that begins with "//").
func (h *house) do(c call) reply {
	h.Helper()
	var body []byte
	switch b := c.body.(type) {
	case nil:
	case string:
		body = []byte(b)
	default:
		var err error
		if body, err = json.Marshal(b); err != nil {
			h.Fatal(err)
		}
	}
	path := prefix + c.path
	if absolute, ok := strings.CutPrefix(c.path, "//"); ok {
		path = "/" + absolute
	}
	r := httptest.NewRequestWithContext(h.Context(), c.method, path, bytes.NewReader(body))
	r.RemoteAddr = "203.0.113.7:4711"
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.as != nil && c.as.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.as.bearer)
	}
	if c.as != nil && c.as.session != "" {
		r.AddCookie(&http.Cookie{Name: h.api.cookieName(), Value: c.as.session})
	}
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	out := reply{ResponseRecorder: w}
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), &out.json); err != nil {
			h.Errorf("%s %s answered no JSON: %q", c.method, path, w.Body)
		}
	}
	return out
}

// must is do for requests that are not the point of the test.
func (h *house) must(c call) reply {
	h.Helper()
	r := h.do(c)
	if r.Code >= 300 {
		h.Fatalf("%s %s: %d %s", c.method, c.path, r.Code, r.Body)
	}
	return r
}

// signUp makes a person with an account of their own.
func (h *house) signUp(name string) *person {
	h.Helper()
	p := &person{name: name, email: strings.ReplaceAll(name, " ", ".") + "." + string(rune('a'+h.people.Load()%26)) + rand.Text()[:6] + "@example.com"}
	h.people.Add(1)
	u, secret, err := h.plane.Accounts.SignUp(h.Context(), controlplane.Actor{IP: "203.0.113.7", RequestID: "req_setup"},
		controlplane.NewAccount{Email: p.email, Name: name, Password: redact.New(testPassword)})
	if err != nil {
		h.Fatalf("sign %s up: %v", name, err)
	}
	p.id, p.session = u.ID, secret.Reveal()
	if p.Actor, err = h.plane.Accounts.BySession(h.Context(), p.session); err != nil {
		h.Fatal(err)
	}
	return p
}

// refresh rereads what a person may do.
func (h *house) refresh(p *person) {
	h.Helper()
	var err error
	if p.Actor, err = h.plane.Accounts.BySession(h.Context(), p.session); err != nil {
		h.Fatal(err)
	}
}

// join makes a person a member, past the rules for who may invite whom.
func (h *house) join(p *person, organization string, role controlplane.Role, projects []string) {
	h.Helper()
	err := h.store.InTx(h.Context(), func(tx controlplane.Tx) error {
		return tx.InsertMember(h.Context(), controlplane.Member{
			Organization: organization, UserID: p.id, Role: role, Projects: projects, Version: 1, CreatedAt: h.clock.now(),
		})
	})
	if err != nil {
		h.Fatalf("join: %v", err)
	}
	h.refresh(p)
}

// token gives a script with an API token of an owner.
func (h *house) token(owner *person, organization string, in controlplane.NewToken) *person {
	h.Helper()
	if in.Name == "" {
		in.Name = "script"
	}
	t, secret, err := h.plane.Tokens.Create(h.Context(), owner.Actor, organization, in)
	if err != nil {
		h.Fatalf("make a token: %v", err)
	}
	return &person{name: "token " + string(in.Role), id: t.ID, bearer: secret.Reveal()}
}

// tenant is an organization with one of everything that a path can name.
type tenant struct {
	owner *person
	// ids maps each path parameter to an id of this tenant's own.
	ids map[string]string
}

// newTenant builds one with every fixture.
func (h *house) newTenant(name string) *tenant {
	h.Helper()
	t := &tenant{owner: h.signUp(name + " owner"), ids: map[string]string{}}
	o, err := h.plane.Organizations.Create(h.Context(), t.owner.Actor, name)
	if err != nil {
		h.Fatal(err)
	}
	t.ids["org"] = o.ID
	h.refresh(t.owner)
	for _, f := range fixtures {
		f.build(h, t)
	}
	return t
}

// fixture is one noun family's part of the tenants and of the generated matrix.
type fixture struct {
	// build makes one of everything and puts its ids into t.ids, by path parameter.
	build func(h *house, t *tenant)
	// bodies gives a valid body for a route, by "METHOD /path"; nil for a route that takes none. It runs
	// before the path is filled in, so it may also make a new thing and put its id into t.ids.
	bodies map[string]func(h *house, t *tenant, as *person) any
	// perishable names the routes besides DELETE that can succeed only once per tenant.
	perishable []string
}

// fixtures are all of them; a new noun family adds its own here.
var fixtures = []fixture{identityFixture, accountFixture, instanceFixture, telemetryFixture, alertFixture}

func fixtureBodies() (bodies map[string]func(h *house, t *tenant, as *person) any, perishable map[string]bool) {
	bodies, perishable = map[string]func(h *house, t *tenant, as *person) any{}, map[string]bool{}
	for _, f := range fixtures {
		maps.Copy(bodies, f.bodies)
		for _, line := range f.perishable {
			perishable[line] = true
		}
	}
	return bodies, perishable
}

// events reads the audit log after an event's id, in the order of writing, past the API.
func (h *house) events(after string) []controlplane.AuditEvent {
	h.Helper()
	rows, err := h.audit.Query(h.Context(), `SELECT id, organization_id, kind, target, user_id, token_id, ip, request_id, changes
		FROM audit_events WHERE id > $1 ORDER BY id`, after)
	if err != nil {
		h.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e controlplane.AuditEvent, err error) {
		var kind, changes string
		err = row.Scan(&e.ID, &e.Organization, &kind, &e.Target, &e.UserID, &e.TokenID, &e.IP, &e.RequestID, &changes)
		e.Kind, e.Changes = controlplane.EventKind(kind), []byte(changes)
		return e, err
	})
	if err != nil {
		h.Fatal(err)
	}
	return out
}

// lastEvent is the id of the newest event.
func (h *house) lastEvent() (id string) {
	h.Helper()
	if err := h.audit.QueryRow(h.Context(), `SELECT coalesce(max(id), '') FROM audit_events`).Scan(&id); err != nil {
		h.Fatal(err)
	}
	return id
}
