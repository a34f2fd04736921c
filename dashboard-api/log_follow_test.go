package dashboardapi

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/telemetry"
)

// live is a shop behind a socket whose log can be followed.
type live struct {
	*shop
	url      string
	instance string
	stop     func() // as the program's end: waits until the watcher has ended
}

func newLive(t *testing.T) *live {
	s, id := newServed(t)
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.plane.Logs.Watch(ctx) }()
	stop := func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the watcher ended with %v", err)
		}
		ended <- nil
	}
	t.Cleanup(stop)
	return &live{s, server.URL, id, stop}
}

// event is one server-sent event.
type event struct{ id, name, data string }

// tail is an open stream.
type tail struct {
	*testing.T
	body   io.ReadCloser
	events chan event // closed at the end of the stream
}

// follow opens a stream; it returns when the answer has begun.
func (l *live) follow(query string, header map[string]string) *tail {
	l.Helper()
	r, err := http.NewRequestWithContext(l.Context(), http.MethodGet, l.url+prefix+"/instances/"+l.instance+"/logs?follow&"+query, nil)
	if err != nil {
		l.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: l.api.cookieName(), Value: l.ann.session})
	for k, v := range header {
		r.Header.Set(k, v)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		l.Fatal(err)
	}
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != eventStream {
		text, _ := io.ReadAll(answer.Body)
		l.Fatalf("follow: %s %s", answer.Status, text)
	}
	out := &tail{T: l.T, body: answer.Body, events: make(chan event, 10_000)}
	l.Cleanup(out.close)
	go out.read()
	return out
}

func (t *tail) close() { _ = t.body.Close() }

func (t *tail) read() {
	defer close(t.events)
	var e event
	for lines := bufio.NewScanner(t.body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case lines.Text() == "" && e.data != "":
			t.events <- e
			e = event{}
		case name == "id":
			e.id = value
		case name == "event":
			e.name = value
		case name == "data":
			e.data = value
		}
	}
}

// next gives the next n events. How soon they come is TestFromRecordingToTail's.
func (t *tail) next(n int) (out []event) {
	t.Helper()
	late := time.NewTimer(2 * time.Minute)
	defer late.Stop()
	for len(out) < n {
		select {
		case e, ok := <-t.events:
			if !ok {
				t.Fatalf("the stream ended after %d of %d events", len(out), n)
			}
			out = append(out, e)
		case <-late.C:
			t.Fatalf("%d of %d events came", len(out), n)
		}
	}
	return out
}

func usersOf(events []event) (out []string) {
	for _, e := range events {
		var entry logEntry
		if json.Unmarshal([]byte(e.data), &entry) != nil || entry.ID != e.id {
			return append(out, "not an entry: "+e.data)
		}
		out = append(out, entry.UserID)
	}
	return out
}

// TestFollowing: an entry is with every follower as soon as it is stored, in order; filters hold; another instance's never come.
func TestFollowing(t *testing.T) {
	l := newLive(t)
	bob := l.newTenant("bob's")
	l.ship(done(l.instance, "before"))
	all, warnings := l.follow("", nil), l.follow("level=warn", nil)
	l.ship(done(l.instance, "a"), done(bob.ids["instance"], "canary"), done(l.instance, "b", refused("UNAUTHORIZED")))
	l.ship(done(l.instance, "c"))
	if got := usersOf(all.next(3)); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("followed %v", got)
	}
	if got := usersOf(warnings.next(1)); !slices.Equal(got, []string{"b"}) {
		t.Errorf("warnings are of %v", got)
	}
}

