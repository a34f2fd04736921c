// The higher price stays, and both remarks do.
export default {
  resolveConflict({ server, client, fields }) {
    const out: { [field: string]: any } = {};
    if (fields.includes("price")) out.price = Math.max(server.price, client.price);
    if (fields.includes("remark")) out.remark = `${server.remark}; ${client.remark}`;
    return out;
  },
} satisfies Hooks<"prices">;
