package dashboardapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
)

func keyed(as *person, path, key string, body any) call {
	return call{method: post, path: path, as: as, body: body, header: map[string]string{keyHeader: key}}
}

// TestIdempotency: the same key and body is one change and one answer, also when that shows a secret.
func TestIdempotency(t *testing.T) {
	h := newHouse(t)
	ann, bob := h.signUp("ann"), h.signUp("bob")
	path := "/orgs/" + ann.Grants[0].Organization + "/tokens"
	body := map[string]any{"name": "ci", "role": "viewer"}
	start := h.lastEvent()

	first, again := h.do(keyed(ann, path, "k1", body)), h.do(keyed(ann, path, "k1", body))
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || first.text("token") == "" {
		t.Fatalf("%d %s, then %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	if first.Header().Get(replayHeader) != "" || again.Header().Get(replayHeader) != "true" || again.Header().Get("Content-Type") != "application/json" {
		t.Errorf("headers: %v, then %v", first.Header(), again.Header())
	}
	if n := len(h.events(start)); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	var kept []byte
	if err := h.audit.QueryRow(t.Context(), `SELECT answer FROM idempotent_answers`).Scan(&kept); err != nil || strings.Contains(string(kept), "tk_") {
		t.Errorf("the kept answer shows the token, or %v", err)
	}
	h.play(t, []scenario{
		{name: "another body", call: keyed(ann, path, "k1", map[string]any{"name": "ci", "role": "admin"}), status: 422, code: "idempotency_key_reused"},
		{name: "another path", call: keyed(ann, "/orgs", "k1", body), status: 422, code: "idempotency_key_reused"},
		{name: "somebody else's same key", call: keyed(bob, "/orgs", "k1", map[string]any{"name": "x"}), status: 201, headers: map[string]string{replayHeader: ""}},
		{name: "a key without end", call: keyed(ann, path, strings.Repeat("k", 256), body), status: 422, code: "invalid_idempotency_key"},
		{name: "refused", call: keyed(ann, path, "k2", map[string]any{"name": " ", "role": "viewer"}), status: 422, code: "invalid_name"},
		{name: "corrected under the same key", call: keyed(ann, path, "k2", body), status: 201, headers: map[string]string{replayHeader: ""}},
	})
	h.clock.advance(24 * time.Hour)
	h.relogin(ann)
	if r := h.do(keyed(ann, path, "k1", body)); r.Code != 201 || r.Header().Get(replayHeader) != "" || r.text("id") == first.text("id") {
		t.Errorf("after a day: %d %v %s", r.Code, r.Header(), r.Body)
	}
}

func (h *house) relogin(p *person) {
	h.Helper()
	r := h.must(call{method: post, path: "/auth/login", body: map[string]any{"email": p.email, "password": testPassword}})
	p.session = sessionCookie(h.T, r).Value
	h.refresh(p)
}

// TestIdempotencyTogether: of many at once one works; the others are told to wait or get its answer.
func TestIdempotencyTogether(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	start := h.lastEvent()
	replies := make(chan reply, 12)
	for range cap(replies) {
		go func() { replies <- h.do(keyed(ann, "/orgs", "one", map[string]any{"name": "one"})) }()
	}
	count := map[int]int{}
	ids := map[string]bool{}
	for range cap(replies) {
		r := <-replies
		count[r.Code]++
		if r.Code == http.StatusCreated {
			ids[r.text("id")] = true
		} else if r.text("code") != "idempotency_key_in_use" {
			t.Errorf("%d %s", r.Code, r.Body)
		}
	}
	if count[201]+count[409] != cap(replies) || len(ids) != 1 || len(h.events(start)) != 1 {
		t.Errorf("answers %v, organizations %v, %d events", count, ids, len(h.events(start)))
	}
}

// TestReplicaDies: when the replica's connection dies before the commit nothing stays, not even the
// lock, and the repeat does the work; a request that still runs is answered 409.
func TestReplicaDies(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	request := []byte("request")
	started, die := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		_, _, err := h.plane.Answers.Once(t.Context(), ann.Actor, "k", request, func(ctx context.Context) ([]byte, error) {
			_, err := h.plane.Organizations.Create(ctx, ann.Actor, "orphan")
			close(started)
			<-die
			return []byte("answer"), err
		})
		done <- err
	}()
	<-started
	_, _, err := h.plane.Answers.Once(t.Context(), ann.Actor, "k", request, func(context.Context) ([]byte, error) {
		t.Error("ran beside the first")
		return nil, nil
	})
	if r := newProblem(t.Context(), asFault(err)); r.Status != 409 || r.Code != "idempotency_key_in_use" {
		t.Errorf("while the first runs: %v", err)
	}
	// It waits for the end: until then the dead one's lock is held, whatever its client has heard.
	if _, err := h.audit.Exec(t.Context(), `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'turnkey-controlplane' AND state = 'idle in transaction'`); err != nil {
		t.Fatal(err)
	}
	close(die)
	if err := <-done; err == nil {
		t.Error("a transaction committed over a dead connection")
	}
	stored, replayed, err := h.plane.Answers.Once(t.Context(), ann.Actor, "k", request, func(ctx context.Context) ([]byte, error) {
		_, err := h.plane.Organizations.Create(ctx, ann.Actor, "second")
		return []byte("answer"), err
	})
	if err != nil || replayed || stored != nil {
		t.Errorf("the repeat: %q %v %v", stored, replayed, err)
	}
	var names []string
	if err := h.audit.QueryRow(t.Context(), `SELECT array_agg(name) FROM organizations WHERE name IN ('orphan', 'second')`).Scan(&names); err != nil || len(names) != 1 || names[0] != "second" {
		t.Errorf("organizations %v, %v: want the second alone", names, err)
	}
}

