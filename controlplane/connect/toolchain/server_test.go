//go:build connectors

package toolchain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// request is what a connector sent.
type request struct {
	Method, Path, Bearer, Type string
	Body                       map[string]any
}

// answer is one that a scenario prepares; the zero value is the usual one.
type answer struct {
	status int
	header map[string]string
	body   string
}

// recorder is the instance that the generated code talks to: it gives tokens, settles transactions as the scenario
// says, and keeps every request.
type recorder struct {
	*testing.T
	*httptest.Server

	mu       sync.Mutex
	scenario scenario
	tokens   int
	uploads  int
	requests []request
}

func newRecorder(t *testing.T) *recorder {
	r := &recorder{T: t}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// begin forgets what was, and does as the scenario says from now on.
func (r *recorder) begin(s scenario) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scenario, r.tokens, r.uploads, r.requests = s, 0, 0, nil
}

func (r *recorder) sent() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	raw, err := io.ReadAll(in.Body)
	q := request{Method: in.Method, Path: in.URL.RequestURI(), Bearer: in.Header.Get("Authorization"), Type: in.Header.Get("Content-Type")}
	if err == nil {
		err = exact(raw, &q.Body)
	}
	if err != nil {
		r.Errorf("%s %s sends no JSON object: %v: %s", in.Method, in.URL, err, raw)
	}
	r.requests = append(r.requests, q)
	var a answer
	switch in.URL.Path {
	case "/token":
		a = at(r.scenario.tokens, r.tokens)
		r.tokens++
		if a.body == "" {
			a.body = fmt.Sprintf(`{"token":"minted-%d","powersync_url":"https://sync.example.com/","expires_at":"2099-01-01T00:00:00Z","user_id":"ann"}`, r.tokens)
		}
	case "/api/data":
		a = at(r.scenario.uploads, r.uploads)
		r.uploads++
		if a.body == "" {
			a.body = r.settle(q.Body)
		}
	default:
		a = answer{status: http.StatusNotFound, body: `{"message":"no such address"}`}
	}
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = io.WriteString(w, a.body)
}

// settle answers an upload as an instance does: one result for each transaction, and nothing after one that stops.
func (r *recorder) settle(body map[string]any) string {
	list, _ := body["transactions"].([]any)
	results, stopped := []json.RawMessage{}, false
	for _, tx := range list {
		m, _ := tx.(map[string]any)
		result, ok := r.scenario.results[fmt.Sprint(m["transaction_id"])]
		switch {
		case stopped:
			result = notAttempted
		case !ok:
			result = success
		case result != success && !bytes.Contains([]byte(result), []byte(`"requires_client_handling":false`)):
			stopped = true
		}
		results = append(results, json.RawMessage(result))
	}
	out, err := json.Marshal(map[string]any{"results": results})
	if err != nil {
		r.Errorf("a scenario's result is no JSON: %v", err)
	}
	return string(out)
}

// exact reads JSON without losing a digit.
func exact(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

func at[T any](list []T, n int) (zero T) {
	if n < len(list) {
		return list[n]
	}
	return zero
}
