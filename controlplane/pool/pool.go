// Package pool is the control plane's internal listener: it serves the bundle feed to runtimes over
// HTTP and takes their reports and telemetry. Runtimes prove that they belong to the pool by its token; what they
// get is sealed to the pool's keyset anyway, so the token guards who may register and be sent commands,
// not what customers keep.
//
// It must not know what is in a bundle, SQL, or the REST API for people: it translates HTTP to a Feed and a telemetry.Sink.
package pool

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/feed"
	"turnkey/runtime/telemetry"
)

// Feed is what is served; *controlplane.Runtimes is one.
type Feed interface {
	List(ctx context.Context, since int64) (feed.Page, error)
	Wait(ctx context.Context, since int64) error
	Fetch(ctx context.Context, instance string) ([]byte, error)
	Report(ctx context.Context, r feed.Report) error
}

// maxReport is the longest report, in bytes.
const maxReport = 4 << 20

// minToken is the shortest usable token, in bytes.
const minToken = 32

// handler serves one pool.
type handler struct {
	feed  Feed
	sink  telemetry.Sink
	token [sha256.Size]byte
	log   *slog.Logger
}

// New makes the listener's handler. token is the pool's, the same for every runtime. s takes what
// runtimes saw; *controlplane.Telemetry is one.
func New(f Feed, s telemetry.Sink, token redact.Secret, log *slog.Logger) (http.Handler, error) {
	if len(token.Reveal()) < minToken {
		return nil, fault.Newf(fault.Invalid, "pool_token", "The pool token has fewer than %d bytes.", minToken).
			WithHint("Set TURNKEY_POOL_TOKEN_FILE to a file with at least 32 random characters, the same for control plane and runtimes.")
	}
	h := &handler{f, s, sha256.Sum256([]byte(token.Reveal())), log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+feed.PathChanges, h.changes)
	mux.HandleFunc("GET "+feed.PathWait, h.wait)
	mux.HandleFunc("GET "+feed.PathBundles+"/{instance}", h.bundle)
	mux.HandleFunc("POST "+feed.PathReports, h.report)
	mux.HandleFunc("POST "+telemetry.Path, h.telemetry)
	return h.guard(mux), nil
}

// guard lets nobody in who does not know the pool's token.
func (h *handler) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		sum := sha256.Sum256([]byte(given))
		if subtle.ConstantTimeCompare(sum[:], h.token[:]) != 1 {
			h.log.Warn("a caller without the pool's token is refused", "from", r.RemoteAddr, "path", r.URL.Path)
			http.Error(w, "this needs the pool's token", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func since(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64) // nonsense lists everything
	return max(n, 0)
}

func (h *handler) changes(w http.ResponseWriter, r *http.Request) {
	page, err := h.feed.List(r.Context(), since(r))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(page) // a runtime that has gone asks again
}

func (h *handler) wait(w http.ResponseWriter, r *http.Request) {
	if err := h.feed.Wait(r.Context(), since(r)); err != nil {
		h.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *handler) bundle(w http.ResponseWriter, r *http.Request) {
	sealed, err := h.feed.Fetch(r.Context(), r.PathValue("instance"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(sealed) // a runtime that has gone asks again
}

func (h *handler) report(w http.ResponseWriter, r *http.Request) {
	var report feed.Report
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxReport)).Decode(&report); err != nil {
		http.Error(w, "not a report", http.StatusBadRequest)
		return
	}
	if err := h.feed.Report(r.Context(), report); err != nil {
		h.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// fail answers with a status; the cause stays in the log.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	switch f := fault.Of(err); f.Kind {
	case fault.NotFound:
		status = http.StatusNotFound
	case fault.Invalid:
		status = http.StatusUnprocessableEntity
	case fault.TooLarge:
		status = http.StatusRequestEntityTooLarge
	case fault.Unavailable:
		status = http.StatusServiceUnavailable
	}
	if r.Context().Err() == nil && status != http.StatusNotFound {
		h.log.Error("a runtime's call failed", "path", r.URL.Path, "error", err)
	}
	http.Error(w, http.StatusText(status), status)
}
