// Package connect writes what a developer takes from an instance into their app and into PowerSync: URLs, the
// client-auth values, sync streams, the client schema and a connector for each SDK, all from one compiled
// configuration.
//
//	bundle.Config ──► columns ──┬──► templates/schema.*     one per language
//	URLs, key set ──────────────┼──► templates/connector.*  one per language
//	                            ├──► sync-streams.yaml
//	                            └──► client auth
//
// It is pure: no I/O, no clock, no store. It must not know who asks, nor secrets: a configuration names them only.
//
// What is written is held by golden files, one for each SDK. How far an SDK's files are checked is part of what is
// said of it (checks, in checked.go), because a developer who pastes code deserves to know. `wire` was run by our tests
// with the SDK against a real instance: web/e2e/connect.mjs, as are the sync streams. `requests` was compiled and run
// against a double of the SDK that we wrote from its public interface, and every request compared with what a recording
// server got: the folder toolchain, by `make connectors`, wherever the language's own tools are. `not run` was written
// from its published interface.
package connect
