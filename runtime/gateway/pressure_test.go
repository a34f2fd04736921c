package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/gateway"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// slowSource is a database that answers when its test says so, one channel for each instance.
type slowSource struct {
	source.Source
	open   <-chan struct{} // nil: answers at once
	asked  *atomic.Int32
	closed *atomic.Int32
}

func (s slowSource) Close() error { s.closed.Add(1); return nil }

func (slowSource) Mode() source.Mode { return source.Mode{Atomicity: "transactions"} }

func (s slowSource) Settle(ctx context.Context, _ []source.Settlement) error {
	s.asked.Add(1)
	if s.open == nil {
		return nil
	}
	select {
	case <-s.open:
		return nil
	case <-ctx.Done():
		return &source.Failure{Class: source.Down, Code: "source_timeout", Message: "No answer.", Change: -1, Err: ctx.Err()}
	}
}

// oneCall is an uploader that asks its source once and answers as the engine does.
type oneCall struct{ src source.Source }

func (oneCall) Degraded() any { return nil }
func (oneCall) Repeats() any  { return nil }

func (u oneCall) Apply(w http.ResponseWriter, r *http.Request, body []byte, _ rule.User, _ string) {
	if f := source.FailureOf(u.src.Settle(context.WithoutCancel(r.Context()), nil)); f != nil {
		fmt.Fprintf(w, `{"results":[{"status":"retryable_error","error_code":%q}]}`, f.Code)
		return
	}
	fmt.Fprintf(w, `{"results":[{"status":"success"}],"bytes":%d}`, len(body))
}

// press is a gateway under pressure, over a real socket, with the real holds.
type press struct {
	*rig
	url   string
	asked atomic.Int32
	slow  map[string]chan struct{} // by host
}

func newPress(t *testing.T, change func(*gateway.Config), slow ...string) *press {
	t.Helper()
	p := &press{slow: map[string]chan struct{}{}}
	for _, host := range slow {
		p.slow[host] = make(chan struct{})
	}
	p.rig = newRig(t, func(c *gateway.Config) {
		c.Now = time.Now
		c.OpenSource = func(_ context.Context, b *bundle.Bundle) (source.Source, error) {
			p.opened.Add(1)
			return slowSource{open: p.slow[b.Instance.Host], asked: &p.asked, closed: &p.closed}, nil
		}
		c.NewUploader = func(_ *bundle.Bundle, src source.Source, _ func(http.ResponseWriter, *http.Request, error)) (gateway.Uploader, error) {
			return oneCall{src}, nil
		}
		c.Hold = func(w http.ResponseWriter, r *http.Request, code, message string, after time.Duration, problem func(http.ResponseWriter, *http.Request, error)) {
			upload.Hold{Code: code, Message: message, RetryAfter: after}.Answer(w, r, problem)
		}
		if change != nil {
			change(c)
		}
	})
	for _, host := range append(slow, "other") {
		p.feed.put(instance(host, 1))
	}
	p.url = listen(t, p)
	return p
}

// answer of an upload, in short: the first result's status and code.
type uploadAnswer struct {
	Results []struct {
		Status     string `json:"status"`
		Code       string `json:"error_code"`
		RetryAfter int64  `json:"retry_after_ms"`
	} `json:"results"`
	status int
	closes bool // the server ends the connection
	header http.Header
}

func (a uploadAnswer) String() string {
	if len(a.Results) == 0 {
		return fmt.Sprint(a.status)
	}
	return strings.TrimSpace(a.Results[0].Status + " " + a.Results[0].Code)
}

const twoTransactions = `{"transactions":[{"crud":[]},{"crud":[]}]}`

func (p *press) upload(t *testing.T, host, body string) uploadAnswer {
	t.Helper()
	q, err := http.NewRequest("POST", p.url+"/i/"+host+"/upload", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer good")
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Error(err)
		return uploadAnswer{}
	}
	defer response.Body.Close()
	a := uploadAnswer{status: response.StatusCode, closes: response.Close, header: response.Header}
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil {
		t.Errorf("%d: %v", response.StatusCode, err)
	}
	return a
}