// TestCommandsHoldNoConnection: while a runtime works for half a minute, a request with a key holds
// neither a transaction nor its lock; two equal ones at that point still make one change and one answer.
func TestCommandsHoldNoConnection(t *testing.T) {
	s := newShop(t)
	s.heartbeat()
	open := 0
	s.pool.during = func() {
		// One that somebody else is just in ends by itself; one that is held would be there for as long as this waits.
		var n int
		for range 100 {
			err := s.audit.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity, pg_sleep(0.02) WHERE datname = current_database() AND application_name = 'turnkey-controlplane' AND state LIKE 'idle in transaction%'`).Scan(&n)
			if err != nil {
				t.Error(err)
			}
			if n == 0 {
				break
			}
		}
		open += n
	}
	instances := "/projects/" + s.project + "/instances"
	body := map[string]any{"name": "x", "kind": "development", "config": workingConfig, "secrets": sourceSecret, "deploy": true}
	made := s.must(keyed(s.ann, instances, "create", body))
	in := "/instances/" + made.text("id")
	s.must(keyed(s.ann, in+"/deployments", "deploy", map[string]any{}))
	s.must(keyed(s.ann, in+"/deployments/1/activate", "activate", map[string]any{}))
	s.must(keyed(s.ann, in+"/source/test", "test", map[string]any{}))
	if open > 0 || len(s.pool.names()) != 4 {
		t.Errorf("%d transactions were open during %v", open, s.pool.names())
	}

	// The second of two equal requests arrives while the first waits for the runtime.
	var second reply
	s.pool.during = func() {
		s.pool.during = nil
		s.pool.mu.Unlock()
		defer s.pool.mu.Lock()
		second = s.must(keyed(s.ann, instances, "twice", body))
	}
	start := s.lastEvent()
	first := s.must(keyed(s.ann, instances, "twice", body))
	if first.text("id") != second.text("id") || first.Header().Get(replayHeader) != "true" || len(s.events(start)) != 1 {
		t.Errorf("%s and %s, %d events", first.Body, second.Body, len(s.events(start)))
	}
}

// TestSettle: what is known only after the commit is asked for the first answer and for each repeat,
// outside the transaction.
func TestSettle(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	asked := 0
	h.api.table = h.api.routes()
	for i := range h.api.table {
		if r := &h.api.table[i]; r.method == post && r.path == "/orgs" {
			r.options = append(r.options, settle(func(ctx context.Context, code int, body []byte) (int, []byte) {
				var o organization
				if err := json.Unmarshal(body, &o); err != nil || code != http.StatusCreated {
					t.Errorf("settles %d %s: %v", code, body, err)
				}
				var committed bool
				if err := h.audit.QueryRow(ctx, `SELECT EXISTS (SELECT FROM organizations WHERE id = $1)`, o.ID).Scan(&committed); err != nil || !committed {
					t.Errorf("settles before the commit: %v", err)
				}
				if asked++; asked == 1 {
					return http.StatusAccepted, body
				}
				return code, body
			}))
		}
	}
	h.rebuild()
	for i, want := range []int{202, 201, 201} {
		if r := h.do(keyed(ann, "/orgs", "k", map[string]any{"name": "x"})); r.Code != want {
			t.Errorf("request %d: %d, want %d: %s", i, r.Code, want, r.Body)
		}
	}
	if r := h.do(call{method: post, path: "/orgs", as: ann, body: map[string]any{"name": "y"}}); r.Code != 201 || asked != 4 {
		t.Errorf("without a key: %d, asked %d times", r.Code, asked)
	}
	if r := h.do(call{method: post, path: "/orgs", as: ann, body: map[string]any{"name": " "}}); r.Code != 422 || asked != 4 {
		t.Errorf("refused: %d, asked %d times", r.Code, asked)
	}
}

var errKey = errors.New("no randomness")

// TestAnswersExpire: answers that nobody gets any more are removed.
func TestAnswersExpire(t *testing.T) {
	h := newHouse(t)
	ann := h.signUp("ann")
	h.must(keyed(ann, "/orgs", "k", map[string]any{"name": "x"}))
	for _, c := range []struct {
		wait time.Duration
		want int64
	}{{23 * time.Hour, 0}, {2 * time.Hour, 1}, {0, 0}} {
		h.clock.advance(c.wait)
		if n, err := h.plane.Answers.Sweep(t.Context()); n != c.want || err != nil {
			t.Errorf("after %v: swept %d, want %d (%v)", c.wait, n, c.want, err)
		}
	}
	_, _, err := h.plane.Answers.Once(t.Context(), controlplane.Actor{UserID: "usr_x"}, "k", nil, func(context.Context) ([]byte, error) { return nil, errKey })
	if !errors.Is(err, errKey) {
		t.Errorf("work that fails: %v", err)
	}
}
