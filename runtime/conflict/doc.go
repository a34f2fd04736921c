// Package conflict decides what becomes of a write that meets a row which somebody else changed. Every
// policy is a pure function of three values and gives a value or refuses:
//
//	base ──── what the device saw before its write (PowerSync's previous values)
//	  ├────── server   what is stored now
//	  └────── client   what the device made of it
//
// It must not know databases, requests, hooks or clocks: times come from values, and a hook is only
// a mark on the decision that the caller asks one.
//
// # What a conflict is
//
// A column conflicts when base differs from server and client differs from server. The three are
// compared after their types are known, so a date or a boolean that only changed its spelling is no
// conflict. A column that the device sent as it had seen it is no change of the device's: it stays as
// stored. A value that the same device's previous operation left there is no conflict (Own); under {version}, a
// version that it left there is the one that it has seen. Without a
// base there is nothing to compare, therefore no conflict: the client's value is taken, except by max,
// min, json, {version} and {timestamp}, which need no base. Such decisions are marked NoBase.
//
// # How the pipeline calls it
//
// For one operation on a row that exists, in this order:
//
//  1. Coerce each column of the data against the stored value, and the same column of the previous
//     values against the same stored value by the same function. Both then keep the stored value
//     where they stand for it. A base that cannot be coerced is passed as it was sent.
//  2. Make a Change of every column in the data, also where Coerce found no difference: a counter that
//     two devices moved from 5 to 6 is 7. Under {version: f}, add f with Absent when the data lacks it.
//     For a PUT on an existing row there is no base.
//  3. Row. Refused refuses the transaction (record: the conflicts are recorded with it); Hook asks
//     resolveConflict before anything else, and its values replace those of Fields.
//  4. Guard.Permits, for each Changed field with the value that was decided: immutable fields and
//     transitions hold whoever decided. A field that stays as stored is not asked about.
//  5. Put the Changed values into the row, value.Check it, then the update rule with old, new and
//     changed. Where a policy or hook decided otherwise than the client (Outcome merged or server, a counted version), that is the
//     second authorization of the pipeline: a rule that passed on the client's values must pass on these.
//  6. Count each Outcome and NoBase; keep the conflicts that are recorded.
//
// A refused rule comes before a conflict: ask the rule with the client's values first where a refusal
// would tell a stranger that the row changed.
//
// For a DELETE: the delete rule, then Delete with the previous values as changes. Deletes win over
// updates that arrive later (the row is missing, and PATCH of a missing row succeeds with no effect);
// under lose, a delete whose base differs is dropped instead. A PUT of a row that exists is an update
// without a base. A PUT of a row that was deleted creates it again, unless its tombstone is kept.
//
// # The field policies
//
//	policy        decision where the device edited the field                        commutes  repeats harmlessly
//	last_write    client                                                             no        yes
//	first_write   server if it conflicts (whoever came first), else client           no        yes
//	server        the same, said of values that other systems own                    no        yes
//	max, min      the greater, the lesser; always, also without a conflict           yes       yes
//	counter       server + client - base; exact, or refused                          yes       no: receipts
//	set           server - (base - client) + (client - base)                         yes*      no: receipts
//	append        server + (client - base), at the end; never removes                as a bag  no: receipts
//	text          diff3 by lines, then by words                                      no        no: receipts
//	json          by member, the device's changes over the stored object             no        yes, without a base
//	{timestamp}   the value with the later client time; equal times: client          yes**     yes
//	hook          client, marked
//
//	*  as sets, and for adds and removes of different elements; of one element the last to arrive decides
//	** where no two writes carry the same time
//
// first_write and server decide alike: with three values there is no telling who stored the server's.
// Null counts as 0 for a counter, as empty for lists, and never wins for max and min.
//
// # What a database could decide by itself
//
// In one guarded command, without the row having been read: last_write (a plain assignment); max and min
// ($max, $min; GREATEST, LEAST); counter ($inc; q = q + d, with d = client - base, overflow refused by
// the column's type); append ($push; ||); set ($addToSet or $pull for adds or removes of scalars; an
// aggregation pipeline for both); first_write, server and reject (the base in the filter: one matched row
// or none); {version} and {timestamp} (a filter on the field). Text, json, record and hooks need the
// row that was read. The pipeline reads and locks every row in the same transaction anyway, because
// rules see old, so here all of them are decided in memory and written as absolute values; the
// commands above are for a path that does not read.
package conflict