// until polls for what another goroutine is about to do.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("it never happened:", what)
		}
		<-time.After(time.Millisecond)
	}
}

func TestAStuckSourceKeepsNobodyElseWaiting(t *testing.T) {
	p := newPress(t, func(c *gateway.Config) {
		c.Limits.Uploads = gateway.DefaultUploads(1) // one slot for all, and still nobody waits
		c.Limits.Uploads.PerInstance, c.Limits.Uploads.PerUser, c.Limits.Uploads.InstanceWaiting = 4, 4, 4
	}, "stuck")
	var wg sync.WaitGroup
	answers := make(chan string, 12)
	for range 12 {
		wg.Go(func() { answers <- p.upload(t, "stuck", twoTransactions).String() })
	}
	until(t, "four in flight, four waiting, four refused", func() bool { return len(answers) == 4 })
	for range 20 {
		if got := p.upload(t, "other", twoTransactions); got.String() != "success" {
			t.Fatalf("the neighbour got %v", got)
		}
	}
	close(p.slow["stuck"])
	wg.Wait()
	close(answers)
	counts := map[string]int{}
	for a := range answers {
		counts[a]++
	}
	if counts["success"] != 8 || counts["retryable_error limit_instance"] != 4 {
		t.Errorf("%v", counts)
	}
}

func TestAHoldSaysWhenToComeBackAndCountsTheTransactions(t *testing.T) {
	p := newPress(t, func(c *gateway.Config) { c.Limits.InstanceRate = 0.5 }, "acme")
	close(p.slow["acme"])
	if got := p.upload(t, "acme", twoTransactions); got.String() != "success" {
		t.Fatal(got)
	}
	got := p.upload(t, "acme", twoTransactions)
	if got.String() != "retryable_error limit_instance" || got.status != 200 || len(got.Results) != 2 || got.Results[1].Status != "not_attempted" {
		t.Errorf("%d %+v", got.status, got.Results)
	}
	if after := got.Results[0].RetryAfter; after < 2000 || after > 4000 {
		t.Errorf("come back after %d ms", after)
	}
	if got := p.upload(t, "acme", `{"batch":[]}`); got.status != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("the older forms know only the status: %d %v", got.status, got.header)
	}
}

func TestADeadSourceIsAnsweredAtOnceAndShown(t *testing.T) {
	p := newPress(t, func(c *gateway.Config) { c.Limits.SourceCall = time.Millisecond }, "dead")
	for range 3 {
		if got := p.upload(t, "dead", twoTransactions).String(); got != "retryable_error source_timeout" {
			t.Fatal(got)
		}
	}
	for suspended := false; !suspended; { // a machine that stands still for as long as it is suspended may try again
		asked := p.asked.Load()
		switch got := p.upload(t, "dead", twoTransactions); {
		case got.String() == "retryable_error source_timeout" && p.asked.Load() == asked+1 && asked < 10:
		case got.String() == "retryable_error source_suspended" && len(got.Results) == 2 && got.Results[0].RetryAfter >= 1000 && p.asked.Load() == asked:
			suspended = true
		default:
			t.Fatalf("%+v, asked %d times", got, p.asked.Load())
		}
	}
	health := p.do("GET", "http://localhost/i/dead/health", nil, "").Body.String()
	for _, want := range []string{`"status":"degraded"`, `"state":"open"`, fmt.Sprintf(`"failures_in_a_row":%d`, p.asked.Load()), `"code":"source_timeout"`, `"retry_at":"2`} {
		if !strings.Contains(health, want) {
			t.Errorf("health lacks %s: %s", want, health)
		}
	}
	close(p.slow["dead"])
	until(t, "uploads go through again", func() bool { return p.upload(t, "dead", twoTransactions).String() == "success" })
	if health := p.do("GET", "http://localhost/i/dead/health", nil, "").Body.String(); !strings.Contains(health, `"status":"ok"`) || strings.Contains(health, "source") {
		t.Errorf("still: %s", health)
	}
}

