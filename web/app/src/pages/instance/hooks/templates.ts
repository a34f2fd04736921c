import { at, hookFile, ids, lacks, maybe, member, numbers, pick, texts, type Template } from "./template";
import { outside } from "./templates_outside";

const inside: Template[] = [
  {
    id: "validate", title: "Trim and validate", about: "Cleans a text before it is stored, and refuses an empty one.", ofTable: true,
    make: (t) => {
      const c = pick(t, texts, /title|name|description|text/);
      if (!c) return lacks(t, "text column");
      return hookFile(t, `  beforeWrite(write, ctx) {
    if (write.op === "DELETE") return;
    const text = ${at("write.data", c)};
    if (typeof text !== "string") return; // a change of other columns
    if (text.trim() === "") ctx.reject("empty", ${JSON.stringify(`Say something in ${c.path}.`)});
    ${at("write.data", c)} = text.trim().slice(0, 500);
  },
`);
    },
  },
  {
    id: "owner", title: "Stamp the owner", about: "Whoever makes a row owns it, whatever the device says; nobody gives it away.", ofTable: true,
    make: (t) => {
      const c = pick(t, ids, /owner|user|author|created_by/);
      if (!c) return lacks(t, "column for an id");
      return hookFile(t, `  beforeWrite(write, ctx) {
    if (write.op === "DELETE") return;
    if (!write.old) ${at("write.data", c)} = ctx.user.id;
    else delete ${at("write.data", c)};
  },
`);
    },
  },
  {
    id: "locked", title: "Nothing changes after it is done", about: "Refuses changes to rows that are finished.", ofTable: true,
    make: (t) => {
      const done = pick(t, ["bool"], /done|completed|closed|locked/);
      const status = pick(t, texts, /status|state/, true);
      const test = done ? `${maybe("write.old", done)}` : status ? `${maybe("write.old", status)} === "done"` : "";
      if (!test) return lacks(t, "column that says whether a row is done (a bool, or status)");
      return hookFile(t, `  beforeWrite(write, ctx) {
    if (${test}) ctx.reject("done", "This is finished and cannot be changed.", { id: write.id });
  },
`);
    },
  },
  {
    id: "guard", title: "A number stays in its bounds", about: "Refuses a number below zero, also after a merge of two devices' changes.", ofTable: true,
    make: (t) => {
      const c = pick(t, numbers, /quantity|count|stock|amount|balance/);
      if (!c) return lacks(t, "number column");
      return hookFile(t, `  beforeWrite(write, ctx) {
    const value = ${maybe("write.data", c)};
    if (typeof value === "number" && value < 0) ctx.reject("negative", ${JSON.stringify(`${c.path} cannot be less than zero.`)}, { value });
  },
  // Counters and other merges are decided after beforeWrite: this sees what would be stored.
  afterWrite(change, ctx) {
    const value = ${maybe("change.new", c)};
    if (typeof value === "number" && value < 0) ctx.reject("negative", ${JSON.stringify(`${c.path} cannot be less than zero.`)}, { value });
  },
`);
    },
  },
  {
    id: "conflict", title: "Decide a conflict field by field", about: "For on_conflict: hook. The device wins, but for one column that keeps what is stored.", ofTable: true,
    make: (t) => {
      const c = pick(t, ["string", ...numbers, "bool", "date"], /status|state|price/);
      if (!c) return lacks(t, "column to decide about");
      return hookFile(t, `  // Called for conflicts when the configuration says on_conflict: hook for this table.
  resolveConflict(conflict, ctx) {
    ctx.log("conflict in", conflict.fields, "of", conflict.write.id);
    if (conflict.fields.length === 1 && conflict.fields[0] === ${JSON.stringify(c.path)}) return "server";
    return { ...conflict.client, ${member(c)}: ${at("conflict.server", c)} };
  },
`);
    },
  },
  {
    id: "soft", title: "Soft delete", about: "Devices mark rows as deleted; real deletions are passed over, and marked rows stay as they are.", ofTable: true,
    make: (t) => {
      const c = pick(t, ["date"], /deleted|archived|removed/, true) ?? pick(t, ["bool"], /deleted|archived|removed/, true);
      if (!c) return lacks(t, "column such as deleted_at (a date)");
      const gone = c.type === "date" ? "null" : "false";
      return hookFile(t, `  beforeWrite(write, ctx) {
    // The row comes back to the device that deleted it: let the app set ${c.path} instead.
    if (write.op === "DELETE") return ctx.drop("rows are marked, not deleted");
    const restored = ${at("write.data", c)} === ${gone};
    if (${maybe("write.old", c)} && !restored) ctx.reject("deleted", "This was deleted.");
  },
`);
    },
  },
  {
    id: "quota", title: "At most so many rows for each user", about: "Counts what is stored, in the same transaction, before another row is made.", ofTable: true,
    make: (t) => {
      const c = pick(t, ids, /owner|user|author|created_by/);
      if (!c) return lacks(t, "column for an id");
      return hookFile(t, `  async beforeWrite(write, ctx) {
    if (write.op !== "PUT" || write.old) return;
    const rows = ctx.db.collection(${JSON.stringify(t.name)});
    if (await rows.count({ ${member(c)}: ctx.user.id }) >= most) ctx.reject("too_many", \`At most \${most} are allowed.\`);
  },
`, "const most = 1000;\n\n");
    },
  },
  {
    id: "webhook", title: "Webhook when something changes", about: "Sends a signed webhook after the commit, at least once. Its receiver is under outbox in the configuration.", ofTable: true,
    make: (t) => hookFile(t, `  afterWrite(change, ctx) {
    if (change.fields.length === 0) return;
    // "crm" is a name under outbox: {crm: {url: ..., secret: {secret: CRM_KEY}}}
    ctx.enqueue("crm", { op: change.op, id: change.id, fields: change.fields, row: change.new });
  },
`),
  },
];

export const templates: Template[] = [...inside, ...outside];
