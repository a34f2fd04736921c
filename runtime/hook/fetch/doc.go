// Package fetch carries out what hooks ask for with fetch: one HTTP request to one of the hosts that the
// configuration lists under hooks.fetch, the answer read to its end. It must not know hooks, workers or
// which instance asks; whoever runs a hook gives it the list.
//
//	hook ── FetchRequest ──► check ──► host listed? ──► guarded dialer ──► server
//	          ▲                │ no                          │ private address
//	          └── HostError ◄──┴─────────────────────────────┘
//
// # Whom to trust
//
// The request was written by a stranger, and may not even come from the engine: everything is checked here
// again. The answer comes from a server that the stranger chose. So a hook reaches exactly the hosts of its list, by
// https, at addresses that the guard lets through when the socket connects; what a name resolves to, or where a
// redirect leads, changes nothing about that. Where private networks are allowed (development) http and any port
// are, too.
//
// # Redirects
//
// At most five are followed, each checked like a first request. Beyond the first origin only headers that
// carry no credentials travel: the host that a redirect names has not been given the key that the hook
// meant for the first one.
//
// # Bounds
//
// An answer has at most MaxAnswer bytes and 32 KB of headers, a request takes at most the client's time and never
// more than its context has left. There is no cookie jar, no proxy and no compression. What goes wrong is a
// hook.HostError, an exception that the hook may catch; its text names the setting and never an address.
package fetch
