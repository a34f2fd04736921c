import type { Column, Table } from "../../src/pages/instance/hooks/template";

function column(name: string, type?: string, more: Partial<Column> = {}): Column {
  return { name, path: name, ...(type ? { type } : {}), immutable: false, ignored: false, merge: "last_write", ...more };
}

/** The tables of runtime/hook/typescript/testdata/mongodb.yaml, as the API lists them. */
export const todos: Table = {
  name: "todos", stored_as: "Todos", key: "_id", id_type: "objectid", unknown_fields: "reject", on_conflict: "merge", deletes: "win",
  columns: [
    column("anything"),
    column("city", "string", { path: "address.city" }),
    column("created_at", "date"),
    column("description", "string"),
    column("done", "bool"),
    column("extra", "json"),
    column("items", "array", { of: { type: "array", element: { type: "object", members: { product_id: { type: "objectid" }, due: { type: "date" }, done: { type: "bool" } } } } }),
    column("note", undefined, { ignored: true }),
    column("owner", "objectid", { path: "owner_id", immutable: true }),
    column("photo", "binary"),
    column("price", "decimal"),
    column("quantity", "int64", { merge: "counter" }),
    column("settings", "object", { of: { type: "object", members: { theme: { type: "string" } } } }),
    column("status", "string", { transitions: { open: ["done", "cancelled"], done: [] } }),
    column("tags", "array", { of: { type: "array", element: { type: "string" } }, merge: "set" }),
    column("zip", undefined, { path: "address.zip" }),
  ],
};

export const lists: Table = {
  name: "lists", stored_as: "lists", key: "_id", id_type: "uuid", unknown_fields: "keep", on_conflict: "last_write", deletes: "win",
  columns: [column("archived_at", "date"), column("name", "string")],
};
