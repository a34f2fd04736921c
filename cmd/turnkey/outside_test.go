package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/internal/redact"
	"turnkey/internal/scrape"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/follow/followtest"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/hook/worker/workertest"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

// workersFor makes a pool and compiles hook files: path, text, path, text.
func workersFor(t *testing.T, files ...string) (*worker.Pool, *hook.Program) {
	t.Helper()
	programs, err := workertest.Build() // this binary may have cgo in it, which limits of memory make fall
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(programs.Remove)
	pool, err := worker.New(worker.Options{Binary: programs.Engine, Sizes: worker.Sizes{MaxWait: 30 * time.Second, Start: time.Minute}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	var list []hook.File
	for i := 0; i < len(files); i += 2 {
		list = append(list, hook.File{Path: files[i], Text: files[i+1]})
	}
	out, err := pool.Bundle(t.Context(), "bundler", hook.Bundle{Files: list})
	if err != nil {
		t.Fatal(err)
	}
	if out.Program == nil {
		t.Fatalf("it does not compile: %v", out.Diagnostics)
	}
	return pool, out.Program
}

// told keeps what hooks outside of transactions say.
type told struct {
	mu   sync.Mutex
	list []telemetry.Entry
}

func (k *told) record(e telemetry.Entry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = append(k.list, e)
}

func (k *told) has(outcome telemetry.Outcome, code, part string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range k.list {
		if e.Instance == "ins_1" && e.Kind == telemetry.Hook && e.Outcome == outcome && e.Code == code && strings.Contains(e.Message, part) {
			return true
		}
	}
	return false
}

const hsKey = "0123456789abcdef0123456789abcdef-canary"

// signed is a token of the instance's provider.
func signed(key string, claims map[string]any) string {
	all := map[string]any{"exp": time.Now().Add(time.Hour).Unix()}
	for name, v := range claims {
		all[name] = v
	}
	body, _ := json.Marshal(all)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

const authHook = `
import { team } from "../lib/team";
export default {
  async resolveUser(identity: any, ctx: any) {
    switch (identity.claims.sub) {
      case "ok": return { userId: team + "/" + identity.userId, claims: { plan: "pro", sub: "root", aud: "evil", exp: 9999999999, development: true, turnkey_provider: "server" } };
      case "asks": { const r = await ctx.fetch(identity.claims.url, { headers: { authorization: ctx.env.API_KEY } }); return { userId: await r.text() } }
      case "banned": ctx.reject("BANNED", "You are banned.");
      case "throws": throw new Error("canary at " + ctx.env.API_KEY);
      case "nonsense": return { user: "canary" };
      case "control": return { userId: "a\nb" };
      case "loops": while (true) {}
      case "bomb": { let s = "canary"; while (true) s += s }
    }
  },
};
`

// TestWhoTheUserIs over HTTP: hooks/_auth.ts decides at /token and at /upload, and what goes wrong with it tells strangers
// its class alone.
func TestWhoTheUserIs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "from-"+r.Header.Get("Authorization"))
	}))
	defer server.Close()
	pool, program := workersFor(t, "hooks/_auth.ts", authHook, "lib/team.ts", `export const team = "acme"`)
	b := revision(t, 1)
	b.Program = program
	b.Secrets["HS"], b.Secrets["KEY"] = redact.New(hsKey), redact.New("s3cret-canary")
	b.Config.Hooks = bundle.Hooks{Timeout: 300 * time.Millisecond, Fetch: []string{"127.0.0.1"}, Env: map[string]bundle.SecretRef{"API_KEY": {Secret: "KEY"}}}
	b.Config.Auth.Providers = []bundle.Provider{{Name: "main", Type: bundle.ProviderSharedSecret, Secret: bundle.SecretRef{Secret: "HS"}, UserID: "claims.sub", UserIDPrefix: "idp|", Upload: true}}
	b.Config.Auth.Claims, b.Config.Auth.Audiences = map[string]string{"plan": `"free"`, "kept": `"yes"`}, []string{"https://ps.example"}
	var heard told
	c := &followtest.Control{}
	c.Publish(b)
	p := startDataPlaneWith(t, c, pool, func(p *dataPlane) { p.parts.observe = heard.record })
	within(t, "the revision arrives", func() bool { return p.follower.Len() == 1 })
	post := func(path, credential, body string) (int, string, map[string]any) {
		r := httptest.NewRequest("POST", "http://localhost/i/todo"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+credential)
		w := httptest.NewRecorder()
		p.gateway.ServeHTTP(w, r)
		var out map[string]any
		_ = json.Unmarshal(w.Body.Bytes(), &out)
		return w.Code, w.Body.String(), out
	}
	const upload = `{"transactions":[{"transaction_id":1,"crud":[{"op_id":1,"op":"PUT","type":"todos","id":"1","data":{}}]}]}`
	for _, c := range []struct {
		sub, key     string
		status       int
		code, userID string
		message      string
	}{
		{"ok", hsKey, 200, "", "acme/idp|ok", ""},
		{"asks", hsKey, 200, "", "from-s3cret-canary", ""},
		{"banned", hsKey, 403, "BANNED", "", "You are banned."},
		{"throws", hsKey, 503, "hook_error", "", "Who the user is could not be decided: hooks/_auth.ts of this instance failed."},
		{"nonsense", hsKey, 503, "hook_invalid_result", "", ""},
		{"control", hsKey, 503, "hook_invalid_result", "", ""},
		{"nothing", hsKey, 503, "hook_invalid_result", "", ""},
		{"loops", hsKey, 503, "hook_timeout", "", ""},
		{"bomb", hsKey, 503, "hook_out_of_memory", "", ""},
		{"banned", "x" + hsKey, 401, "token_signature", "", ""},
	} {
		credential := signed(c.key, map[string]any{"sub": c.sub, "url": server.URL})
		status, text, out := post("/token", credential, "{}")
		if status != c.status || c.code != "" && c.status != 401 && out["code"] != c.code || c.userID != "" && out["user_id"] != c.userID || c.message != "" && out["message"] != c.message {
			t.Errorf("/token for %s: %d %s", c.sub, status, text)
		}
		if c.userID == "" && (strings.Contains(text, "canary") || strings.Contains(text, "127.0.0.1") || regexp.MustCompile(`\.ts:\d`).MatchString(text) || strings.Contains(text, "\"token\"")) {
			t.Errorf("/token for %s tells too much: %s", c.sub, text)
		}
		if status, text, out := post("/upload", credential, upload); status != c.status || c.status == 403 && out["code"] != c.code || c.userID == "" && strings.Contains(text, "canary") {
			t.Errorf("/upload for %s: %d %s", c.sub, status, text)
		}
		if c.sub != "ok" {
			continue
		}
		raw, err := base64.RawURLEncoding.DecodeString(strings.Split(out["token"].(string), ".")[1])
		var claims map[string]any
		if err == nil {
			err = json.Unmarshal(raw, &claims)
		}
		if err != nil || claims["sub"] != "acme/idp|ok" || claims["plan"] != "pro" || claims["kept"] != "yes" || claims["aud"] != "https://ps.example" || claims["development"] != nil ||
			claims["turnkey_provider"] != "main" || claims["exp"].(float64) > float64(time.Now().Add(time.Hour).Unix()) {
			t.Errorf("the token says %s, %v", raw, err)
		}
	}
	if status, text, out := post("/token", "", `{"user_id":"u1"}`); status == 200 && out["user_id"] != "u1" {
		t.Errorf("a development token is asked about: %d %s", status, text)
	}
	for _, want := range []struct {
		outcome    telemetry.Outcome
		code, part string
	}{
		{telemetry.Noted, "hook_error", "hooks/_auth.ts:9"}, {telemetry.Noted, "hook_invalid_result", "resolveUser returned"}, {telemetry.Fatal, "hook_out_of_memory", "resolveUser was killed: out of memory."},
	} {
		if !heard.has(want.outcome, want.code, want.part) {
			t.Errorf("the instance's log lacks %+v: %+v", want, heard.list)
		}
	}
	within(t, "the runtime tells how it isolates hooks", func() bool {
		reports := c.Reports()
		s := reports[len(reports)-1].Runtime.Sandbox
		return s != nil && len(s.Layers)+len(s.Missing) > 0
	})
	w := httptest.NewRecorder()
	scrape.Handler(pooled(pool)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{"turnkey_hook_runs_total ", `turnkey_hook_worker_deaths_total{class="hook_out_of_memory"} `, `turnkey_hook_workers{state="busy"} 0`, "turnkey_hook_workers_limit 64", `turnkey_hook_waiting{for="worker"} 0`} {
		if !strings.Contains(w.Body.String(), line) {
			t.Errorf("Prometheus is not told %s:\n%s", line, w.Body)
		}
	}
}