// What clients send at the same time is bounded; what finds no room is still counted to its end.
func TestBodiesShareABoundedMemory(t *testing.T) {
	p := newPress(t, nil, "acme")
	large := `{"transactions":[{"crud":[]},{"crud":["` + strings.Repeat("x", 18<<20) + `"]}]}`
	var wg sync.WaitGroup
	answers := make(chan uploadAnswer, 3)
	for range 3 {
		wg.Go(func() { answers <- p.upload(t, "acme", large) })
	}
	// The first leads; the others find no room beside it in their instance's share.
	for range 2 {
		got := <-answers
		if got.String() != "retryable_error overloaded" || len(got.Results) != 2 {
			t.Errorf("%v %d", got, len(got.Results))
		}
	}
	if got := p.upload(t, "other", twoTransactions).String(); got != "success" {
		t.Errorf("a small body of another instance: %s", got)
	}
	close(p.slow["acme"])
	wg.Wait()
	if got := <-answers; got.String() != "success" {
		t.Error(got)
	}
	if got := p.upload(t, "acme", large).String(); got != "success" {
		t.Errorf("memory did not come back: %s", got)
	}
}

// A device on a bad network sends for a long time: it holds no slot meanwhile.
func TestASlowSenderHoldsNoSlot(t *testing.T) {
	p := newPress(t, func(c *gateway.Config) {
		c.Limits.Uploads = gateway.DefaultUploads(1)
		c.Limits.Uploads.PerInstance = 1
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /i/other/upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\nContent-Length: %d\r\n\r\n%s", len(twoTransactions), twoTransactions[:10])
	for range 5 {
		if got := p.upload(t, "other", twoTransactions).String(); got != "success" {
			t.Fatal(got)
		}
	}
	fmt.Fprint(conn, twoTransactions[10:])
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); !strings.Contains(string(body), fmt.Sprintf(`"bytes":%d`, len(twoTransactions))) {
		t.Errorf("%s", body)
	}
}

func TestDrainAnswersEverybody(t *testing.T) {
	p := newPress(t, func(c *gateway.Config) {
		c.Limits.Uploads = gateway.DefaultUploads(1)
		c.Limits.Uploads.PerInstance = 1
	}, "acme")
	ready := func() int { return p.do("GET", "http://10.0.0.7:8080/readyz", nil, "").Code }
	if ready() != 200 {
		t.Error("not ready")
	}
	under, waiting := make(chan string, 1), make(chan string, 1)
	go func() { under <- p.upload(t, "acme", twoTransactions).String() }()
	until(t, "one is under way", func() bool { return p.asked.Load() == 1 })
	go func() { waiting <- p.upload(t, "acme", twoTransactions).String() }()
	p.Drain()
	if got := <-waiting; got != "retryable_error runtime_ending" {
		t.Errorf("who waits got %s", got)
	}
	if got := p.upload(t, "acme", twoTransactions); got.String() != "retryable_error runtime_ending" || !got.closes {
		t.Errorf("who comes got %v %v", got, got.header)
	}
	if ready() != 503 {
		t.Error("still ready")
	}
	if code := p.do("GET", "http://other.localhost/readyz", nil, "").Code; code != 404 {
		t.Errorf("on a tenant's host: %d", code)
	}
	select {
	case got := <-under:
		t.Errorf("what was under way ended too early: %s", got)
	default:
	}
	p.Abort()
	if got := <-under; got != "retryable_error source_timeout" {
		t.Errorf("what was under way got %s", got)
	}
}

func TestWhatIsUnderWayIsFinished(t *testing.T) {
	p := newPress(t, nil, "acme")
	under := make(chan string, 1)
	go func() { under <- p.upload(t, "acme", twoTransactions).String() }()
	until(t, "it is under way", func() bool { return p.asked.Load() == 1 })
	p.Drain()
	close(p.slow["acme"])
	if got := <-under; got != "success" {
		t.Error(got)
	}
}

func TestLiveInstancesAreBounded(t *testing.T) {
	r := newRig(t, func(c *gateway.Config) { c.Limits.MaxLive = 2 })
	health := func(host string) { r.do("GET", "http://localhost/i/"+host+"/health", nil, "") }
	for _, host := range []string{"a", "b", "c", "d"} {
		r.feed.put(instance(host, 1))
	}
	steps := []struct {
		host           string
		opened, closed int32
	}{
		{"a", 1, 0}, {"b", 2, 0}, {"a", 2, 0}, {"c", 3, 1}, {"a", 3, 1}, // b was the one not asked for
		{"b", 4, 2}, {"a", 4, 2},
	}
	for i, s := range steps {
		r.clock = r.clock.Add(time.Second)
		health(s.host)
		if r.opened.Load() != s.opened || r.closed.Load() != s.closed {
			t.Fatalf("step %d (%s): %d opened, %d closed; want %d, %d", i, s.host, r.opened.Load(), r.closed.Load(), s.opened, s.closed)
		}
	}
}

// An instance in use is not closed, and neither is a last good revision.
func TestTheBoundClosesNothingThatIsNeeded(t *testing.T) {
	r := newRig(t, func(c *gateway.Config) { c.Limits.MaxLive = 1 })
	r.gate = &gate{make(chan struct{}), make(chan struct{})}
	done := make(chan string, 1)
	go func() { done <- r.do("POST", "http://localhost/i/acme/upload", good, "{}").Body.String() }()
	<-r.gate.entered
	hold := r.gate
	r.gate = nil // only the instance that is live already has it
	r.feed.put(instance("b", 1))
	r.do("GET", "http://localhost/i/b/health", nil, "")
	if r.closed.Load() != 0 {
		t.Error("closed under a request")
	}
	close(hold.open)
	<-done
	r.breaks.Store(true)
	r.feed.put(instance("b", 2))
	r.do("GET", "http://localhost/i/b/health", nil, "") // revision 2 cannot be built: 1 is its last good one
	r.breaks.Store(false)
	r.feed.put(instance("c", 1))
	r.do("GET", "http://localhost/i/c/health", nil, "")
	if got := r.do("POST", "http://localhost/i/b/upload", good, "{}"); got.Code != 200 {
		t.Errorf("the last good revision was thrown away: %d %s", got.Code, got.Body)
	}
}

func TestTokenLimitsAre429(t *testing.T) {
	for name, c := range map[string]struct {
		limit func(*gateway.Limits)
		code  string
		other string // what is still served
	}{
		"by address":  {func(l *gateway.Limits) { l.TokenAddressRate = 1 }, "limit_address", ""},
		"by instance": {func(l *gateway.Limits) { l.TokenInstanceRate = 1 }, "limit_instance", "/i/b/token?user_id=u1"},
		"by user":     {func(l *gateway.Limits) { l.TokenUserRate = 1 }, "limit_user", "/i/acme/token?user_id=u2"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(cfg *gateway.Config) { c.limit(&cfg.Limits) })
			r.feed.put(instance("b", 1))
			get := func(path string) (int, http.Header, string) {
				rec := r.do("GET", "http://localhost"+path, nil, "")
				return rec.Code, rec.Header(), rec.Body.String()
			}
			for range 2 {
				if code, _, body := get("/i/acme/token?user_id=u1"); code != 200 {
					t.Fatalf("%d %s", code, body)
				}
			}
			code, header, body := get("/i/acme/token?user_id=u1")
			if code != 429 || header.Get("Retry-After") == "" || header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, c.code) {
				t.Errorf("%d %v %s", code, header, body)
			}
			if c.other != "" {
				if code, _, body := get(c.other); code != 200 {
					t.Errorf("%s: %d %s", c.other, code, body)
				}
			}
			if rec := r.do("POST", "http://localhost/i/acme/upload", good, "{}"); rec.Code != 200 {
				t.Errorf("uploads are not the same limit: %d", rec.Code)
			}
			r.clock = r.clock.Add(2 * time.Second)
			if code, _, body := get("/i/acme/token?user_id=u1"); code != 200 {
				t.Errorf("later: %d %s", code, body)
			}
		})
	}
}
