package dashboardapi

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"turnkey/controlplane"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/envelope"
	"turnkey/runtime/feed"
	"turnkey/runtime/source"
	tokens "turnkey/runtime/token"
)

// sourceURI is the connection string of every fixture; no answer, event or log may hold it.
const sourceURI = "mongodb://user:canary-hunter2@db.example/todo"

const workingConfig = `
source: {type: mongodb, uri: {secret: SOURCE_URI}, database: todo}
auth: {powersync_url: https://foo.powersync.example, development_tokens: true, providers: [{name: server, type: api_key}]}
tables:
  todos: {collection: Todos, id: objectid, allow: {create: "true"}, fields: {done: {type: bool}}}
`

// pool stands in for a pool of runtimes: it opens what it is sent with real keys, and does nothing.
type pool struct {
	keys   envelope.Keys
	sealer *envelope.Sealer
	opener *envelope.Opener

	mu   sync.Mutex
	fail error // of the next commands
	// older is a pool of the version before.
	older bool
	// during is called while a command runs; may be nil.
	during func()
	sent   []command.Command
	// seen are the connection strings that commands carried.
	seen []string
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newPool() *pool {
	k := must(envelope.GenerateKeys())
	return &pool{
		keys: k, sealer: must(envelope.NewSealer(must(envelope.NewSigner(k.Sign)), k.PoolPublic)),
		opener: must(envelope.NewOpener(must(envelope.NewVerifier(k.Verify)), k.PoolPrivate)),
	}
}

// Send implements controlplane.Commander.
func (p *pool) Send(_ context.Context, _, _ string, c command.Command) (json.RawMessage, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.during != nil {
		p.during()
	}
	p.sent = append(p.sent, c)
	if len(c.Bundle) == 0 {
		if p.fail != nil {
			return nil, p.fail
		}
		if strings.HasPrefix(string(c.Name), "delivery_") {
			return aboutDeliveries(c)
		}
		if strings.HasPrefix(string(c.Name), "conflict_") {
			return aboutConflicts(c)
		}
		if c.Name == command.LatestList {
			return aboutLatest(c)
		}
		if strings.HasPrefix(string(c.Name), "shadow_") {
			return aboutShadows(c)
		}
		if c.Name == command.InboxCount {
			return aboutInboxes(c)
		}
		return aboutRejections(c)
	}
	b, err := p.opener.Open(c.Bundle, c.Instance)
	if err != nil {
		return nil, err
	}
	p.seen = append(p.seen, b.Secrets[b.Config.Source.URI.Secret].Reveal())
	switch {
	case p.fail != nil:
		return nil, p.fail
	case c.Name == command.Prepare && !p.older:
		return json.Marshal(command.Prepared{Mode: source.Mode{Atomicity: "transactions", Note: "a stand-in"}})
	case c.Name == command.SourceTest:
		return json.Marshal(source.TestReport{OK: true, Server: "a stand-in"})
	case c.Name == command.SourceInspect:
		return json.Marshal(source.Inspection{Tables: []source.ProposedTable{{Name: "todos"}}})
	case c.Name == command.TokenDiagnose:
		return json.Marshal(tokens.Diagnosis{Kind: tokens.StrangeKind})
	case strings.HasPrefix(string(c.Name), "rehearsal_"):
		return aboutRehearsals(c)
	}
	return json.RawMessage("{}"), nil
}

func (p *pool) refuse(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = err
}

// names gives what was sent so far.
func (p *pool) names() (out []command.Name) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.sent {
		out = append(out, c.Name)
	}
	return out
}

// heartbeat registers a runtime as alive now, with what it has to say.
func (h *house) heartbeat(acks ...feed.Ack) {
	h.Helper()
	err := h.plane.Runtimes.Report(h.Context(), feed.Report{Acks: acks, Runtime: feed.Runtime{
		ID: "rt_1", Address: "http://127.0.0.1:1", Version: "test", Format: bundle.Format, StartedAt: h.clock.now(),
		Capabilities: []string{string(command.Prepare), string(command.SourceTest), string(command.SourceInspect),
			string(command.RejectionList), string(command.RejectionGet), string(command.RejectionReplay), string(command.RejectionDiscard),
			string(command.ConflictList), string(command.ConflictGet), string(command.ConflictResolve), string(command.ConflictDismiss),
			string(command.DeploymentReplay), string(command.UserErase), string(command.DeliveryList), string(command.DeliveryGet),
			string(command.DeliveryRedeliver), string(command.DeliveryDiscard), string(command.DeliveryErase), string(command.DeliveryCount), string(command.InboxCount),
			string(command.RehearsalRun), string(command.RehearsalReplay), string(command.RehearsalCase),
			string(command.LatestList), string(command.ShadowStart), string(command.ShadowGet), string(command.ShadowStop), string(command.TokenDiagnose)},
	}})
	if err != nil {
		h.Fatal(err)
	}
}

