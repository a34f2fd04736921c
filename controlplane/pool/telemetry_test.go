package pool_test

import (
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/telemetry"
)

// TestARuntimeShipsOverHTTP: a batch arrives as it was sent; what becomes of it tells the runtime whether to try again.
func TestARuntimeShipsOverHTTP(t *testing.T) {
	f := &fake{}
	url, _ := serve(t, f)
	batch := telemetry.Batch{Source: "rt_1", Seq: 7, Entries: []telemetry.Entry{{
		At: time.Date(2026, 11, 26, 12, 0, 0, 1000, time.UTC), Instance: "ins_1", Kind: telemetry.Transaction, Level: telemetry.Warn, Outcome: telemetry.Fatal,
		Operations: []telemetry.TableOperations{{Table: "todos", Put: 3, Conflicts: telemetry.Conflicts{Merged: 2}}},
	}}, Counts: []telemetry.Count{{Instance: "ins_1", Minute: 1800, Series: telemetry.Series{Name: telemetry.Errors, Label: "X", Outcome: "fatal_error"}, N: 9}}}
	sink := telemetry.NewClient(url+"/", redact.New(token))
	t.Cleanup(sink.Close)
	if err := sink.Ship(t.Context(), batch); err != nil || !reflect.DeepEqual(f.shipped, batch) {
		t.Errorf("%v\nsent    %+v\narrived %+v", err, batch, f.shipped)
	}
	for name, c := range map[string]struct {
		trouble error
		kind    fault.Kind
	}{
		"refused for good": {fault.New(fault.Invalid, "telemetry_malformed", "No."), fault.Invalid},
		"too large":        {fault.New(fault.TooLarge, "telemetry_too_large", "No."), fault.TooLarge},
		"database down":    {fault.New(fault.Unavailable, "database_unavailable", "No."), fault.Unavailable},
		"our defect":       {http.ErrBodyNotAllowed, fault.Unavailable},
	} {
		f.err = c.trouble
		if err := sink.Ship(t.Context(), batch); !fault.IsKind(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger := telemetry.NewClient(url, redact.New("another token of thirty-two bytes"))
	t.Cleanup(stranger.Close)
	f.err, f.shipped = nil, telemetry.Batch{}
	if err := stranger.Ship(t.Context(), batch); !fault.IsKind(err, fault.Unavailable) || f.shipped.Seq != 0 {
		t.Errorf("without the pool's token: %v, %+v", err, f.shipped)
	}
}

// TestWhatIsNoBatch is refused before it reaches the sink, and costs bounded memory.
func TestWhatIsNoBatch(t *testing.T) {
	f := &fake{}
	url, _ := serve(t, f)
	bomb, err := telemetry.Encode(telemetry.Batch{Source: strings.Repeat("x", 2*telemetry.MaxBytes), Seq: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body   []byte
		zipped bool
		status int
	}{
		"nothing":        {nil, false, 422},
		"not JSON":       {[]byte("{"), false, 422},
		"not gzip":       {[]byte("{}"), true, 422},
		"nobody's":       {[]byte(`{"seq":1}`), false, 422},
		"a bomb":         {bomb, true, 413},
		"plain and good": {[]byte(`{"source":"rt_1","seq":1}`), false, 204},
	} {
		f.shipped = telemetry.Batch{}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+telemetry.Path, bytes.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		if c.zipped {
			r.Header.Set("Content-Encoding", "gzip")
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.status || (f.shipped.Seq != 0) != (c.status == 204) {
			t.Errorf("%s: %s, shipped %+v", name, answer.Status, f.shipped)
		}
	}
}
