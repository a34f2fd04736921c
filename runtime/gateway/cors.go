package gateway

import (
	"net/http"

	"turnkey/runtime/bundle"
)

// cors is an instance's rule for browsers: any origin without credentials, or an exact list.
type cors struct {
	any     bool
	origins map[string]bool
}

func newCORS(c bundle.CORS) cors {
	out := cors{any: c.Origins == nil, origins: make(map[string]bool, len(c.Origins))}
	for _, o := range c.Origins {
		out.origins[o] = true
	}
	return out
}

// apply sets the headers of an answer. Origins compare byte for byte: a suffix, another port or
// another scheme is another origin. Credentials are never allowed; tokens travel in a header.
func (c cors) apply(h http.Header, origin string) {
	if c.any {
		openCORS(h)
		return
	}
	h.Add("Vary", "Origin")
	if c.origins[origin] {
		h.Set("Access-Control-Allow-Origin", origin)
		exposed(h)
	}
}

// openCORS is for answers that say nothing about anybody: errors before an instance is known.
func openCORS(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	exposed(h)
}

func exposed(h http.Header) { h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After") }

// preflight always answers, also while everything behind us is down: a browser that gets no answer
// reports a network error, which hides the real one. When the instance cannot be asked any origin
// may try; the request itself is held to the instance's list.
func (g *Gateway) preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	rule := cors{any: true}
	if in, err := g.live.acquire(r.Context(), hostOf(r)); err == nil {
		rule = in.cors
		in.release()
	}
	rule.apply(h, r.Header.Get("Origin"))
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
	// The star lets tracing libraries add their headers; it never covers authorization.
	h.Set("Access-Control-Allow-Headers", "authorization, content-type, x-requested-with, *")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusOK)
}
