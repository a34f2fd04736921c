
// ---- your tables, from the configuration ----

/** A row of public.customers. What the configuration does not declare is not listed: (row as any).name has it. */
type CustomersRow = {
  /** The key. A UUID. */
  id: string;
  name: string | null;
};
/** What devices send of a row of public.customers. */
type CustomersColumns = {
  name?: string | null;
};
/** A row of shop.purchase_orders. What the configuration does not declare is not listed: (row as any).name has it. */
type OrdersRow = {
  /** The key. A whole number; text beyond Number.MAX_SAFE_INTEGER. */
  order_no: number;
  lines: any;
  /** A date: ISO 8601 text in UTC. */
  "placed-at": string | null;
  /** A decimal number, as text. */
  total: string | null;
};
/** What devices send of a row of shop.purchase_orders. */
type OrdersColumns = {
  lines?: any;
  /** A date: ISO 8601 text in UTC. */
  get "placed-at"(): string | null | undefined;
  set "placed-at"(value: string | Date | null | undefined);
  /** A decimal number, as text. */
  total?: string | null;
};
/** A row of public.customers. What the configuration does not declare is not listed: (row as any).name has it. */
type PeopleRow = {
  /** The key. A UUID. */
  id: string;
  name: string | null;
};
/** What devices send of a row of public.customers. */
type PeopleColumns = {
  name?: string | null;
};
interface Tables {
  customers: CustomersRow;
  orders: OrdersRow;
  people: PeopleRow;
}
interface Columns {
  customers: CustomersColumns;
  orders: OrdersColumns;
  people: PeopleColumns;
}
interface StoredAs {
  purchase_orders: "orders";
  "shop.purchase_orders": "orders";
}
