package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"math"
	mathrand "math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"turnkey/internal/clock"
	"turnkey/internal/dial"
	"turnkey/internal/fault"
	"turnkey/runtime/admission"
	"turnkey/runtime/bundle"
	"turnkey/runtime/gateway"
	"turnkey/runtime/hook/effect"
	"turnkey/runtime/hook/fetch"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/outbox"
	"turnkey/runtime/outbox/signature"
	"turnkey/runtime/source"
	"turnkey/runtime/source/mongo"
	"turnkey/runtime/source/postgres"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/token"
	"turnkey/runtime/upload"
)

// runtimeParts is what every form of the runtime (dev, runtime, serve) is made of.
type runtimeParts struct {
	guard  *dial.Guard
	keys   *token.KeySets
	log    *slog.Logger
	border border
	id     string // of this process, in customers' databases
	brakes *brakes
	// shadows are the candidates that run beside deployments.
	shadows *shadows
	latests latests
	// runner runs afterCommit hooks; nil: there are none.
	runner outbox.Runner
	// workers run hooks; their owner is who opened them. hooks runs those outside of transactions, and fetches is how
	// they reach servers; nil without workers.
	workers   *worker.Pool
	hooks     *effect.Hooks
	fetches   *fetch.Client
	deliverer atomic.Pointer[outbox.Deliverer]
	webhooks  *http.Client // of the deliverer; nil before there is one
	// observe is told what happened; nil: nobody is.
	observe func(telemetry.Entry)
}

// border are the settings of the runtime's HTTP side, shared by every form of it.
type border struct {
	AllowPrivateNetworks bool     `help:"Allow databases and key sets in private networks, this machine included."`
	TrustedProxies       []string `help:"Networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8."`
	AddressRate          float64  `default:"0" help:"Requests per second from one address; beyond it 503 with Retry-After. 0: no limit."`
	UserRate             float64  `default:"0" help:"Uploads per second of one user; beyond it they are held back. 0: no limit."`
	InstanceRate         float64  `default:"0" help:"Uploads per second to one instance; beyond it they are held back. 0: no limit."`
	TokenAddressRate     float64  `default:"0" help:"Token requests per second from one address; beyond it 429. 0: no limit."`
	TokenInstanceRate    float64  `default:"0" help:"Token requests per second to one instance; beyond it 429. 0: no limit."`
	TokenUserRate        float64  `default:"0" help:"Token requests per second for one user; beyond it 429. 0: no limit."`
	UploadSlots          int      `default:"0" help:"Uploads that compute at once; more wait their turn, fairly. 0: four for each processor."`
	UploadMemory         int64    `default:"128" help:"Megabytes that the bodies of uploads may take together, decoded; at least 128."`
	MaxLiveInstances     int      `default:"500" help:"Instances kept open at once; beyond it the least lately used is closed until it is asked for again."`
	SourceConnections    int      `default:"8" help:"Connections to each instance's database, at most."`

	IdleAfter time.Duration `default:"5m" help:"An instance that nobody has asked for so long is closed until it is asked for again, to give its memory back."`

	delivery
}

// limits gives the gateway's.
func (b border) limits() gateway.Limits {
	return gateway.Limits{
		AddressRate: b.AddressRate, UserRate: b.UserRate, InstanceRate: b.InstanceRate,
		TokenAddressRate: b.TokenAddressRate, TokenInstanceRate: b.TokenInstanceRate, TokenUserRate: b.TokenUserRate,
		Uploads: gateway.DefaultUploads(b.UploadSlots), BodyBytes: b.UploadMemory << 20, MaxLive: b.MaxLiveInstances, IdleAfter: b.IdleAfter,
	}
}

// newRuntimeParts makes the parts. Their owner calls close after the gateway's.
func newRuntimeParts(log *slog.Logger, id string, b border, workers *worker.Pool) *runtimeParts {
	guard := dial.New(dial.Options{AllowPrivate: b.AllowPrivateNetworks})
	client := guard.HTTPClient(dial.HTTPOptions{Timeout: 5 * time.Second, MaxBody: 256 << 10, AllowHTTP: b.AllowPrivateNetworks})
	p := &runtimeParts{guard: guard, keys: token.NewKeySets(client, clock.Now), log: log, border: b, id: id, brakes: newBrakes(log), workers: workers}
	p.shadows = newShadows(p)
	if workers != nil {
		p.outside(workers)
	}
	return p
}

func (p *runtimeParts) close() {
	p.keys.Close()
	if p.webhooks != nil {
		p.webhooks.CloseIdleConnections()
	}
	if p.fetches != nil {
		p.fetches.Close()
	}
}

// gateway puts the parts together over a set of instances; domain is that of tenant hosts, "" for
// the path form alone.
func (p *runtimeParts) gateway(instances gateway.Instances, domain string) (*gateway.Gateway, error) {
	proxies, err := networks(p.border.TrustedProxies)
	if err != nil {
		return nil, err
	}
	return gateway.New(gateway.Config{
		Domain: domain, Instances: instances, Proxies: proxies, Limits: p.border.limits(),
		OpenSource: p.openSource, NewAuthority: p.newAuthority, NewUploader: p.newUploader, Hold: hold,
		Now: clock.Now, Random: mathrand.Float64, NewID: func() string { return newID("req") }, Log: p.log, Observe: p.observe, Enqueued: p.enqueued,
	}), nil
}

