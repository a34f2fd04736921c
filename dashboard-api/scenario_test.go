package dashboardapi

import (
	"net/http"
	"strings"
	"testing"
)

// scenario is one request and everything that is promised of its answer.
type scenario struct {
	name    string
	call    call
	status  int
	code    string   // of the problem document
	has     []string // in the body
	hasNot  []string
	headers map[string]string // exact; "" means absent
}

func (h *house) play(t *testing.T, scenarios []scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			r := h.do(s.call)
			if r.Code != s.status || r.text("code") != s.code {
				t.Errorf("%s %s: %d %q, want %d %q: %s", s.call.method, s.call.path, r.Code, r.text("code"), s.status, s.code, r.Body)
			}
			for _, text := range s.has {
				if !strings.Contains(r.Body.String(), text) {
					t.Errorf("the answer lacks %q: %s", text, r.Body)
				}
			}
			for _, text := range s.hasNot {
				if strings.Contains(r.Body.String(), text) {
					t.Errorf("the answer has %q: %s", text, r.Body)
				}
			}
			for k, v := range s.headers {
				if r.Header().Get(k) != v {
					t.Errorf("%s: %q, want %q", k, r.Header().Get(k), v)
				}
			}
			if r.Code >= 400 && (r.Header().Get("Content-Type") != problemType || r.text("request_id") != r.Header().Get(requestIDHeader) || r.text("title") == "" || r.text("detail") == "") {
				t.Errorf("not a problem document: %v %s", r.Header(), r.Body)
			}
			if r.Header().Get(requestIDHeader) == "" || r.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers that every answer has are missing: %v", r.Header())
			}
		})
	}
}

