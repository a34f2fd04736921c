package engine_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"turnkey/runtime/hook"
)

// TestEveryGlobalExists: turnkey.d.ts tells the truth about globals.
func TestEveryGlobalExists(t *testing.T) {
	found := regexp.MustCompile(`(?m)^declare (var|function|class) (\w+)`).FindAllStringSubmatch(hook.TypeScript, -1)
	seen := map[string]bool{}
	for _, m := range found {
		kind, name := m[1], m[2]
		if seen[name] {
			continue
		}
		seen[name] = true
		if name == "test" || name == "expect" || name == "run" { // of test files
			continue
		}
		o := body(t, "return {kind: typeof "+name+"}")
		if string(o.Value) != `{"kind":"function"}` && (kind != "var" || string(o.Value) != `{"kind":"object"}`) {
			t.Errorf("%s, which is declared as %s, is %s", name, kind, said(o))
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d globals were found in turnkey.d.ts", len(seen))
	}
}

// TestNothingElse: what turnkey.d.ts says is missing, and what must never be there.
func TestNothingElse(t *testing.T) {
	for _, name := range []string{"Intl", "WeakRef", "FinalizationRegistry", "Atomics", "SharedArrayBuffer", "process", "require", "module", "global", "window", "Response", "GoError", "test", "expect", "run", "Iterator"} {
		if o := body(t, "return {kind: typeof "+name+"}"); !strings.Contains(string(o.Value), `"undefined"`) && name != "require" && name != "module" {
			t.Errorf("%s is %s", name, said(o))
		}
	}
}

// TestWhatIsAddedIsDeclared: a look at the global object finds nothing of the engine's own.
func TestWhatIsAddedIsDeclared(t *testing.T) {
	o := body(t, "return {names: Object.getOwnPropertyNames(globalThis).filter((n) => /^Go|^go/.test(n))}")
	if string(o.Value) != `{"names":[]}` {
		t.Error(said(o))
	}
}

// TestContextIsDocumented: every member that the contexts of turnkey.d.ts name exists, in a function that has it.
func TestContextIsDocumented(t *testing.T) {
	for function, members := range map[hook.Function]string{
		hook.BeforeWrite: "now env log db random uuid reject enqueue user drop",
		hook.AfterCommit: "now env log db random uuid enqueue user deliveryId fetch",
	} {
		for _, name := range strings.Fields(members) {
			if !regexp.MustCompile(`(?m)^  (readonly )?` + name + `\b`).MatchString(hook.TypeScript) {
				t.Errorf("turnkey.d.ts does not say ctx.%s", name)
			}
			b := newBench(t, "hooks/todos.ts", hookWith(string(function), "if (ctx."+name+" === undefined) throw new Error('missing')"))
			call, err := hook.CallBeforeWrite(moment, todo(`{}`))
			if function == hook.AfterCommit {
				call, err = hook.CallAfterCommit(moment, hook.Change{Op: "PUT", Table: "todos", ID: "1"}, "dlv_1")
			}
			if o := b.one(call, err); !o.Succeeded() {
				t.Errorf("ctx.%s: %s", name, said(o))
			}
		}
	}
}

// TestGlobals: each does what it does elsewhere; the expected values are Node's.
func TestGlobals(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"timers in order", `const l: any[] = []; setTimeout(() => l.push(3), 6); const id = setTimeout(() => l.push("no"), 2); setTimeout((x: any) => l.push(x), 1, 1); clearTimeout(id); queueMicrotask(() => l.push(0)); await new Promise((ok) => setTimeout(ok, 12)); return {l}`, `{"l":[0,1,3]}`},
		{"interval", `let n = 0; await new Promise<void>((ok) => { const id = setInterval(() => { if (++n === 3) { clearInterval(id); ok() } }, 1) }); return {n}`, `{"n":3}`},
		{"encoder", `return {b: [...new TextEncoder().encode("aé€😀")], d: new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 97, 0xff]))}`, `{"b":[97,195,169,226,130,172,240,159,152,128],"d":"a�"}`},
		{"decoder, fatal", `try { new TextDecoder("utf-8", {fatal: true}).decode(new Uint8Array([0xff])) } catch (e: any) { return {e: e.name} }`, `{"e":"TypeError"}`},
		{"decoder of a part", `return {d: new TextDecoder().decode(new Uint8Array([97, 98, 99]).subarray(1))}`, `{"d":"bc"}`},
		{"base64", `return {e: btoa("\u00ff\u0000a"), d: [...atob("/wBh")].map((c) => c.charCodeAt(0))}`, `{"e":"/wBh","d":[255,0,97]}`},
		{"base64 of more", `try { btoa("€") } catch (e: any) { return {e: e.name} }`, `{"e":"TypeError"}`},
		{"not base64", `try { atob("*") } catch (e: any) { return {e: e.name} }`, `{"e":"TypeError"}`},
		{"buffer", `const b = Buffer.from("héllo"); return {h: b.toString("hex"), b: b.toString("base64"), u: Buffer.from(b.toString("base64url"), "base64url").toString(), n: Buffer.byteLength("é"), is: Buffer.isBuffer(b), c: Buffer.concat([b, Buffer.from([33])]).toString(), x: Buffer.from("6869", "hex").toString("utf-8"), eq: b.equals(Buffer.from("héllo"))}`,
			`{"h":"68c3a96c6c6f","b":"aMOpbGxv","u":"héllo","n":2,"is":true,"c":"héllo!","x":"hi","eq":true}`},
		{"buffer in data", `return {b: Buffer.from("a")}`, "hook_invalid_result: data.b is a Uint8Array."},
		{"digest", `const hex = async (n: string) => Buffer.from(await crypto.subtle.digest(n, new TextEncoder().encode("abc"))).toString("hex").slice(0, 8); return {a: await hex("SHA-1"), b: await hex("SHA-256"), c: await hex("sha-384"), d: await hex("SHA-512")}`, `{"a":"a9993e36","b":"ba7816bf","c":"cb00753f","d":"ddaf35a1"}`},
		{"digest of what", `try { await crypto.subtle.digest("MD5", new Uint8Array(1)) } catch (e: any) { return {e: e.message} }`, `{"e":"crypto.subtle.digest: MD5 is not supported; there are SHA-1, SHA-256, SHA-384 and SHA-512"}`},
		{"random values", `const u = crypto.getRandomValues(new Uint32Array(4)); return {n: u.length, some: u.some((x) => x > 0), id: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())}`, `{"n":4,"some":true,"id":true}`},
		{"random floats", `try { crypto.getRandomValues(new Float64Array(1) as any) } catch (e: any) { return {e: e.name} }`, `{"e":"TypeError"}`},
		{"clone", `const m: any = {d: new Date(5), m: new Map([[1, new Set([2])]]), r: /x/g, b: new Uint8Array([1, 2]), e: new RangeError("x")}; m.self = m; const c = structuredClone(m); return {own: c !== m && c.self === c, d: c.d.getTime(), m: [...c.m.get(1)], r: String(c.r), b: [...c.b], e: c.e instanceof RangeError, apart: c.d !== m.d}`, `{"own":true,"d":5,"m":[2],"r":"/x/g","b":[1,2],"e":true,"apart":true}`},
		{"clone of a function", `try { structuredClone({f() {}}) } catch (e: any) { return {e: e.name} }`, `{"e":"DataCloneError"}`},
		{"url", `const u = new URL("https://User:p%40ss@EXAMPLE.com:443/a/./b/../c d?x=1&y=a+b#frag"); return {h: u.href, o: u.origin, host: u.host, port: u.port, p: u.pathname, s: u.search, q: u.searchParams.get("y"), hash: u.hash, user: u.username, pw: u.password}`,
			`{"h":"https://User:p%40ss@example.com/a/c%20d?x=1&y=a+b#frag","o":"https://example.com","host":"example.com","port":"","p":"/a/c%20d","s":"?x=1&y=a+b","q":"a b","hash":"#frag","user":"User","pw":"p%40ss"}`},
		{"url, relative", `return {a: new URL("../x?y", "https://a.b/c/d/e").href, b: String(new URL("//h/p", "http://a.b")), c: new URL("", "https://a.b").href, d: JSON.stringify(new URL("mailto:a@b.c"))}`, `{"a":"https://a.b/c/x?y","b":"http://h/p","c":"https://a.b/","d":"\"mailto:a@b.c\""}`},
		{"url, changed", `const u = new URL("http://a.b:8080/x"); u.searchParams.append("q", "ä b&"); u.pathname = "/y z"; u.protocol = "https"; u.port = "443"; u.hash = "h"; u.hostname = "C.d"; return {h: u.href, s: u.searchParams.toString()}`, `{"h":"https://c.d/y%20z?q=%C3%A4+b%26#h","s":"q=%C3%A4+b%26"}`},
		{"url, wrong", `return {a: ["x", "http://", "https://a b/", "//h"].map((s) => URL.canParse(s)), b: URL.canParse("/x", "https://a.b")}`, `{"a":[false,false,false,false],"b":true}`},
		{"search params", `const p = new URLSearchParams("?b=2&a=1&a=3"); p.sort(); p.delete("b"); p.set("c", "d e"); return {s: String(p), all: p.getAll("a"), has: p.has("b"), l: [...p], n: p.size, o: String(new URLSearchParams({x: "1", y: "&"})), i: String(new URLSearchParams([["k", "v"]]))}`, `{"s":"a=1&a=3&c=d+e","all":["1","3"],"has":false,"l":[["a","1"],["a","3"],["c","d e"]],"n":3,"o":"x=1&y=%26","i":"k=v"}`},
		{"assigning a global", `(globalThis as any).URL = 7; return {u: URL as any}`, `{"u":7}`},
		{"a local of that name", `const URL = 5; return {URL}`, `{"URL":5}`},
		{"found by a made-up name", `return {k: typeof (globalThis as any)["structured" + "Clone"], f: typeof (Function("return UR" + "L"))}`, `{"k":"function","f":"function"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, "hooks/todos.ts", "export default { async beforeWrite(arg: any, ctx: any): Promise<any> { "+c.code+" } };")
			if o := b.write(`{}`); !says(o, c.want) {
				t.Errorf("%s\nwant %s", said(o), c.want)
			}
		})
	}
}

// TestFetch: the request as the host gets it, and the response as code sees it.
func TestFetch(t *testing.T) {
	b := newBench(t, "hooks/todos.ts", `export default { async afterCommit(change: any, ctx: any) {
		const r = await ctx.fetch("https://api.example.com/x", { method: "post", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ id: change.id }) });
		console.log(r.ok, r.status, r.headers.get("x-kind"), await r.json(), (await r.bytes()).length);
		await fetch(new URL("https://a.b/"), { method: "PUT", body: new URLSearchParams({ a: "ä" }) });
		try { await fetch("https://a.b", { redirect: "manual" } as any) } catch (e) { console.log(String(e)) }
		try { await fetch("https://down.example") } catch (e: any) { console.log(e.code) }
	} };`)
	var seen []string
	b.host = func(h hook.HostCall) (hook.HostResult, error) {
		payload, err := hook.Encode(h.Fetch)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, string(payload))
		if strings.Contains(h.Fetch.URL, "down") {
			return hook.HostResult{Error: &hook.HostError{Code: "unreachable", Message: "no"}}, nil
		}
		answer, err := hook.Encode(hook.FetchResponse{Status: 201, Headers: []hook.Header{{Name: "X-Kind", Value: "k"}}, Body: []byte(`{"ok":1}`)})
		return hook.HostResult{Value: answer}, err
	}
	o := b.one(hook.CallAfterCommit(moment, hook.Change{Op: "PUT", Table: "todos", ID: "7"}, "dlv"))
	if o.Result != hook.Done || o.Usage.Fetches != 3 {
		t.Fatalf("%s %+v", said(o), o)
	}
	want := []string{
		`{"url":"https://api.example.com/x","method":"POST","headers":[{"name":"content-type","value":"application/json"}],"body":"eyJpZCI6IjcifQ=="}`,
		`{"url":"https://a.b/","method":"PUT","headers":[{"name":"content-type","value":"application/x-www-form-urlencoded;charset=UTF-8"}],"body":"YT0lQzMlQTQ="}`,
		`{"url":"https://down.example","method":"GET","headers":[]}`,
	}
	logs := []string{`true 201 k { ok: 1 } 8`, `TypeError: fetch: the option redirect is not supported; there are method, headers and body`, "unreachable"}
	for i := range want {
		if seen[i] != want[i] || o.Logs[i].Text != logs[i] {
			t.Errorf("%s\nwant %s\nlog %s, want %s", seen[i], want[i], o.Logs[i].Text, logs[i])
		}
	}
}

// TestWhatThrowsWhenItIsLookedAt: a line for the log must not fail the write.
func TestWhatThrowsWhenItIsLookedAt(t *testing.T) {
	o := body(t, `
		console.log({ fine: 1, get boom() { throw new Error("x") } }, [1, { get deep() { throw 1 } }]);
		console.log(new Proxy({}, { ownKeys() { throw new Error("x") } }), new Proxy([], { get() { throw new Error("x") } }));
		console.log({ get [Symbol.toStringTag]() { throw new Error("x") } }, new Map([[1, { get a() { throw 1 } }]]));
		return {ok: true}`)
	var lines []string
	for _, l := range o.Logs {
		lines = append(lines, l.Text)
	}
	want := []string{
		"{ fine: 1, boom: [cannot be shown] } [ 1, { deep: [cannot be shown] } ]",
		"[cannot be shown] [cannot be shown]",
		"[cannot be shown] Map(1) { 1 => { a: [cannot be shown] } }",
	}
	if string(o.Value) != `{"ok":true}` || !slices.Equal(lines, want) {
		t.Errorf("%s\n%s", said(o), strings.Join(lines, "\n"))
	}
}
