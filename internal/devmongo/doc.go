// Package devmongo is a development and test double of MongoDB: a server in this process, or in one of
// its own (`turnkey devmongo`), that speaks the wire protocol to the real driver. It answers as the one
// member of a replica set and has what Turnkey and PowerSync use. It must not know anything of the
// product, listens on loopback only, and is never to be taken for MongoDB: buildInfo names it (Marker),
// and what it lacks answers with code 238 and names TURNKEY_MONGODB_URI.
//
// # How it works
//
//	connection ── answer ── run ── dispatch ──► Store: collections of entries
//	 fail point     │      one command            entry: version ─► version ─► version   (newest first)
//	                │      at a time              session ─► txn: own writes over the snapshot at its start
//	                └── waits for the journal, then replies
//
// One lock guards the store; a command runs under it from beginning to end. Each document is a chain
// of versions with their commit times, so that a transaction reads what was committed when it began;
// versions that no open transaction can see are dropped. A transaction keeps its writes to itself and
// locks the entries that it wrote. A second transaction that writes such an entry, and one whose
// snapshot is older than the newest version, gets WriteConflict with the label
// TransientTransactionError; a plain write waits, as long as its maxTimeMS allows. Commit gives all
// writes one time, appends them to the event log that change streams read, and writes one record to
// the journal.
//
// # Indexes
//
// Each index, and _id, is a B-tree in the order of BSON (ordered.go):
//
//	{status: 1, _id: 1}     key        ─► entry ─► version ─► version
//	                        done,    7 ─► e7      done ◄─┐    pending ◄─┐
//	                        pending, 7 ─► e7      └──────┴─ each holds its key
//	                        pending, 9 ─► e9
//
// An entry is in it under the keys of all versions that somebody may see, committed or not; the last
// version that holds a key takes it along when it is dropped. So an index only finds candidates. What
// of them a reader's snapshot shows, and whether that matches, is judged afterwards, with the whole
// filter: an index that finds too much costs time, never an answer.
//
// A plan (plan.go) takes values for the leading fields and a range for the next one, from $eq, $in, $gt,
// $gte, $lt and $lte, through $and; an $or is the union of its branches' plans, if each has one. Of
// several plans the one with the fewest candidates wins, as far as a short trial tells. Where the index
// has the order of the sort, reading ends with the limit; a document under two keys is then shown
// at that of the version that is seen. A document with arrays has a key for each element, and each condition may
// hold for another element: in such an index only one condition of a field makes a range, and nothing
// is in order.
//
// # Durability
//
// With Options.Sync a reply that tells of a commit is sent when its record is on disk. So is the reply
// of a write that changed nothing or met a duplicate, and of a read with majority read concern: what it
// saw may be another's commit. The wait is outside of the lock, and commits that wait share one fsync
// (journal.go). A record has a checksum and a number; a torn tail ends the journal (frame.go). The
// journal is compacted into a new file that is renamed over the old one (compaction.go). If it cannot
// be written, nothing is acknowledged any more and Server.Failed is closed.
//
// # Sessions
//
// A transaction belongs to its session, not to a connection (session.go has the states). When its
// client dies it keeps its locks until transactionLifetimeLimitSeconds (also by setParameter), or until
// killSessions, killAllSessions, endSessions, abortTransaction or a higher number of the same session,
// from any connection, ends it. A repeated commit, and a repeated statement of a retryable write, is
// answered again and not applied again. Both are in the journal with the write, so that this holds
// after a restart, for as long as a session is remembered: 30 minutes after its last use, counted from
// the restart.
//
// # What it imitates
//
// Transactions with snapshot reads, error codes and labels (112, 225, 251, 256, 263, 11000 with
// keyPattern and keyValue, 121); retryable writes by statement; unique, compound, sparse, partial and
// TTL indexes; the update operators with arrayFilters, pipeline updates, findAndModify; validators with
// the usual $jsonSchema; aggregation as far as aggregate.go goes; change streams with resume tokens;
// every type of BSON; failCommand with errorCode, errorLabels, writeConcernError, closeConnection,
// blockConnection, appName and namespace, in the modes times, skip, alwaysOn and off.
//
// # What it does not
//
//   - There is one member: no election, no step-down, no rollback, no replication lag. A step-down is
//     imitated by failCommand with its codes. A write concern is always met.
//   - A look-up by $regex, $elemMatch, $ne and the like reads everything, and no hint is heard.
//     Aggregation uses indexes only for its first $match, with the $sort and $limit right behind it.
//   - A plain write waits for a transaction's lock in no order, and goes on waiting when its client is
//     gone. endSessions aborts at once; MongoDB takes up to some minutes.
//   - createIndexes does not wait for open transactions; a read concern atClusterTime is not heard.
//   - Change events do not say which fields changed (updateDescription is empty), and a change stream
//     cannot resume from before a restart (ChangeStreamHistoryLost).
//   - $$NOW, $currentDate and maxTimeMS go by the real clock; Options.Now is for the rest.
//   - devmongoCloseConnectionAfterExecution in failCommand is ours alone (failpoint.go).
//   - No authentication, collation, text and geo indexes, $facet, $merge, explain, bulkWrite of 8.0, and
//     what lacking.go lists: code 238.
//
// So a claim about production needs a real replica set: the tests run against the one that
// TURNKEY_MONGODB_URI names.
package devmongo