// TestARuntimeRunsAfterCommit: what a runtime that is gone left behind reaches the hook of the active deployment.
func TestARuntimeRunsAfterCommit(t *testing.T) {
	arrived := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- string(body)
	}))
	defer server.Close()
	url, webhooks := heard(t)
	pool, program := workersFor(t, "hooks/todos.ts", `export default { async afterCommit(change: any, ctx: any) {
		await ctx.fetch("`+server.URL+`", { method: "POST", body: ctx.deliveryId + " " + change.new.title + " " + ctx.user.id });
		ctx.enqueue("crm", { of: change.id });
	} };`)
	b := withOutbox(t, url)
	b.Program = program
	b.Config.Hooks = bundle.Hooks{Timeout: time.Second, Fetch: []string{"127.0.0.1"}}
	src := prepared(t, b)
	now := time.Now().UTC().Truncate(time.Millisecond)
	payload, err := hook.Encode(hook.Committed{User: hook.User{ID: "u1"}, NowMS: now.UnixMilli(), Seed: "s",
		Change: hook.Change{Op: "PUT", Table: "todos", ID: "r1", Old: []byte("null"), New: []byte(`{"title":"milk"}`), Fields: []string{"title"}}})
	if err != nil {
		t.Fatal(err)
	}
	d := source.Delivery{ID: source.DeliveryID(now, "req_1", 0, 0), Kind: source.AfterCommit, Lane: source.AfterCommitLane, UserID: "u1", CreatedAt: now, Payload: payload}
	tx, err := src.Begin(t.Context(), source.Session{})
	if err == nil {
		err = tx.Apply(t.Context(), nil, &source.Finish{Deliveries: []source.Delivery{d}})
		tx.Rollback(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	c := &followtest.Control{}
	c.Publish(b)
	startDataPlaneWith(t, c, pool, func(*dataPlane) {})
	if got, want := next(t, arrived), fmt.Sprintf("%s milk u1", d.ID); got != want {
		t.Errorf("%q arrived, want %q", got, want)
	}
	if got := next(t, webhooks); got != source.DeliveryID(now, "delivery "+d.ID, 0, 0) {
		t.Errorf("the webhook's id is %s", got)
	}
	within(t, "both are settled", func() bool {
		list, err := src.Deliveries(t.Context(), source.DeliveryFilter{Status: []source.DeliveryStatus{source.Delivered}, Limit: 9})
		return err == nil && len(list) == 2
	})
}

// TestAnUploadReachesAfterCommit: a device's write runs the hook once it has committed, with who wrote it; one that is
// refused runs none.
func TestAnUploadReachesAfterCommit(t *testing.T) {
	arrived := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- string(body)
	}))
	defer server.Close()
	pool, program := workersFor(t, "hooks/todos.ts", `export default { async afterCommit(change: any, ctx: any) {
		await ctx.fetch("`+server.URL+`", { method: "POST", body: [change.op, change.id, change.old, change.new.description, ctx.user.id].join(" ") });
	} };`)
	document, err := demo.ReadFile("demo/mongodb.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, found := config.Parse(document, config.Options{Kind: bundle.Development})
	if err := found.Fault(); err != nil {
		t.Fatal(err)
	}
	b := withOutbox(t, "http://127.0.0.1:1")
	b.Program, b.Config.Tables = program, cfg.Tables
	b.Config.Hooks = bundle.Hooks{Timeout: time.Second, Fetch: []string{"127.0.0.1"}}
	prepared(t, b)
	c := &followtest.Control{}
	c.Publish(b)
	p := startDataPlaneWith(t, c, pool, func(*dataPlane) {})
	within(t, "the revision arrives", func() bool { return p.follower.Len() == 1 })
	post := func(path, credential, body string) map[string]any {
		t.Helper()
		r := httptest.NewRequest("POST", "http://localhost/i/todo"+path, strings.NewReader(body))
		if credential != "" {
			r.Header.Set("Authorization", "Bearer "+credential)
		}
		w := httptest.NewRecorder()
		p.gateway.ServeHTTP(w, r)
		var out map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != 200 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return out
	}
	token, _ := post("/token", "", `{"user_id":"u1"}`)["token"].(string)
	const write = `{"transactions":[{"transaction_id":%d,"crud":[{"op_id":%d,"op":"PUT","type":"todos","id":"%s","data":{"description":"%s","owner_id":"%s"}}]}]}`
	refused := post("/upload", token, fmt.Sprintf(write, 1, 1, "0123456789abcdef01234567", "refused", "somebody"))
	taken := post("/upload", token, fmt.Sprintf(write, 2, 2, "0123456789abcdef01234568", "milk", "u1"))
	if got, want := next(t, arrived), "PUT 0123456789abcdef01234568  milk u1"; got != want {
		t.Errorf("%q arrived, want %q (%v, %v)", got, want, refused, taken)
	}
	if n := len(arrived); n > 0 {
		t.Errorf("%d more calls", n)
	}
}
