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
//	Read    receipts of the claimed blocks, floor: one find each, snapshot
//	        one find per collection               -> value.Object, untyped bytes kept as Opaque
//	        whether any rejection waits: one find of one document
//	Marks   tombstones and traces of some rows: one find each, only when the pipeline asks
//	Find    one find, sorted by _id in the end; Count one aggregate. Rows found are known as rows read are
//	Apply   per collection: deletes, updates, inserts (at most one command each)
//	        the same for our own records: receipts, rejection, settlements, notes, conflicts, tombstones
//	        commitTransaction, majority and journal, again while its outcome is unknown
//
// One table's operations with receipts are seven commands, whatever their number.
//
// Changes of one Apply touch different rows, and documents meet only in unique indexes. Sending the
// deletes first and the inserts last cannot fail where the given order succeeds: before any update
// the index then holds no more entries than in the given order (deletes freed theirs, inserts have
// not taken theirs), and after the last insert it holds the same. So three commands do for any mix.
//
// An update writes $set and $unset of the changed leaves only: what is not named keeps its stored
// bytes, types and order.
//
// # Exactly once
//
// A receipt's _id is owner, block and seq; all receipts of a block are one range of the index on _id.
// Two transactions with the same operation have read the same receipts of its block, so both insert the
// same _id: the second one conflicts, runs again, and reads the first one's receipt. Nothing is locked
// for it. The sweeper breaks this if it empties a block that somebody has just read, as the next
// seq is 0 again. So it removes whole blocks only, raises the owner's floor in the same transaction, and
// who adds to a block whose newest receipt is old writes to that receipt, too, and conflicts with it.
//
// # The outbox
//
// Deliveries are upserted inside the data's transaction: a try that was repeated finds its own. From then
// on each is one document, claimed, reported and moved by single updates outside of transactions.
//
// # Runtimes that die
//
// A transaction belongs to a session, not to a connection: the server keeps that of a killed runtime open, with
// its locks, for up to a minute. Therefore each source enters its sessions in turnkey_runtimes, each
// before its first transaction, and refreshes the entry every half second while transactions run. Who
// has met conflicts for 300 ms looks for entries that are 1.5 s old and ends their sessions:
//
//	killSessions           aborts what they have open
//	refused, or no use:    a transaction with a higher number on each session, aborted at once (outbids)
//
// Ages are by the server's clock alone. A runtime that was only stopped finds its transaction gone, which
// is a conflict, and never uses that session again. This is proven on the development double, which
// keeps transactions as MongoDB does; on a real replica set it is unproven so far.
package mongo
