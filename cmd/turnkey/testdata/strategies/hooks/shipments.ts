const next: { [status: string]: string[] } = { packed: ["sent"], sent: ["arrived"], arrived: [] };

export default {
  beforeWrite(write, ctx) {
    if (write.op !== "PATCH" || write.old === null) return;
    const { status, address } = write.data;
    if (status !== undefined && status !== write.old.status && !next[write.old.status].includes(status)) {
      ctx.reject("OUT_OF_ORDER", `A shipment cannot go from ${write.old.status} to ${status}.`);
    }
    if (address !== undefined && write.old.status !== "packed") ctx.reject("ON_ITS_WAY", "The shipment has left the house.");
  },
} satisfies Hooks<"shipments">;
