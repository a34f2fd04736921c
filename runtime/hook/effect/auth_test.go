package effect_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/token"
)

var somebody = token.Identity{Provider: "main", UserID: "abc", Claims: map[string]any{"email": "a@example.com", "n": json.Number("9007199254740993")}}

// TestResolveUser: what the hook is told and what it says, with an answer of a server in it.
func TestResolveUser(t *testing.T) {
	url := server(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"id":"u7","key":"` + r.Header.Get("Authorization") + `"}`))
	})
	s := newStand(t, nil, resolveUser(`
		const who = await (await ctx.fetch("`+url+`/" + identity.claims.email, { headers: { Authorization: ctx.env.API_KEY } })).json();
		console.log("asked about", identity.provider, identity.userId);
		return { userId: who.id, claims: { key: who.key, was: identity.userId, big: 12345678901, none: null, user: typeof ctx.user } };`)...)
	got, err := s.hooks.Resolve(s.b)(t.Context(), somebody)
	want := map[string]any{"key": "s3cret", "was": "abc", "big": json.Number("12345678901"), "none": nil, "user": "object"}
	if err != nil || got.UserID != "u7" || !reflect.DeepEqual(got.Claims, want) {
		t.Errorf("%+v %v", got, err)
	}
	if len(s.said) != 1 || s.said[0].Message != "hooks/_auth.ts:5 asked about main abc" || s.said[0].Outcome != telemetry.Noted {
		t.Errorf("the instance's log: %+v", s.said)
	}
	s.b.Program = s.compiled("hooks/todos.ts", `export default { beforeWrite() {} }`)
	if s.hooks.Resolve(s.b) != nil {
		t.Error("a bundle without hooks/_auth.ts is asked")
	}
}

// TestResolveUserFails: strangers are told the class, the developers' log the rest.
func TestResolveUserFails(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		kind    fault.Kind
		code    string
		message string // of the refusal
		log     string
	}{
		"it refuses":               {`ctx.reject("BANNED", "You are banned, " + identity.claims.email)`, fault.Forbidden, "BANNED", "You are banned, a@example.com", ""},
		"it refuses without words": {`ctx.reject("NO")`, fault.Forbidden, "NO", "NO", ""},
		"it throws":                {`throw new Error("canary " + ctx.env.API_KEY)`, fault.Unavailable, "hook_error", "", "hooks/_auth.ts:3:11 Error: canary s3cret"},
		"it answers nonsense":      {`return { user: "canary" }`, fault.Unavailable, "hook_invalid_result", "", "hooks/_auth.ts:2 resolveUser returned {user}"},
		"it answers nothing":       {`return`, fault.Unavailable, "hook_invalid_result", "", "hooks/_auth.ts:2 resolveUser returned undefined"},
		"it never ends":            {`while (true) {}`, fault.Unavailable, "hook_timeout", "", "hooks/_auth.ts:"},
		"it takes all memory":      {`let s = "x"; while (true) s += s`, fault.Unavailable, "hook_out_of_memory", "", "hooks/_auth.ts:2 The hook used too much memory."},
		"it asks for the database": {`await ctx.db.table("users").find()`, fault.Unavailable, "hook_error", "", "ctx.db works only in"},
		"it enqueues":              {`ctx.enqueue("crm", {})`, fault.Unavailable, "hook_error", "", "ctx.enqueue works only in"},
		"it fetches elsewhere":     {`await ctx.fetch("https://canary.example")`, fault.Unavailable, "hook_error", "", "hooks.fetch"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, nil, resolveUser("    "+c.body)...)
			if c.code == "hook_timeout" {
				s.b.Config.Hooks.Timeout = 300 * time.Millisecond
			}
			_, err := s.hooks.Resolve(s.b)(t.Context(), somebody)
			f := fault.Of(err)
			if err == nil || f.Kind != c.kind || f.Code != c.code || c.message != "" && f.Message != c.message {
				t.Errorf("%v", err)
			}
			if told := f.Message + f.Hint; c.kind != fault.Forbidden && (strings.Contains(told, "canary") || strings.Contains(told, "s3cret") || strings.Contains(told, ":3")) {
				t.Errorf("strangers are told %s", told)
			}
			if c.log != "" && (len(s.said) != 1 || !strings.Contains(s.said[0].Message, c.log) || s.said[0].Level != telemetry.Error || s.said[0].Code != c.code) {
				t.Errorf("the instance's log: %+v", s.said)
			}
			if c.code == "hook_out_of_memory" && (len(s.killed) != 2 || s.killed[1] != (worker.Kill{Session: "ins_1/auth", Class: hook.ClassOutOfMemory, Detail: s.killed[1].Detail})) {
				t.Errorf("one more try on a fresh worker: %+v", s.killed)
			}
		})
	}
}

// TestResolveUserWithoutWorkers is asked again later.
func TestResolveUserWithoutWorkers(t *testing.T) {
	s := newStand(t, nil, resolveUser(`return { userId: "u" }`)...)
	s.pool.Close()
	if _, err := s.hooks.Resolve(s.b)(t.Context(), somebody); !fault.IsKind(err, fault.Unavailable) || !fault.Is(err, "hook_unavailable") {
		t.Errorf("%v", err)
	}
}
