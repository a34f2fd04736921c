package dashboardapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"

	"turnkey/internal/fault"
)

// answer is a whole response, held back until its transaction is committed. It is also what is stored
// for a repeated request.
type answer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// recorder collects an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

func record(inner http.Handler, r *http.Request) answer {
	rec := &recorder{header: http.Header{}}
	inner.ServeHTTP(rec, r)
	rec.WriteHeader(http.StatusOK)
	return answer{rec.status, rec.header, rec.body.Bytes()}
}

func (n answer) ok() bool { return n.Status < 300 }

const (
	keyHeader    = "Idempotency-Key"
	replayHeader = "Idempotent-Replayed"
	maxKey       = 255 // bytes
)

// perform runs the handler: plainly, or once per idempotency key.
func (a *api) perform(w http.ResponseWriter, r *http.Request, q *request, s settings, inner http.Handler) {
	key := r.Header.Get(keyHeader)
	if r.Method != post || key == "" || s.noReplay || !q.route.mutates() || !q.actor.Known() {
		if s.settle == nil {
			inner.ServeHTTP(w, r)
			return
		}
		a.send(w, r, s, record(inner, r))
		return
	}
	if len(key) > maxKey {
		a.fail(w, r, fault.Newf(fault.Invalid, "invalid_idempotency_key", "An Idempotency-Key has at most %d bytes.", maxKey))
		return
	}
	n, replayed, err := a.once(r, q, key, inner)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if replayed {
		w.Header().Set(replayHeader, "true")
	}
	a.send(w, r, s, n)
}

// once runs the handler within the transaction that also keeps its answer, or gives the kept one.
// A refused request is not kept: it changed nothing and may be corrected under the same key.
func (a *api) once(r *http.Request, q *request, key string, inner http.Handler) (n answer, replayed bool, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return n, false, fault.Wrap(err, fault.Invalid, "malformed_request", "The body could not be read.")
	}
	purpose := "answer/" + q.actor.UserID + "/" + q.actor.TokenID + "/" + key
	sum := sha256.Sum256([]byte(r.Method + " " + r.URL.RequestURI() + "\n" + string(body)))
	stored, replayed, err := a.cfg.Plane.Answers.Once(r.Context(), q.actor, key, sum[:], func(ctx context.Context) ([]byte, error) {
		again := r.WithContext(ctx)
		again.Body = io.NopCloser(bytes.NewReader(body))
		if n = record(inner, again); !n.ok() {
			return nil, nil
		}
		text, err := json.Marshal(n)
		if err != nil {
			return nil, err
		}
		return a.box.seal(purpose, text), nil
	})
	if err != nil || !replayed {
		return n, false, err
	}
	text, err := a.box.open(purpose, stored)
	if err != nil {
		return n, false, fault.Wrap(err, fault.Unavailable, "answer_unreadable", "The stored answer cannot be read.").
			WithHint("The request was done. Read the result; the server's key changed since.")
	}
	return n, true, json.Unmarshal(text, &n)
}

// send gives the settled answer to the client.
func (a *api) send(w http.ResponseWriter, r *http.Request, s settings, n answer) {
	if s.settle != nil && n.ok() {
		n.Status, n.Body = s.settle(r.Context(), n.Status, n.Body)
	}
	for name, values := range n.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(n.Status)
	_, _ = w.Write(n.Body) // the caller may have gone; the change is done and kept
}