// TestConventions: what holds for every route alike.
func TestConventions(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	org := ann.Grants[0].Organization
	h.play(t, []scenario{
		{name: "no such address", call: call{method: get, path: "/nothing", as: ann}, status: 404, code: "no_such_route"},
		{name: "no such address outside the API", call: call{method: get, path: "//nothing"}, status: 404, code: "no_such_route"},
		{name: "a path that needs cleaning", call: call{method: get, path: "/orgs/../orgs", as: ann}, status: 404, code: "no_such_route"},
		{name: "no such method", call: call{method: put, path: "/orgs", as: ann}, status: 405, code: "method_not_allowed", headers: map[string]string{"Allow": "GET, POST"}},
		{name: "a body that is not JSON", call: call{method: post, path: "/orgs", as: ann, body: "{"}, status: 400, code: "malformed_request"},
		{name: "no body", call: call{method: post, path: "/orgs", as: ann}, status: 400, code: "malformed_request"},
		{name: "another media type", call: call{method: post, path: "/orgs", as: ann, body: "name=x", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, status: 415, code: "unsupported_media_type"},
		{name: "a body without a type", call: call{method: post, path: "/orgs", as: ann, body: `{"name":"x"}`, header: map[string]string{"Content-Type": ""}}, status: 415, code: "unsupported_media_type"},
		{name: "a body that is too long", call: call{method: post, path: "/orgs", as: ann, body: `{"name":"` + strings.Repeat("x", 1<<20) + `"}`}, status: 413, code: "body_too_large"},
		{name: "an unknown field", call: call{method: post, path: "/orgs", as: ann, body: `{"name":"x","admin":true}`}, status: 422, code: "invalid_request", has: []string{"body"}, hasNot: []string{`"value"`}},
		{name: "a missing field", call: call{method: post, path: "/orgs", as: ann, body: `{}`}, status: 422, code: "invalid_request", has: []string{"name"}},
		{name: "a field of another type", call: call{method: post, path: "/orgs", as: ann, body: `{"name":7}`}, status: 422, code: "invalid_request", has: []string{"body.name"}},
		{name: "a name of spaces", call: call{method: post, path: "/orgs", as: ann, body: `{"name":"   "}`}, status: 422, code: "invalid_name"},
		{name: "a name with a line break", call: call{method: post, path: "/orgs", as: ann, body: `{"name":"a\nb"}`}, status: 422, code: "invalid_name"},
		{name: "a name with NUL", call: call{method: post, path: "/orgs", as: ann, body: `{"name":"a\u0000b"}`}, status: 422, code: "invalid_name"},
		{name: "an unknown query parameter", call: call{method: get, path: "/orgs?offset=3", as: ann}, status: 422, code: "invalid_request", has: []string{"offset"}},
		{name: "a limit out of range", call: call{method: get, path: "/orgs?limit=101", as: ann}, status: 422, code: "invalid_request", has: []string{"query.limit"}},
		{name: "the API asked in another language", call: call{method: get, path: "/orgs", as: ann, header: map[string]string{"Accept": "text/html"}}, status: 200, has: []string{org}},
		{name: "an organization", call: call{method: get, path: "/orgs/" + org, as: ann}, status: 200, has: []string{org, "ann"}, hasNot: []string{"$schema", "version"},
			headers: map[string]string{"ETag": `"v1"`, "Content-Type": "application/json", "Cache-Control": "no-store", "Strict-Transport-Security": "max-age=63072000; includeSubDomains"}},
		{name: "NUL in an id", call: call{method: get, path: "/orgs/org_%00", as: ann}, status: 404, code: "not_found"},
		{name: "an id that is SQL", call: call{method: get, path: "/orgs/x'%20OR%201=1--", as: ann}, status: 404, code: "not_found"},
		{name: "nobody", call: call{method: get, path: "/orgs"}, status: 401, code: "unauthenticated", headers: map[string]string{"WWW-Authenticate": `Bearer realm="turnkey"`}},
		{name: "another scheme", call: call{method: get, path: "/orgs", as: ann, header: map[string]string{"Authorization": "Basic YTpi"}}, status: 401, code: "unauthenticated"},
		{name: "a bad token beside a good cookie", call: call{method: get, path: "/orgs", as: ann, header: map[string]string{"Authorization": "Bearer tk_x"}}, status: 401, code: "unauthenticated"},
	})
}

// TestEdits: an edit names the version that it saw, and two edits of one version are one edit and one 412.
func TestEdits(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	path := "/orgs/" + ann.Grants[0].Organization
	edit := func(ifMatch string) call {
		c := call{method: patch, path: path, as: ann, body: map[string]any{"name": "B"}}
		if ifMatch != "" {
			c.header = map[string]string{"If-Match": ifMatch}
		}
		return c
	}
	h.play(t, []scenario{
		{name: "without a version", call: edit(""), status: 428, code: "if_match_required"},
		{name: "any version", call: edit("*"), status: 412, code: "version_mismatch"},
		{name: "a weak version", call: edit(`W/"v1"`), status: 412, code: "version_mismatch"},
		{name: "nonsense", call: edit(`"v1`), status: 412, code: "version_mismatch"},
		{name: "a version to come", call: edit(`"v2"`), status: 412, code: "version_mismatch"},
		{name: "the current version", call: edit(`"v1"`), status: 200, has: []string{`"B"`}, headers: map[string]string{"ETag": `"v2"`}},
		{name: "the version before", call: edit(`"v1"`), status: 412, code: "version_mismatch", headers: map[string]string{"ETag": ""}},
	})
	results := make(chan int, 8)
	for range cap(results) {
		go func() { results <- h.do(edit(`"v2"`)).Code }()
	}
	count := map[int]int{}
	for range cap(results) {
		count[<-results]++
	}
	if count[http.StatusOK] != 1 || count[http.StatusPreconditionFailed] != cap(results)-1 {
		t.Errorf("eight edits of one version: %v", count)
	}
}

// TestPages: a list is given page by page, each item once; a cursor that we did not make for this list
// and this person is refused and never reaches SQL.
func TestPages(t *testing.T) {
	h := newHouse(t)
	ann, bob := h.signUp("ann"), h.signUp("bob")
	for range 6 {
		h.must(call{method: post, path: "/orgs", as: ann, body: map[string]any{"name": "more"}})
	}
	seen := map[string]bool{}
	cursor, pages := "", 0
	for {
		r := h.must(call{method: get, path: "/orgs?limit=3&cursor=" + cursor, as: ann})
		pages++
		for _, o := range r.json["data"].([]any) {
			id := o.(map[string]any)["id"].(string)
			if seen[id] {
				t.Errorf("%s is on two pages", id)
			}
			seen[id] = true
		}
		next, more := r.json["next_cursor"].(string)
		if !more {
			break
		}
		cursor = next
	}
	if len(seen) != 7 || pages != 3 {
		t.Errorf("%d organizations on %d pages, want 7 on 3", len(seen), pages)
	}
	h.play(t, []scenario{
		{name: "somebody else's cursor", call: call{method: get, path: "/orgs?cursor=" + cursor, as: bob}, status: 400, code: "invalid_cursor"},
		{name: "another list's cursor", call: call{method: get, path: "/orgs/" + ann.Grants[0].Organization + "/members?cursor=" + cursor, as: ann}, status: 400, code: "invalid_cursor"},
		{name: "not a cursor", call: call{method: get, path: "/orgs?cursor=org_1'--", as: ann}, status: 400, code: "invalid_cursor"},
		{name: "an empty page's cursor", call: call{method: get, path: "/orgs?cursor=AA", as: ann}, status: 400, code: "invalid_cursor"},
	})
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	tried := 0
	for i := range cursor {
		for _, c := range alphabet {
			mutated := cursor[:i] + string(c) + cursor[i+1:]
			if mutated == cursor {
				continue
			}
			tried++
			if r := h.do(call{method: get, path: "/orgs?cursor=" + mutated, as: ann}); r.Code != 400 || r.text("code") != "invalid_cursor" {
				t.Fatalf("a cursor with character %d changed: %d %s", i, r.Code, r.Body)
			}
		}
	}
	t.Logf("%d mutated cursors refused", tried)
}
