// Package controlplane is the domain: organizations, members, projects, instances and what may be done
// with them. Each noun has one file here, one in store (its rows), one in store/queries (its SQL) and
// one in dashboard-api (its routes).
//
// It must not know HTTP, JSON for people, or SQL: callers give it an Actor, and it speaks to a Store,
// which it declares itself, noun by noun.
//
//	route (permission, scope) ─► service method(ctx, Actor, input)
//	                                │ change(): one transaction
//	                                ├─ Tx: rows of the nouns
//	                                └─ exactly one audit Event, chained to the one before
//
// Three rules hold everywhere. What is not the actor's does not exist: both answer NotFound. A method
// that changes something runs in change, which records exactly one event in the same transaction. What
// is edited carries a version, and the edit names the version that it saw.
//
// What runtimes saw comes in by Telemetry, is no change of anybody's and leaves no event; Logs and Metrics
// read it (log_tail.go says how a log is followed), and each day is a partition that Telemetry.Sweep drops.
//
// Devices, refused credentials and first times come with it and are joined to what is known (device_store.go).
// Alerts judges from all of that, one replica at a time, and tells people by their channels. Exports sends it on to receivers of
// OpenTelemetry (export_turn.go), from what is stored.
//
// Who may do what is decided before a method is called (controlplane/authz by the route table). The
// methods here still refuse what no permission can express: the last owner's removal, a role above
// one's own.
package controlplane
