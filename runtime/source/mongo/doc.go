// Package mongo is the MongoDB source: it implements source.Source over the official driver, the
// only package of the runtime that imports it. It must not know uploads, rules, tokens or SQL.
//
// # How a connection string is used
//
// The driver never sees it. parseURI reads it itself, by an allow-list (a driver opens files, calls
// cloud metadata services and dials anything that a URI names), and hands hosts, credentials and the
// few harmless options to the driver's setters. Concerns, retries, pools and timeouts are ours
// whatever it says. SRV and TXT records are looked up here. Every socket, to seeds, SRV targets and
// members that a server advertises, comes from Options.Dial and passes through dialer, which does TLS
// itself (so that the driver fetches no revocation lists from addresses inside certificates) and
// bounds what a hello may claim.
//
// # A transaction
//
//	Begin   nothing travels
//	Read    one find per collection, snapshot       -> value.Object, untyped bytes kept as Opaque
//	Apply   per collection: deletes, updates, inserts (at most one command each)
//	        commitTransaction, majority and journal, again while its outcome is unknown
//
// Changes of one Apply touch different rows, and documents meet only in unique indexes. Sending the
// deletes first and the inserts last cannot fail where the given order succeeds: before any update
// the index then holds no more entries than in the given order (deletes freed theirs, inserts have
// not taken theirs), and after the last insert it holds the same. So three commands do for any mix.
//
// An update writes $set and $unset of the changed leaves only: what is not named keeps its stored
// bytes, types and order.
package mongo
