// Package toolchain compiles what the Connect page gives for languages other than JavaScript, with the languages' own
// tools, and runs it: `make connectors`, each language where its tools are.
//
//	connect.Make ──► schema, connector ──┐
//	testdata/<language>/ ──► SDK double ─┼──► a program ◀── scenarios, one a line
//	                         driver ─────┘       │
//	                                             └──▶ recording server: every request, compared exactly
//
// PowerSync's own SDKs cannot be had where our tests run, so each language has a double of the part of the SDK's public
// interface that a connector meets: names, types and behaviour as its documentation and source have them, over an upload
// queue of the rows that SQLite would hold. What this proves is that the generated files are right in their language, and what they
// send and conclude; that the interface is still the SDK's is read, not run, which is why these files are labelled
// `requests` and not `wire`. Third-party libraries are the real ones where they can be had, and say so where not
// (testdata/kotlin has doubles of Ktor and kotlinx.serialization).
//
// The scenarios are one table for all languages. The package must not know how a connector is written.
package toolchain
