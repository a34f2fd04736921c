package outbox

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWaitsGrowToADay(t *testing.T) {
	total := time.Duration(0)
	for n, want := range []time.Duration{5 * time.Second, 15 * time.Second, 45 * time.Second, 135 * time.Second, 405 * time.Second} {
		if got := DefaultPolicy.after(n+1, 0, 0.5); got != want {
			t.Errorf("after attempt %d: %s, want %s", n+1, got, want)
		}
	}
	for n := 1; n < DefaultPolicy.Attempts; n++ {
		total += DefaultPolicy.after(n, 0, 0.5)
	}
	if total < 4*24*time.Hour || total > 6*24*time.Hour {
		t.Errorf("a delivery is given up after %s", total)
	}
}

func TestAWaitIsBoundedAndHonoursTheReceiver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(-1, 1000).Draw(t, "attempt")
		asked := time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "asked"))
		random := rapid.Float64Range(0, 0.999).Draw(t, "random")
		got := DefaultPolicy.after(n, asked, random)
		if got > DefaultPolicy.Most || got < 4*time.Second || got < min(asked, DefaultPolicy.Most) {
			t.Fatalf("after attempt %d, asked for %s: %s", n, asked, got)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "0": 0, "-5": 0, "1.5": 0, "soon": 0, "99999999999999999999": 0,
		now.Add(time.Hour).Format(http.TimeFormat): time.Hour, now.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestTheBreakerOfALane(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	l := &lane{}
	fail := func(rest time.Duration) { l.failed(now, rest, 0.5) }
	room := func(want int) {
		t.Helper()
		if n, _ := l.room(now, 4); n != want {
			t.Errorf("at %s there is room for %d, want %d", now.Format(time.TimeOnly), n, want)
		}
	}
	for range tripAfter - 1 {
		fail(0)
		room(4)
	}
	l.took()
	for range tripAfter - 1 {
		fail(0)
	}
	room(4) // an answer in between starts the count anew
	for _, open := range []time.Duration{10, 20, 40, 80, 160, 300, 300} {
		fail(0)
		room(0)
		fail(0) // one that was under way makes it no longer
		if _, until := l.room(now, 4); !until.Equal(now.Add(open * time.Second)) {
			t.Errorf("open until %s, want for %d s", until, open)
		}
		now = now.Add(open * time.Second)
		room(1)
	}
	l.took()
	room(4)
	fail(20 * time.Minute) // it asked for that
	room(0)
	now = now.Add(20 * time.Minute)
	room(4)
	fail(100 * time.Hour)
	if _, until := l.room(now, 4); !until.Equal(now.Add(restMost)) {
		t.Errorf("a receiver rests its lane until %s", until)
	}
}