// newest opens an instance's newest bundle.
func (h *house) newest(instance string) *bundle.Bundle {
	h.Helper()
	sealed, err := h.plane.Runtimes.Fetch(h.Context(), instance)
	if err != nil {
		h.Fatalf("fetch the bundle: %v", err)
	}
	b, err := h.pool.opener.Open(sealed, instance)
	if err != nil {
		h.Fatalf("open the bundle: %v", err)
	}
	return b
}

// instanceFixture is a project with an instance that has one of everything and two deployments.
var instanceFixture = fixture{
	build: func(h *house, t *tenant) {
		h.Helper()
		h.heartbeat()
		p, err := h.plane.Projects.Create(h.Context(), t.owner.Actor, t.ids["org"], "Todo")
		if err != nil {
			h.Fatal(err)
		}
		t.ids["project"] = p.ID
		i, _, err := h.plane.Instances.Create(h.Context(), t.owner.Actor, p.ID, controlplane.NewInstance{
			Name: "Todo", Kind: bundle.Development, Document: workingConfig, Deploy: true,
			Secrets: map[string]redact.Secret{"SOURCE_URI": redact.New(sourceURI), "UNUSED_KEY": redact.New("unused")},
		})
		if err != nil {
			h.Fatal(err)
		}
		t.ids["instance"], t.ids["number"], t.ids["name"], t.ids["path"] = i.ID, "1", "UNUSED_KEY", "lib/shared.ts"
		t.ids["rejection"], t.ids["conflict"], t.ids["delivery"], t.ids["id"] = "rej_of_"+i.ID, "cnf_of_"+i.ID, "dlv_of_"+i.ID, "user_of_"+i.ID
		other, _, err := h.plane.Instances.Create(h.Context(), t.owner.Actor, p.ID, controlplane.NewInstance{
			Name: "Other", Kind: bundle.Development, Document: workingConfig, Deploy: true, Secrets: map[string]redact.Secret{"SOURCE_URI": redact.New(sourceURI)},
		})
		if err != nil {
			h.Fatal(err)
		}
		t.ids["from"] = other.ID
		k, _, err := h.plane.APIKeys.Create(h.Context(), t.owner.Actor, i.ID, "server", 0)
		if err != nil {
			h.Fatal(err)
		}
		t.ids["key"] = k.ID
		if _, err := h.plane.Files.Put(h.Context(), t.owner.Actor, i.ID, "lib/shared.ts", "export {}", nil); err != nil {
			h.Fatal(err)
		}
	},
	perishable: []string{"POST /instances/{instance}/signing-keys/rotate"},
	bodies: map[string]func(h *house, t *tenant, as *person) any{
		"POST /orgs/{org}/projects":   body(map[string]any{"name": "Another"}),
		"PATCH /projects/{project}":   body(map[string]any{"name": "Renamed"}),
		"PATCH /instances/{instance}": body(map[string]any{"state": "paused"}),
		"POST /projects/{project}/instances": body(map[string]any{
			"name": "Second", "kind": "development", "config": workingConfig, "secrets": map[string]any{"SOURCE_URI": sourceURI}, "deploy": true,
		}),
		"PUT /instances/{instance}/config":                         body(map[string]any{"config": workingConfig}),
		"POST /instances/{instance}/config/validate":               body(map[string]any{"config": workingConfig}),
		"PUT /instances/{instance}/files/{path:.+}":                body(map[string]any{"content": "export default {}"}),
		"PUT /instances/{instance}/secrets/{name}":                 body(map[string]any{"value": sourceURI}),
		"POST /instances/{instance}/source/test":                   body(map[string]any{}),
		"POST /instances/{instance}/source/inspect":                body(map[string]any{"type": "mongodb", "uri": sourceURI, "database": "todo"}),
		"POST /instances/{instance}/deployments":                   body(map[string]any{"message": "again"}),
		"POST /instances/{instance}/hooks/test":                    body(nil),
		"POST /instances/{instance}/deployments/{number}/activate": body(map[string]any{}),
		"POST /instances/{instance}/deployments/{number}/restore":  body(map[string]any{"files": true, "config": true}),
		"POST /instances/{instance}/go-live/keys-pasted":           body(nil),
		"POST /instances/{instance}/signing-keys/rotate":           body(map[string]any{}),
		"POST /instances/{instance}/signing-keys/revoke": func(h *house, t *tenant, _ *person) any {
			list, err := h.plane.SigningKeys.List(h.Context(), t.ids["instance"])
			if err != nil {
				h.Fatal(err)
			}
			status := h.plane.SigningKeys.Status(list)
			return map[string]any{"id": list[slices.Index(status, controlplane.KeySigning)].ID}
		},
		"DELETE /projects/{project}": func(h *house, t *tenant, _ *person) any {
			o, err := h.plane.Organizations.Get(h.Context(), t.ids["org"])
			if err == nil && o.Name == "once" { // only an empty project can be deleted
				err = errors.Join(h.plane.Instances.Delete(h.Context(), t.owner.Actor, t.ids["instance"]), h.plane.Instances.Delete(h.Context(), t.owner.Actor, t.ids["from"]))
			}
			if err != nil {
				h.Fatal(err)
			}
			return nil
		},
		"POST /instances/{instance}/rejections/replay": func(h *house, t *tenant, _ *person) any {
			h.heartbeat()
			return map[string]any{"ids": []string{t.ids["rejection"]}}
		},
		"POST /instances/{instance}/rejections/discard": func(h *house, t *tenant, _ *person) any {
			h.heartbeat()
			return map[string]any{"ids": []string{t.ids["rejection"]}}
		},
		"POST /instances/{instance}/conflicts/resolve": func(h *house, t *tenant, _ *person) any {
			h.heartbeat()
			return map[string]any{"ids": []string{t.ids["conflict"]}, "take": "client"}
		},
		"POST /instances/{instance}/conflicts/dismiss": func(h *house, t *tenant, _ *person) any {
			h.heartbeat()
			return map[string]any{"ids": []string{t.ids["conflict"]}}
		},
		"POST /instances/{instance}/token-doctor": body(map[string]any{"token": "not.a.token"}),
		"POST /instances/{instance}/promotion/{from}": func(h *house, t *tenant, _ *person) any {
			h.heartbeat()
			p, err := h.plane.Promotions.Plan(h.Context(), t.ids["from"], t.ids["instance"])
			if err != nil {
				h.Fatal(err)
			}
			return map[string]any{"seen": p.Seen}
		},
		"POST /instances/{instance}/conflicts/{conflict}/test":              body(nil),
		"POST /instances/{instance}/rejections/{rejection}/test":            body(nil),
		"POST /instances/{instance}/shadow":                                 body(map[string]any{}),
		"POST /instances/{instance}/hooks/run":                              body(map[string]any{"of": "deployed", "operation": map[string]any{"op": "DELETE", "table": "todos", "id": "1"}, "user": map[string]any{"id": "u1"}}),
		"POST /instances/{instance}/hooks/replay":                           body(map[string]any{"of": "deployed"}),
		"POST /instances/{instance}/conflicts/{conflict}/resolve":           body(map[string]any{"take": "server"}),
		"POST /instances/{instance}/conflicts/{conflict}/force":             body(map[string]any{"take": "server"}),
		"POST /instances/{instance}/conflicts/{conflict}/dismiss":           body(nil),
		"POST /instances/{instance}/rejections/{rejection}/replay":          body(map[string]any{"transaction": map[string]any{"crud": []any{}}}),
		"POST /instances/{instance}/rejections/{rejection}/force":           body(map[string]any{}),
		"POST /instances/{instance}/rejections/{rejection}/discard":         body(nil),
		"POST /instances/{instance}/deployments/{number}/replay-rejections": body(nil),
		"POST /instances/{instance}/deliveries/redeliver":                   theDelivery,
		"POST /instances/{instance}/deliveries/discard":                     theDelivery,
		"POST /instances/{instance}/deliveries/{delivery}/redeliver":        body(nil),
		"POST /instances/{instance}/deliveries/{delivery}/discard":          body(nil),
		"POST /instances/{instance}/api-keys":                               body(map[string]any{"name": "second"}),
		"POST /instances/{instance}/dev-token":                              body(map[string]any{"user_id": "anybody"}),
	},
}

// theDelivery names the fixture's own one.
func theDelivery(h *house, t *tenant, _ *person) any {
	h.heartbeat()
	return map[string]any{"ids": []string{t.ids["delivery"]}}
}

// body is for requests that look the same for everybody. A runtime is alive for those that need one.
func body(v any) func(*house, *tenant, *person) any {
	return func(h *house, _ *tenant, _ *person) any {
		h.heartbeat()
		return v
	}
}
