// Command torture shows that the two promises hold: no write is lost or applied twice, and no queue
// sticks. Simulated devices write through real runtimes to a real database while everything between
// them is killed, frozen, cut and restarted; then checkers compare the history with what is in the
// database. `make torture` runs it; the exit code says whether every promise held. It must not reach
// inside the product: it starts the binary and talks HTTP, and reads the database directly.
//
//	workload -> client (130 upload queues) -> toxiproxy -> turnkey runtime x2 -> toxiproxy -> database
//	               |                              ^            ^ control plane      ^           |
//	            history                           +---- nemesis breaks all of it ---+      log of changes
//	               |                                                                            |
//	               +---------------------------------> check <----------------------------------+
//
// Why the result can be trusted:
//
//   - Every operation carries a tag of its own and writes it into its row. The database logs each change
//     in the transaction that makes it (a trigger in PostgreSQL, the journal of MongoDB's double), so
//     the log says which operation took effect, how often, in which order and in which commit. A
//     repeat that writes the same values over somebody else's is seen, too: that is where the register
//     workloads of other tests are blind.
//   - A device knows what it was told. Acknowledged: exactly once in the log. Refused: not in it, and
//     one kept rejection. Unknown, because an answer or the device's memory was lost: at most once.
//   - What hooks tell somebody else's server about a change is compared with the log, too: at least once for each
//     committed change, under one id and with one content, and never of one that was not committed.
//   - The checkers are pure functions with a test of their own: 37 broken backends, each of which one of
//     them must catch, and a correct one that must pass (check/bug_test.go).
//
// A run has four stages on each database:
//
//   - losses: one upload of ten operations; each of its messages to the database is lost before or after
//     it arrives, and the runtime is killed at each. After the loss somebody else writes the same rows.
//   - crashes: a runtime dies or freezes at each moment that internal/crash names (build tag crash), those of
//     deliveries among them.
//   - matrix: two devices on one row, every pair of verbs, in order, repeated, late and at once.
//   - load: all workloads at once under random faults; clones, power loss and log-outs of devices.
//
// What a run cannot do with the binary it has, it says: NOT RUN, NOT CHECKED, NOT EXERCISED.
package main
