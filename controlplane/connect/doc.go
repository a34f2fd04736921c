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
// said of it (Checked), because a developer who pastes code deserves to know: `wire` was run by our tests with the real
// SDK against a real instance, `compiled` was compiled against the SDK's types, `not run` was written from its published
// interface. The test behind the first two, and behind the sync streams, is web/e2e/connect.mjs.
package connect
