//--- a flood, awaited
return (async () => { for (;;) await ctx.db.collection("t").findOne({ id: "1" }); })();
//--- a flood that catches
return (async () => { for (;;) try { await ctx.db.collection("t").findOne({ id: "1" }); } catch { } })();
//--- a flood, not awaited
for (;;) ctx.db.collection("t").findOne({ id: "1" });
//--- a flood with large arguments
for (;;) try { ctx.db.collection("t").findOne({ id: "x".repeat(60000) }); } catch { }
//--- one huge argument
return ctx.db.collection("t").insertOne({ a: "x".repeat(2e7) });
//--- an argument that traps
return ctx.db.collection("t").insertOne(new Proxy({}, { ownKeys() { for (;;) {} } }));
//--- a cyclic argument
const o = {}; o.o = o; return ctx.db.collection("t").insertOne(o);
//--- operators
return ctx.db.collection("t").find({ $where: "sleep(1000)", a: { $gt: { $ne: 1 } } });
//--- another table
return ctx.db.collection("turnkey_receipts").find({});
//--- a name that traps
return ctx.db.collection({ toString() { for (;;) {} } }).find({});
//--- answers kept for ever
const keep = []; return (async () => { for (;;) keep.push(await ctx.db.collection("t").find({})); })();
//--- calls after the answer
(async () => { for (;;) await ctx.db.collection("t").findOne({ id: "1" }); })(); return { a: 1 };
