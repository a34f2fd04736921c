import { hookFile, member, pick, texts, type Template } from "./template";

// Hooks outside of a table's transaction, and tests.
export const outside: Template[] = [
  {
    id: "fetch", title: "Call another service after the commit", about: "Runs after the data is safe, is tried again until it succeeds, and may fetch from the hosts under hooks.fetch.", ofTable: true,
    make: (t) => hookFile(t, `  async afterCommit(change, ctx) {
    // The host has to be listed: hooks: {fetch: [api.example.com], env: {API_KEY: {secret: API_KEY}}}
    const answer = await ctx.fetch("https://api.example.com/changes", {
      method: "POST",
      // The same on each attempt: the receiver can tell a repetition.
      headers: { "Content-Type": "application/json", "Idempotency-Key": ctx.deliveryId, Authorization: \`Bearer \${ctx.env.API_KEY}\` },
      body: JSON.stringify({ op: change.op, id: change.id, row: change.new }),
    });
    if (!answer.ok) throw new Error(\`the service answered \${answer.status}\`); // tried again later
  },
`),
  },
  {
    id: "user", title: "Decide who a token is for", about: "Maps a provider's verified token to one of your users, and adds claims.", ofTable: false,
    make: () => ({
      path: "hooks/_auth.ts",
      text: `export default {
  // One identity must always give the same user.
  resolveUser(identity, ctx) {
    const { email, email_verified: verified } = identity.claims;
    if (typeof email !== "string" || !verified) ctx.reject("email_not_verified", "Confirm your e-mail address first.");
    return { userId: identity.userId || email.toLowerCase(), claims: { domain: email.split("@")[1] ?? "" } };
  },
} satisfies AuthHooks;
`,
    }),
  },
  {
    id: "limit", title: "Limit a transaction", about: "Looks at all operations of a client's transaction before the first one runs.", ofTable: false,
    make: () => ({
      path: "hooks/_transaction.ts",
      text: `const most = 200;

export default {
  beforeTransaction(writes, ctx) {
    if (writes.length > most) ctx.reject("too_large", \`A transaction has at most \${most} operations; this has \${writes.length}.\`);
    const deletions = writes.filter((w) => w.op === "DELETE").length;
    if (deletions > 20) ctx.reject("too_many_deletions", "Delete fewer at once.", { deletions });
  },
} satisfies TransactionHooks;
`,
    }),
  },
  {
    id: "test", title: "A test", about: "Runs on every deployment and stops it when it fails. Time and randomness stand still.", ofTable: true,
    make: (t) => {
      const c = pick(t, texts, /title|name|description|text/);
      const data = c ? `{ ${member(c)}: " milk " }` : "{}";
      return {
        path: `hooks/${t.name}.test.ts`,
        text: `import hooks from "./${t.name}";

test("a write goes through", async () => {
  const out = await run(hooks, "beforeWrite", { op: "PUT", data: ${data}, user: { id: "ann" } });
  expect(["kept", "changed"]).toContain(out.result);
});

test("a deletion is no accident", async () => {
  const out = await run(hooks, "beforeWrite", { op: "DELETE", old: ${data}, user: { id: "ann" } });
  expect(out.result).not.toBe("rejected");
});
`,
      };
    },
  },
];