// TestFromRecordingToTail: through a running shipper, HTTP, the database and a hint, an entry is with its
// follower within a second of being recorded (median of five, one round of five; the machine may be busy).
func TestFromRecordingToTail(t *testing.T) {
	l := newLive(t)
	wire := l.newLine("rt_live")
	r := telemetry.NewRecorder(telemetry.Bounds{}, time.Now)
	shipper := telemetry.NewShipper(r, wire.sink, "rt_real", telemetry.Pace{}, time.Now, l.api.cfg.Log)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- shipper.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	follower := l.follow("", nil)
	var took []time.Duration
	for round := 0; round < 5 && (round == 0 || took[2] > time.Second); round++ {
		took = took[:0]
		for range 5 {
			began := time.Now()
			r.Record(done(l.instance, "u"))
			follower.next(1)
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		t.Logf("from recording to tail: %v", took)
	}
	if took[2] > time.Second {
		t.Errorf("from recording to tail it takes %v", took)
	}
}

// TestResuming: after a lost connection nothing is missing and nothing comes twice.
func TestResuming(t *testing.T) {
	l := newLive(t)
	first := l.follow("", nil)
	l.ship(done(l.instance, "a"), done(l.instance, "b"))
	seen := first.next(2)
	first.close()
	l.ship(done(l.instance, "c"))
	l.ship(done(l.instance, "d"))
	again := l.follow("", map[string]string{"Last-Event-ID": seen[0].id})
	if got := usersOf(again.next(3)); !slices.Equal(got, []string{"b", "c", "d"}) {
		t.Errorf("resumed with %v", got)
	}
	l.ship(done(l.instance, "e"))
	if got := usersOf(again.next(1)); !slices.Equal(got, []string{"e"}) {
		t.Errorf("then came %v", got)
	}
	after := l.follow("after="+seen[1].id, nil)
	if got := usersOf(after.next(3)); !slices.Equal(got, []string{"c", "d", "e"}) {
		t.Errorf("after b came %v", got)
	}
}

// TestSlowFollower: one that reads nothing while thousands of entries come gets every one of them in the end.
func TestSlowFollower(t *testing.T) {
	l := newLive(t)
	slow := l.follow("", nil)
	const batches, each = 5, 600
	for range batches {
		entries := make([]telemetry.Entry, each)
		for i := range entries {
			entries[i] = done(l.instance, "u")
		}
		l.ship(entries...)
	}
	ids := map[string]bool{}
	for range batches {
		for _, e := range slow.next(each) {
			ids[e.id] = true
		}
	}
	if len(ids) != batches*each {
		t.Errorf("%d of %d entries", len(ids), batches*each)
	}
}

// TestAQuietTail says that it is alive, moves the place where the client would resume past entries that it did
// not want, and ends by itself.
func TestAQuietTail(t *testing.T) {
	l := newLive(t)
	l.api.heartbeat = 20 * time.Millisecond
	whole := func(text string) bool {
		return strings.Count(text, ": still here\n") >= 3 && strings.Contains(text, "\nid: log_")
	}
	var text string
	for lasts := 500 * time.Millisecond; !whole(text) && lasts < time.Minute; lasts *= 2 { // the machine may stand still
		l.api.streamFor = lasts
		text = l.quiet()
		if strings.Contains(text, "data:") {
			t.Fatal(text)
		}
	}
	if !whole(text) {
		t.Error(text)
	}
}

// quiet is what a tail says to its end that wants nothing of what comes.
func (l *live) quiet() string {
	l.Helper()
	r, err := http.NewRequestWithContext(l.Context(), http.MethodGet, l.url+prefix+"/instances/"+l.instance+"/logs?follow&level=error", nil)
	if err != nil {
		l.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: l.api.cookieName(), Value: l.ann.session})
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		l.Fatal(err)
	}
	defer answer.Body.Close()
	l.ship(done(l.instance, "unwanted"))
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		l.Fatal(err)
	}
	return string(text)
}

// TestFollowingEnds: with the program, at once; and only so many may follow at a time.
func TestFollowingEnds(t *testing.T) {
	l := newLive(t)
	var tails []*tail
	for range 5 {
		tails = append(tails, l.follow("", nil))
	}
	if r := l.do(call{method: get, path: "/instances/" + l.instance + "/logs?follow=true", as: l.ann}); r.Code != 429 || r.text("code") != "too_many_tails" {
		t.Errorf("the sixth: %d %s", r.Code, r.Body)
	}
	l.stop()
	for _, tail := range tails {
		for range tail.events { // until it is closed
			t.Error("an event at the end")
		}
	}
	if n := l.plane.Logs.Tails(); n != 0 {
		t.Errorf("%d tails are open", n)
	}
	if r := l.do(call{method: get, path: "/instances/" + l.instance + "/logs?follow", as: l.ann}); r.Code != 503 {
		t.Errorf("after the end: %d", r.Code)
	}
}