// openSource opens an instance's database; its server need not answer yet.
func (p *runtimeParts) openSource(ctx context.Context, b *bundle.Bundle) (source.Source, error) {
	cfg := b.Config.Source
	uri, ok := b.Secrets[cfg.URI.Secret]
	if !ok || uri.Empty() {
		return nil, fault.Newf(fault.Invalid, "source_secret", "The secret %s, which holds the source's connection string, is not set.", cfg.URI.Secret).
			WithHint("Store it: PUT /api/v1/instances/{instance}/secrets/" + cfg.URI.Secret + ".")
	}
	if cfg.Type == bundle.MongoDB {
		return opened(mongo.Open(ctx, mongo.Options{
			URI: uri, Database: cfg.Database, Instance: b.Instance.ID, Runtime: p.id, Dial: p.guard.DialContext, AllowPrivate: p.guard.AllowsPrivate(),
			MaxPool: uint64(max(0, p.border.SourceConnections)), Now: clock.Now, Log: p.log,
		}))
	}
	return opened(postgres.Open(ctx, postgres.Options{
		URI: uri, Schema: cfg.Database, Instance: b.Instance.ID, RLS: cfg.RowLevelSecurity, Dial: p.guard.DialContext, AllowPrivate: p.guard.AllowsPrivate(),
		MaxConns: int32(max(0, p.border.SourceConnections)), Now: clock.Now, Log: p.log,
	}))
}

// opened keeps a failure from becoming a nil pointer inside an interface, which looks like a source.
func opened[S source.Source](s S, err error) (source.Source, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (p *runtimeParts) newAuthority(b *bundle.Bundle, src source.Source) (gateway.Authority, error) {
	deps := token.Deps{Keys: p.keys, Now: clock.Now, NewSecret: func() (s [32]byte) { _, _ = rand.Read(s[:]); return s }}
	if src != nil {
		deps.Lookup = src.Lookup
	}
	if p.hooks != nil {
		deps.Resolve = p.hooks.Resolve(b)
	}
	a, err := token.New(b, deps)
	if err != nil {
		return nil, err
	}
	return authority{a}, nil
}

// authority fits token.Authority to the gateway.
type authority struct{ *token.Authority }

// Exchange implements gateway.Authority.
func (a authority) Exchange(ctx context.Context, q gateway.TokenRequest) (any, string, error) {
	out, err := a.Authority.Exchange(ctx, token.Request(q))
	if err != nil {
		return nil, "", err
	}
	return out, out.UserID, nil
}

func (p *runtimeParts) newUploader(b *bundle.Bundle, src source.Source, problem func(http.ResponseWriter, *http.Request, error)) (gateway.Uploader, error) {
	if _, err := signature.Keys(b); err != nil {
		return nil, err
	}
	e, err := upload.New(b, src, upload.Deps{
		Now: clock.Now, NewID: func() string { return newID("rej") }, Pause: backOff, Idle: admission.Wait, Problem: problem, Log: p.log, Observe: p.observe,
		Brake: p.brakes.of(b.Instance.ID), Hooks: hooks(p.workers), Seed: rand.Text, Prepare: p.workers.Prepare, Expect: expectHook(p.workers),
		Shadow: func() *upload.Shadow { return p.shadows.of(b.Instance.ID) }, Latest: p.latests.of(b.Instance),
	})
	if err != nil {
		return nil, err
	}
	return uploader{e}, nil
}

// uploader fits upload.Engine to the gateway.
type uploader struct{ *upload.Engine }

// Degraded implements gateway.Uploader: no cause must be nil, not a nil pointer inside an interface.
func (u uploader) Degraded() any {
	if cause := u.Engine.Degraded(); cause != nil {
		return cause
	}
	return nil
}

// Repeats implements gateway.Uploader, likewise.
func (u uploader) Repeats() any {
	if weaker := u.Engine.Repeats(); weaker != nil {
		return weaker
	}
	return nil
}

func hold(w http.ResponseWriter, r *http.Request, code, message string, after time.Duration, problem func(http.ResponseWriter, *http.Request, error)) {
	upload.Hold{Code: code, Message: message, RetryAfter: after}.Answer(w, r, problem)
}

// backOff waits before the n-th retry of a conflict: 1 ms, doubling to 200 ms, with full jitter, so
// that writers of one hot row spread out.
func backOff(ctx context.Context, n int) error {
	most := min(200*time.Millisecond, time.Millisecond<<min(n-1, 8))
	t := time.NewTimer(time.Duration(mathrand.Int64N(int64(most) + 1)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newID makes a sortable, unique id.
func newID(prefix string) string {
	id, err := uuid.NewV7()
	if err != nil { // the system has no randomness: nothing that we could do would be safe
		panic(err)
	}
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base 32
	out := make([]byte, 26)
	bits, have, at := uint32(0), 0, len(out)-1
	for i := len(id) - 1; i >= 0; i-- {
		bits |= uint32(id[i]) << have
		for have += 8; have >= 5; have -= 5 {
			out[at] = alphabet[bits&31]
			bits >>= 5
			at--
		}
	}
	out[at] = alphabet[bits&uint32(math.MaxUint8>>3)]
	return prefix + "_" + string(out)
}

// newLog writes JSON lines for machines, to the error stream.
func newLog(term terminal) *slog.Logger { return newLogFrom(term, slog.LevelInfo) }

// newLogFrom leaves out what is below a level.
func newLogFrom(term terminal, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(term.err, &slog.HandlerOptions{Level: level}))
}
