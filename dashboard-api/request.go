package dashboardapi

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"turnkey/controlplane"
)

// request is what the way to a handler found out.
type request struct {
	id      string
	ip      string
	ifMatch string
	actor   controlplane.Actor
	place   controlplane.Place
	route   *route
	http    *http.Request
	// session is the browser's session string; empty with a bearer token.
	session string
}

type requestKey struct{}

// requestOf returns what is known of the request; an empty one outside the API's own handlers.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// actorOf is who asks.
func actorOf(ctx context.Context) controlplane.Actor { return requestOf(ctx).actor }

// placeOf is where the route's permission was asked: its parts are real and the actor's own.
func placeOf(ctx context.Context) controlplane.Place { return requestOf(ctx).place }

const requestIDHeader = "X-Request-Id"

// identify gives each request its id and the headers that every answer has.
func (a *api) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{id: "req_" + strings.ToLower(rand.Text()), ip: a.clientIP(r), http: r}
		h := w.Header()
		h.Set(requestIDHeader, q.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		if a.secure {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, q)))
	})
}

// survive answers a panic like any other failure of ours.
func (a *api) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				a.cfg.Log.ErrorContext(r.Context(), "handler panicked", "request_id", requestOf(r.Context()).id, "panic", p)
				a.write(w, r, statusProblem(r.Context(), http.StatusInternalServerError, "internal", "Something went wrong on our side."))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// clientIP is the nearest address that is not one of our proxies. What a client itself writes into
// X-Forwarded-For lies further left and is never reached.
func (a *api) clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.isProxy(host); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		host = hop.Unmap().String()
	}
	return host
}

func (a *api) isProxy(host string) bool {
	address, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range a.cfg.TrustedProxies {
		if p.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}
