
// ---- your tables, from the configuration ----

/** A row of lists. */
type ListsRow = {
  /** The key. A UUID. */
  _id: string;
  /** A date: ISO 8601 text in UTC. */
  archived_at: string | null;
  name: string | null;
  [field: string]: any;
};
/** What devices send of a row of lists. */
type ListsColumns = {
  /** A date: ISO 8601 text in UTC. */
  get archived_at(): string | null | undefined;
  set archived_at(value: string | Date | null | undefined);
  name?: string | null;
  [field: string]: any;
};
/** A row of Todos. What the configuration does not declare is not listed: (row as any).name has it. */
type TodosRow = {
  /** The key. An ObjectId, as 24 hexadecimal digits. */
  _id: string;
  address: { city?: string | null; zip?: any; [field: string]: any } | null;
  anything: any;
  /** A date: ISO 8601 text in UTC. */
  created_at: string | null;
  description: string | null;
  done: boolean | null;
  extra: any;
  items: { done?: boolean | null; due?: string | null; product_id?: string | null; [field: string]: any }[] | null;
  /** What devices send for it is ignored. */
  note: any;
  /** An ObjectId, as 24 hexadecimal digits. The client's column owner. Cannot be changed once it is set. */
  owner_id: string | null;
  /** Bytes, as base64. */
  photo: string | null;
  /** A decimal number, as text. */
  price: string | null;
  /** A whole number; text beyond Number.MAX_SAFE_INTEGER. Merged by counter. */
  quantity: number | null;
  settings: { "font size"?: number | null; theme?: string | null; [field: string]: any } | null;
  /** done may become nothing else. open may become done, cancelled. */
  status: string | null;
  /** Merged by set. */
  tags: string[] | null;
};
/** What devices send of a row of Todos. */
type TodosColumns = {
  address?: { city?: string | null; zip?: any } | null;
  anything?: any;
  /** A date: ISO 8601 text in UTC. */
  get created_at(): string | null | undefined;
  set created_at(value: string | Date | null | undefined);
  description?: string | null;
  done?: boolean | null;
  extra?: any;
  items?: { done?: boolean | null; due?: string | null; product_id?: string | null; [field: string]: any }[] | null;
  /** An ObjectId, as 24 hexadecimal digits. The client's column owner. Cannot be changed once it is set. */
  owner_id?: string | null;
  /** Bytes, as base64. */
  photo?: string | null;
  /** A decimal number, as text. */
  price?: string | null;
  /** A whole number; text beyond Number.MAX_SAFE_INTEGER. Merged by counter. */
  quantity?: number | null;
  settings?: { "font size"?: number | null; theme?: string | null; [field: string]: any } | null;
  /** done may become nothing else. open may become done, cancelled. */
  status?: string | null;
  /** Merged by set. */
  tags?: string[] | null;
};
interface Tables {
  lists: ListsRow;
  todos: TodosRow;
}
interface Columns {
  lists: ListsColumns;
  todos: TodosColumns;
}
interface StoredAs {
  Todos: "todos";
}
