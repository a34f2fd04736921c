// The hook of the torture's workload W7. What an operation's n says happens to it; whatever is applied leaves one line
// in the ledger and one more in its device's tally, in the same transaction, and is told to somebody else's server: by a
// webhook, and every third by a request after the commit and by a webhook that follows from that.
const REJECTED = -2, THROWS = -3, LOOPS = -4, SLOW = -5, ADDS = 1000, TOLD_AFTERWARDS = 3;

function idle(rounds: number): number {
  let x = 1;
  for (let i = 0; i < rounds; i++) x = (x * 31 + i) | 0;
  return x;
}

export default {
  beforeWrite(write: any, ctx: any) {
    const { n } = write.data;
    if (n === REJECTED) {
      ctx.enqueue("deeds", { tag: write.data.tag });
      ctx.reject("REFUSED_BY_HOOK", "This deed is not to be.", { tag: write.data.tag });
    }
    if (n === THROWS) throw new Error("the hook of " + write.data.tag + " throws");
    if (n === LOOPS) for (;;) idle(1000);
    if (n === SLOW) idle(200_000);
    return { ...write.data, n: n + ADDS };
  },

  async afterWrite(change: any, ctx: any) {
    const { tag, n } = change.new;
    await ctx.db.table("ledger").insertOne({ id: tag, tag: "hook:" + tag, n });
    const device = tag.slice(0, tag.indexOf("#"));
    const tallies = ctx.db.table("tallies");
    const tally = await tallies.findOne({ id: device });
    if (tally) await tallies.updateOne({ id: device }, { n: tally.n + 1, tag: "hook:" + tag });
    else await tallies.insertOne({ id: device, n: 1, tag: "hook:" + tag });
    ctx.enqueue("deeds", { tag, n });
  },

  async afterCommit(change: any, ctx: any) {
    const { tag, n } = change.new;
    if (n % TOLD_AFTERWARDS !== 0) return;
    const body = JSON.stringify({ tag, n });
    const answer = await ctx.fetch("http://receiver.invalid/after", { method: "POST", headers: { "webhook-id": ctx.deliveryId }, body });
    if (!answer.ok) throw new Error("the receiver answered " + answer.status);
    ctx.enqueue("commits", { tag, n });
  },
};
