package scrape

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPrometheusReadsTheSamples(t *testing.T) {
	busy := 0
	h := Handler(func(emit func(Sample)) {
		busy++ // asked anew each time
		emit(Sample{Name: "turnkey_things_total", Help: "Things.", Labels: []string{"outcome", "success"}, Value: 3})
		emit(Sample{Name: "turnkey_things_total", Help: "Things.", Labels: []string{"outcome", "fatal \"error\"\n"}, Value: 1})
		emit(Sample{Name: "turnkey_busy", Help: "Now.", Value: float64(busy), Gauge: true})
		emit(Sample{Name: "turnkey_seconds", Help: "Work.", Value: 1.5, Count: 3, Buckets: map[float64]uint64{0.1: 1, 1: 3}})
	})
	for n := range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		body := w.Body.String()
		for _, line := range []string{
			`turnkey_things_total{outcome="success"} 3`, `turnkey_things_total{outcome="fatal \"error\"\n"} 1`, "turnkey_busy " + string(rune('1'+n)),
			`turnkey_seconds_bucket{le="0.1"} 1`, `turnkey_seconds_bucket{le="+Inf"} 3`, "turnkey_seconds_sum 1.5", "# TYPE turnkey_busy gauge", "go_goroutines ",
		} {
			if !strings.Contains(body, line) {
				t.Errorf("%q is missing in\n%s", line, body)
			}
		}
		if w.Code != 200 {
			t.Errorf("status %d", w.Code)
		}
	}
}

// TestABadSampleHidesNoOther: one source's mistake must not blind the operator.
func TestABadSampleHidesNoOther(t *testing.T) {
	h := Handler(func(emit func(Sample)) {
		emit(Sample{Name: "not a name", Help: "x"})
		emit(Sample{Name: "turnkey_good", Help: "Good.", Value: 1})
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(w.Body.String(), "turnkey_good 1") {
		t.Errorf("the good one is missing: %d %s", w.Code, w.Body)
	}
}
