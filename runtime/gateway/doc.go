// Package gateway is the runtime's HTTP border: it finds the instance that a request means, by host
// or by path, and hands the request to that instance's tokens or uploads. It knows HTTP, limits, CORS
// and problem documents; it must not know how bundles arrive, which database is behind an instance,
// or how tokens are verified.
//
// # Live instances
//
//	request ─ host or /i/{host} ─► Instances.Bundle ─► live instance of that revision ─► handler
//	                                    │                     │
//	                              sealed bytes (follow)   authority, source, uploader
//
// A bundle becomes a live instance when it is first asked for: its keys parsed, its rules compiled,
// its source opened lazily. A newer revision builds a new live instance beside the old one and takes
// its place in one step; the old one is closed when its last request has left. When the new revision
// cannot be built the old one stays, and the instance's health says why. An instance that nobody
// asked for in five minutes is closed; only the sealed bundle remains. Beyond MaxLive the one that was
// asked for least lately is closed earlier. Visit gives the source to work beside the requests, and makes
// nothing live.
//
// # Order of work for an upload
//
//	address ─► authentication ─► paused, draining, breaker, rates ─► body ─► queue ─► decoding and the rest
//	 503            401                       hold                   hold     hold
//
// Whatever holds an upload back is looked for before the work that it saves: the breaker before the
// body is read, memory while it is read (package admission), the queue before it is decoded. A held
// body is merely counted, and each transaction is answered: a status other than 200 would tell the
// client nothing that it can act on. Tokens over a limit are 429.
//
// # The end
//
// Drain closes the door: not ready, and uploads that come or wait are held. What is under way goes
// on. Abort ends the calls to sources of what is still there, which answers them retryable.
package gateway
