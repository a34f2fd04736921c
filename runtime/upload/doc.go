// Package upload turns the wire dialects of PowerSync clients into transactions on a source: it is
// the write pipeline. It knows requests, rules and rows; it must not know which database is behind
// the Source, how an instance was found, who issued a token, or where bundles come from.
//
// # The way of an upload
//
//	body ── Decode ──► transactions ── targets ──► rows read and locked ── apply ──► changes ── Apply+commit ──► result
//	          │              │                            │                │              │
//	         400         Refusal                      Conflict          Refusal        Refused
//	                         │                        (again)              │              │
//	                         └──────────────► rejection, stored ◄──────────┴── one by one ┘
//
// Decode walks the body once, leniently, to find transactions and the bytes of each entry; every
// entry is then read strictly by itself, so that a broken one costs its own transaction and no
// other. Only what is not an upload at all is a 400: a 4xx would block the device's queue for ever.
//
// A client transaction is one source transaction. Its rows are read once, in one command for each
// table; the operations then play in memory on those rows (row.now), in order; the net effect of
// each row is one Change; and all changes travel with the commit in one go. When the database
// refuses that, the transaction is tried once more in strict mode, one operation at a time: the
// grouped order may have been the problem (a foreign key, two rows that swap a unique value), and
// if it was not, the operation to blame is now known. A row that is deleted and created again in one
// transaction goes through strict mode from the start, so that cascades happen as they should.
//
// # Not one by one
//
// What costs a small write its time are round trips and commits, not the write. Three things save them, and each
// of them falls back to the way above whenever anything is not as it was taken for:
//
//	turns (turn.go)         transactions of this process that want the same row, or come from the same client, wait
//	                        for each other here, instead of failing in the database and doing all again
//	groups (together.go)    those that have nothing to do with each other share one transaction of the source, when
//	                        they come while it is busy
//	guesses (direct.go)     a new row, or a change whose rule the database can check as it writes, needs no reading;
//	                        where a device's receipts stand is remembered (recent.go)
//
// None of them may change an answer or a row: shortcut_test.go and together_test.go hold them against the
// plain way, on the same uploads.
//
// # Order inside one operation
//
// PATCH and DELETE of a missing row succeed before any rule. PUT of a row that exists
// is an update, for rules too, and leaves absent columns alone. Values are typed by the configuration, else
// by the database's column, else by the stored value; a value that says what is stored already is
// not a change. Then the table's conflict policy weighs base, server and client (package conflict). If
// the device does not have its way in all of it, the rule is asked about what it wanted first: nobody
// learns of a conflict in a row that they may not write. Then immutable fields and transitions, then
// what would break PowerSync's replication, then the rule over old, new and changed as decided. Hooks: see below.
//
// # What becomes of a failure
//
//	Refusal (ours) and Refused (the database's)   fatal_error, after the rejection is stored
//	the same, code listed in client_handling      fatal_error, client decides, nothing stored
//	ctx.reject                                    the same, with the user's code, message and details
//	a hook throws, or gives what it may not       the same, hook_error or hook_invalid_result; on_error: retry holds it back
//	a hook takes too long, too much, or crashes   once more with a fresh worker, one by one; then the same, hook_timeout,
//	                                              hook_out_of_memory, hook_crashed
//	no worker for the hooks                       retryable_error hook_unavailable
//	a hook asks ctx.db in a frame                 again, one by one
//	Conflict, Unknown                             again with fresh reads, 20 s from arrival
//	Down, Misconfigured, rejection not stored     retryable_error, the rest not_attempted
//	Down, Unknown, while others write there       the fifth time fatal_error, after the rejection is stored (poison.go)
//
// # Hooks
//
// A deployment may have code of its own (package hook), which runs in worker processes (package worker) while a transaction
// is decided. For one operation:
//
//	typed ─► read, locked ─► rule ─► beforeWrite ─► typed ─► conflict ─► resolveConflict ─► guards, rule ─► row ─► afterWrite
//	                          what the       │ as the hook has it                                what becomes of it
//	                          device wanted  └─► drop: nothing more, success
//
// A function is asked in the middle of apply, which then stops: it has changed nothing yet. It is called again with
// the answer at hand (said), and goes on to the next question or to its end. So nothing but the questions needs to know of workers, and
// the operations of a frame (hook_frame.go) ask theirs in one request. In a frame what ends the transaction is what
// would have ended it one by one: the refusal of the first operation. What differs is the order in which functions of different operations
// are called, which only code that keeps something in its global variables can see.
//
// ctx.db needs what earlier operations did to be in the database. So its first use in a frame ends the attempt, and the
// next one is strict: each operation is sent before the next one's hooks run. The table's hooks are remembered to be of
// that kind, as are those of which a frame takes too long.
//
// The transaction holds rows and a connection while hooks run: few of an instance do at once (hook_place.go), and none shares
// its transaction. The one shortcut is a PUT of new rows, whose hooks are asked before anything is read (hook_unread.go). Tables
// without hooks do all of it as ever, beside them; those with afterCommit alone share.
//
// Clock and seeds are made of the request's arrival and a text that is random and fixed for the transaction, so that
// every attempt sees the same. An attempt that is lost takes its logs, counts and effects with it. Effects (ctx.enqueue, afterCommit)
// are deliveries in the same commit. An operation that came to nothing, because the row was as it wanted, has none; one
// that was dropped has what it enqueued: that is how a table of commands works.
//
// A replay and the resolution of a conflict ask the hooks of today, as the user whose write it is, also without rules. Only
// resolveConflict is not asked about what somebody has decided; asking the policy once more asks it, as if what was
// stored then were stored.
//
// What hooks say is checked like what devices send, but is another's fault: columns and types that cannot be are
// hook_invalid_result. Guards, limits and the rule hold for it under their own codes. Devices hear the user's words of ctx.reject, and of
// a failure nothing but that; message and line go to the log and to the rejection's detail. A column that a hook hands
// back as it was given is the device's own value still, and one that it adds has no base. What it makes of a device's value
// leaves a trace like a policy's (below), so that the device's next write is not in conflict with its own.
//
// # Exactly once
//
// A client sends an operation again whenever it did not hear what became of it: a reply was lost, the
// app was killed, a phone was restored from a backup. The pipeline leaves a receipt for every operation
// that it has processed, in the source database, in the same transaction as the data. So there is no
// moment in which one exists without the other.
//
// An operation is recognised by owner, id and content (identity.go):
//
//	owner    hash of instance, verified subject, client id. The subject is verified, so nobody reaches
//	         another's receipts; one device with two users is two owners.
//	op id    the entry's place in the client's queue. By itself it is no identity: SQLite may lose its
//	         last transactions in a power cut, and the device then counts the same numbers again.
//	print    a hash of what the operation does. The same id with another print is a new operation.
//
// 32 consecutive op ids form a block. A transaction writes one receipt for each block that it touches,
// with the ids and prints of its operations there, so that a hundred operations cost four rows. The
// key of a receipt is (owner, block, seq), and seq is one above what the transaction read:
//
//	T1  reads block 7: seq 0      T2  (a copy) reads block 7: seq 0
//	T1  writes data, (7, 1)       T2  writes data, (7, 1)
//	T1  commits                   T2  meets the taken key: Conflict, nothing of it is written
//	                              T2  reads again: (7, 1) names its operations. They are known.
//
// Claim. Of two transactions that process the same operation, at most one commits. Both read, and then
// write into, the operation's block. If neither saw the other's receipt, their snapshots show the same
// highest seq, they write the same key, and the database lets one commit. If one saw the other's
// receipt, it found the operation in it and did not process it. Nothing is locked for this, and other
// devices of the same user are never in the way: their owner is another.
//
// Claim. A 200 is durable and told the same again. The result is sent after the commit; the receipt
// holds what was told when it was not plain success; a repeat is answered from there (history.go). What
// was processed only in part before (the client cut its queue elsewhere) is skipped where it is known
// and applied where it is new, and the worse of the outcomes is told.
//
// A device that lost power or was restored from a backup counts again: other contents come under ids that are known. They are
// new. So is everything else of their transactions, though an operation may look like an old one, as the deletion of the same row
// does: a device writes a transaction at once. A transaction is a repeat only if one history of the device can have had it
// (lineage.go). What is left is what equals, in ids and contents, an old transaction or the beginning of what an old history had. Nobody can tell
// that from a repeat, and it is taken for one. Of a {batch} without transaction ids nobody knows what the device wrote at once: there what
// stands before the first other content is known, and what comes behind it is new.
//
// Equal operations of one request are no repeats of each other: the k-th of them is known only if its
// block has k receipts for it (identity.nth, recall).
//
// Receipts end after receipts.ttl. The sweeper removes them in whole blocks, and raises the owner's
// floor, the highest id that it removed, in the same transaction. An operation at or below the floor
// without a receipt may have been applied long ago, or never: it is refused as OP_EXPIRED and kept as
// a rejection, for somebody to decide. A sweep between another transaction's reading and writing of the same
// block would let seq begin again; the sources make that a Conflict (see their doc.go).
//
// Stock clients send no client id. Their operations are known by subject, transaction id and print, as
// often as they occur, for 24 hours: transaction ids start over when an app is installed again. Without any
// id there is no receipt, and a repeat is a new write. The instance's status says which it is.
//
// Where a crash leaves us (the names are those of facts/reliability.md, and of package crash):
//
//	C0, C1  before the first command    nothing is stored; the retry applies
//	C2      changes sent, no commit     the database rolls back, at once or when a runtime takes over
//	C3      commit sent, reply lost     Unknown: read again here; the receipt says whether it committed
//	C4, C5  committed, 200 not heard    the client's retry finds the receipt
//	C12     power lost before the client forgets its queue: the retry finds the receipt
//	C13     power lost before the client synced: the id comes again with another print, and is applied
//	C14     a cloned device: other prints under the same ids, all applied
//	C17     the rejection cannot be stored: retryable, nothing is told as fatal
//
// # Rejections and what hangs on them
//
// What is refused for good leaves the queue, whole, as a rejection (reject.go), written with the fatal
// receipts under the keys that an applied copy would have taken. Then the device goes on, as if its
// write had succeeded. What it does to a row whose creation was refused follows into the rejection's
// group (dependent.go). While no rejection waits in a database, one flag in the history says so, and
// nothing looks further; while one does, each transaction looks up its rows among those of rejections.
//
// A replay (replay.go) is an upload again, as the user who sent it, but for three things: what was
// applied before stays known, receipts are not written (the client has long moved on), and the commit
// that applies it settles the rejection, which makes it exactly-once. Accepted writes to rows for which
// somebody's rejection waits note which fields they wrote; replaying what a whole deployment refused
// leaves those alone, so that the last write that reached the server stands, field by field.
//
// # A deployment that is taken back
//
//	N serves ──► N+1 refuses: rejections ──► 20th of a cause: hold ──► N serves ──► replay
//	                                                                   └── notes ──────┘
//
// The replay takes the rejections of N+1, and what followed them under N, in the order of their ids, which
// is the order of arrival at one runtime and that of the runtimes' clocks among several. Each takes its
// old place among the writes that were accepted since. Those have left notes on it: the fields that they
// wrote, whether or not that changed anything, a whole PUT, a deletion. The replay reads the notes in the
// transaction that locks the rows (newer.go):
//
//	noted since             what a late write does to the row
//	a field                 leaves it, where the last write wins; counters and the like merge as ever
//	a deletion              nothing: what is there now, or is not, came after it
//	a PUT                   a deletion takes the fields that nobody has written since, and no more
//	fields, and a refused   a deletion leaves the row, and a note on that PUT, which then takes the
//	  PUT is still to come    fields that neither it nor anybody since has written
//
// So each field that follows the last write ends with the last write that reached the server. The state
// is that of a run without N+1 but for these:
//
//   - A PATCH of a row that is missing, because somebody else's creation of it waits, succeeds without
//     effect, as any PATCH of a missing row, and nothing keeps it: without N+1 it would have had one.
//     Devices learn of rows from the database, so this needs a row that was deleted, and is made anew by
//     one device while another has not yet heard of the deletion. The creator's own writes are held.
//   - Fields that do not follow the last write, of a row whose deletion was refused and that was made
//     anew or changed since: their values from before and after the deletion cannot be told apart. A
//     refused PUT that gives a counter a value, likewise.
//   - A late deletion of a row that was put anew clears what clients may write, to null: a column's
//     default does not come back, and columns that the configuration does not know stay. So does what a
//     PATCH wrote between the deletion and a PUT that leaves it out.
//   - A PUT by the creator itself, accepted while its creation waits, settles that group as superseded:
//     it speaks for the whole row, so columns that it leaves out are not brought back.
//   - A rejection that is refused again at the replay keeps its place, but does not hear of the replays
//     after it: replayed once more, it may overwrite theirs.
//   - A runtime that has not served N has nothing to compare with, and takes every cause for new.
//
// # Conflicts
//
// A policy (package conflict) decides over base, server and client, and the outcome of every conflicting column is
// counted by table. Recorded is each operation of which something else was stored than the device wrote:
// merged and server, by whatever policy, and deletions that lost. Where the device had its way nobody has to
// look again, so that is counted only; a refusal by reject or {version} is a rejection already.
//
//	outcome            counted  recorded                 its transaction
//	client             yes      no                       applied
//	merged, server     yes      decided                  applied, the record in the same commit
//	deletes: lose      yes      decided (server)         applied without the deletion, likewise
//	reject, {version}  yes      no                       refused, a rejection
//	record             yes      open, with its rejection refused at its end, so that the case has all its conflicts
//
// A record holds base, server, client and what was decided, in full, in the client's names. Devices get excerpts
// of the conflicting columns; what was stored only with conflicts.show_server, and only after the update
// rule has passed (record.go). Where nothing conflicts, nothing of this is read or written.
//
// A rejection and its open conflicts are one case: its settlement closes them in the same commit. Resolving
// one (resolve.go) replays the transaction with decided values in the place of the device's. A conflict that was
// decided is resolved by a transaction of its own, whose commit closes it; both are exactly once by the state that the
// conflict must still be in. Decided values are as if the device had seen what is stored, so no policy has
// anything to say; rules, guards and types hold as ever. What was written since the conflict stays, unless the
// order says overwrite. The policy of today is asked over what was stored then, not over what the old one made of it.
//
// # What a client's own writes left
//
// A device that is offline builds on its own writes: its second base is its first value. If a policy made another value
// of that, base and server differ and nobody else is to blame. So a commit that stores a value which a policy made
// leaves a trace: for each client and row, by column, the print of that value. Base and server differ, and the server's
// print is the trace: the value is the client's own (conflict.Change.Own).
//
// Traces are written by such commits only: merged values, what a hook made, and versions that a device sees but does not count.
// They are read only when a base differs, on tables whose policy leaves any. There is one for each client
// and row, it is replaced and not added to, and goes with conflicts.ttl: bounded by what conflicts. A trace that
// is lost costs one record too many, and under {version} one refusal of a device that does not count. What a
// trigger or a column's own rounding makes of a value is nobody's trace: it counts as another's write. What the server
// kept against a client is another's too: it lost once, and loses again until it has synced.
//
// # Tombstones
//
// Under deletes: tombstone the commit that deletes a row leaves one, by the client's table and id. A creation of a
// missing row looks for it, and is refused as ROW_DELETED: a rejection, since a whole row would be lost in silence
// otherwise. Three creations are not late: in the deletion's own transaction, by the client that deleted the row
// (known by its client id), and one that an administrator forces. A PATCH of a deleted row succeeds
// without effect, as everywhere. No commit can slip between: whoever deletes writes the row, so a creation either
// sees the row and is an update, or sees the tombstone. Such tables do without the shortcut of create.go.
package upload
