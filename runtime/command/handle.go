package command

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/envelope"
)

// Do carries out one command; b is its candidate bundle, nil when it has none. The result is written
// as JSON.
type Do func(ctx context.Context, c Command, b *bundle.Bundle) (any, error)

// Config of a handler.
type Config struct {
	Runtime string // this runtime's id
	Verify  *envelope.Verifier
	Opener  *envelope.Opener
	Do      map[Name]Do
	Now     func() time.Time
	Log     *slog.Logger
}

// Handler is the runtime's end: an http.Handler for Path.
type Handler struct {
	cfg Config

	mu   sync.Mutex
	seen map[string]time.Time // nonce -> when it may be forgotten
}

// mostNonces bounds the memory. Only signed commands get in, so more is a defect or a stolen key.
const mostNonces = 10_000

// NewHandler makes a handler.
func NewHandler(cfg Config) *Handler {
	return &Handler{cfg: cfg, seen: map[string]time.Time{}}
}

// Names lists what the handler carries out, for the registration.
func (h *Handler) Names() []string {
	out := make([]string, 0, len(h.cfg.Do))
	for n := range h.cfg.Do {
		out = append(out, string(n))
	}
	return out
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, b, err := h.read(w, r)
	if err != nil {
		h.cfg.Log.Warn("a command is refused", "from", r.RemoteAddr, "error", err)
		write(w, http.StatusForbidden, answer{Fault: wireOf(err)})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), runFor)
	defer cancel()
	began := h.cfg.Now()
	result, err := h.cfg.Do[c.Name](ctx, c, b)
	log := h.cfg.Log.With("command", c.Name, "instance", c.Instance, "user", c.Actor.UserID, "token", c.Actor.TokenID,
		"request", c.Actor.RequestID, "took", h.cfg.Now().Sub(began).String())
	if err != nil {
		log.Warn("a command failed", "error", err)
		write(w, http.StatusOK, answer{Fault: wireOf(err)})
		return
	}
	log.Info("a command was carried out")
	raw, err := json.Marshal(result)
	if err != nil {
		write(w, http.StatusOK, answer{Fault: wireOf(err)})
		return
	}
	write(w, http.StatusOK, answer{Result: raw})
}

// read believes a command or says why not.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (c Command, b *bundle.Bundle, err error) {
	if r.Method != http.MethodPost {
		return c, nil, refused("commands are POSTed")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return c, nil, refused("its body cannot be read")
	}
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get(signatureHeader))
	if err != nil || !h.cfg.Verify.Verify(purpose, body, signature) {
		return c, nil, refused("no pinned key signed it")
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return c, nil, refused("it is not a command")
	}
	if err := h.check(c); err != nil {
		return c, nil, err
	}
	if len(c.Bundle) == 0 {
		return c, nil, nil
	}
	b, err = h.cfg.Opener.Open(c.Bundle, c.Instance)
	if err == nil && b.Revision != 0 {
		err = refused("its bundle is a revision, not a candidate")
	}
	return c, b, err
}

// check refuses commands for others, late ones and repeated ones.
func (h *Handler) check(c Command) error {
	now := h.cfg.Now()
	switch {
	case c.Runtime != h.cfg.Runtime:
		return refused("it is meant for another runtime")
	case c.ExpiresAt.Sub(c.IssuedAt) > Lifetime || !now.Before(c.ExpiresAt) || c.IssuedAt.Sub(now) > Lifetime/2:
		return refused("its time is over, or the clocks differ")
	case c.Nonce == "" || len(c.Nonce) > 64:
		return refused("it has no nonce")
	case h.cfg.Do[c.Name] == nil:
		return fault.Newf(fault.Invalid, "command_unknown", "This runtime does not know the command %q.", c.Name).
			WithHint("Update the runtimes to the control plane's version.")
	}
	return h.once(c.Nonce, now, c.ExpiresAt)
}

func (h *Handler) once(nonce string, now, until time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n, end := range h.seen {
		if !now.Before(end) {
			delete(h.seen, n)
		}
	}
	if _, again := h.seen[nonce]; again || len(h.seen) >= mostNonces {
		return refused("it was sent before")
	}
	h.seen[nonce] = until
	return nil
}

func refused(why string) error {
	return fault.New(fault.Forbidden, "command_refused", "The runtime does not accept this command: "+why+".").
		WithHint("Check that the runtime's pinned verify keys belong to this control plane, and both clocks.")
}

func write(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // the caller is gone; it will not retry the same command
}

// errNoBundle is a defect of the sender: the command cannot work without a candidate.
var errNoBundle = errors.New("the command came without a bundle")
