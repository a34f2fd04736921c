package gateway

import (
	"errors"
	"net/http"
	"time"

	"turnkey/runtime/admission"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
)

// upload serves /api/data and /upload. What holds an upload back is found out as early as it can be:
// before the body is read, before it is kept, before it is decoded.
func (g *Gateway) upload(w http.ResponseWriter, r *http.Request, in *live) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if in.uploader == nil {
		g.fail(w, r, notDeployed())
		return
	}
	user, err := in.authority.Authenticate(r.Context(), r.Header.Get("Authorization"))
	if err != nil {
		g.observeRefusal(w, in, r.Header.Get("Authorization"), err)
		g.fail(w, r, err)
		return
	}
	if err := uncompressed(r); err != nil {
		g.fail(w, r, err)
		return
	}
	if h := g.held(in, user); h != nil {
		g.hold(w, r, h)
		return
	}
	b := g.newBody(in.bundle.Instance.ID)
	defer b.free()
	if err := b.read(r); errors.Is(err, errNoRoom) {
		b.unread(r)
		g.hold(w, r, g.crowded())
		return
	} else if err != nil {
		g.fail(w, r, err)
		return
	}
	ticket, refusal := g.uploads.Enter(r.Context(), keyOf(in, user.ID))
	if refusal != nil {
		b.unread(r)
		g.hold(w, r, refused(refusal))
		return
	}
	defer ticket.Done()
	if !b.decodable(g.cfg.Limits.BodyBytes / 4 * 3) {
		b.unread(r)
		g.hold(w, r, g.crowded())
		return
	}
	r = r.WithContext(admission.With(r.Context(), ticket))
	in.uploader.Apply(w, r, b.bytes, user, w.Header().Get(requestIDHeader))
}

// holding is why an upload waits on its device.
type holding struct {
	code, message string
	after         time.Duration
}

// held looks for a reason that needs no body.
func (g *Gateway) held(in *live, user rule.User) *holding {
	id := in.bundle.Instance.ID
	if in.bundle.Instance.State == bundle.Paused {
		return &holding{"instance_paused", "This instance is paused; writes wait on the device.", 30 * time.Second}
	}
	if g.draining.Load() {
		return refused(&admission.Refusal{Cause: admission.Draining, After: time.Second})
	}
	if _, wait := in.guard.Status(); wait > 0 {
		return &holding{"source_suspended", "The database has not been answering; it is tried again shortly.", g.jitter(wait)}
	}
	if !g.rates.user.allow(id + "\x00" + user.ID) {
		return &holding{"limit_user", "Too many uploads from this user.", g.jitter(2 * time.Second)}
	}
	if !g.rates.instance.allow(id) {
		return &holding{"limit_instance", "Too many uploads to this instance.", g.jitter(2 * time.Second)}
	}
	return nil
}

// crowded holds a body for which there is no memory.
func (g *Gateway) crowded() *holding {
	return &holding{"overloaded", "The server has too many uploads under way.", g.jitter(2 * time.Second)}
}

// refused says what the queue's refusal means to a client.
func refused(r *admission.Refusal) *holding {
	switch r.Cause {
	case admission.Instance:
		return &holding{"limit_instance", "Too many uploads to this instance at once.", r.After}
	case admission.Draining:
		return &holding{"runtime_ending", "The server is being replaced; try again.", r.After}
	}
	return &holding{"overloaded", "The server has too many uploads under way.", r.After}
}

func (g *Gateway) hold(w http.ResponseWriter, r *http.Request, h *holding) {
	if g.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	g.cfg.Hold(w, r, h.code, h.message, h.after, g.fail)
}

// jitter makes a wait up to twice as long, so that those who were held together come back one by one.
func (g *Gateway) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + g.cfg.Random()))
}

// keyOf gives production instances four times the share of development ones.
func keyOf(in *live, user string) admission.Key {
	k := admission.Key{Instance: in.bundle.Instance.ID, User: user, Weight: 1}
	if in.bundle.Instance.Kind == bundle.Production {
		k.Weight = 4
	}
	return k
}
