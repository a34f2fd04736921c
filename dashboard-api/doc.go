// Package dashboardapi is the control plane's REST API for people and scripts, with its OpenAPI
// document, the docs page and the plain sign-in page.
//
// It must not know SQL, nor decide what the domain decides: a handler reads its input, calls one
// method of a controlplane service and shapes the answer.
//
// Everything about a route is one line of the table in routes.go: method, path, permission, where its
// permission is asked (scope), the audit event that it emits, and its handler. A request passes
//
//	request id, headers, cross-origin check ─► mux ─► who (cookie or bearer) ─► rate limit ─► body
//	   ─► place (from the path) ─► permission ─► idempotency ─► huma (validation) ─► handler
//
// and every refusal on the way is the same RFC 9457 document. What an actor has no part in is answered
// 404, whether it exists or not; what they belong to but may not do, 403.
package dashboardapi
