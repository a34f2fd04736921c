// The hook of the table whose rows a runtime tells of while it dies at one exact moment.
export default {
  afterWrite(change: any, ctx: any) {
    ctx.enqueue("told", { tag: change.new.tag, n: change.new.n });
  },

  async afterCommit(change: any, ctx: any) {
    const event = { tag: change.new.tag, n: change.new.n };
    const answer = await ctx.fetch("http://receiver.invalid/after", { method: "POST", headers: { "webhook-id": ctx.deliveryId }, body: JSON.stringify(event) });
    if (!answer.ok) throw new Error("the receiver answered " + answer.status);
    ctx.enqueue("follows", event);
  },
};
