import { column, Schema, Table } from '@powersync/node';

// trackPrevious is what Turnkey sees conflicts by; metadata travels with a write to your hooks.
const tracked = { trackPrevious: true, trackMetadata: true, ignoreEmptyUpdates: true };

export const AppSchema = new Schema({
  notes: new Table(
    {
      author: column.text,
      text: column.text
    },
    tracked
  ),
  'order-lines': new Table(
    {
      city: column.text,
      customer: column.text,
      price: column.text,
      product: column.text,
      quantity: column.integer,
      weight: column.real
    },
    tracked
  ),
  products: new Table(
    {
      active: column.integer,
      name: column.text
    },
    tracked
  ),
  // Filled by Turnkey through the sync streams of the same names; the app only reads them.
  turnkey_rejections: new Table({
    user_id: column.text,
    table_name: column.text,
    row_id: column.text,
    error_code: column.text,
    message: column.text,
    hint: column.text,
    status: column.text,
    created_at: column.text
  }),
  turnkey_conflicts: new Table({
    user_id: column.text,
    table_name: column.text,
    row_id: column.text,
    client_data: column.text,
    server_data: column.text,
    status: column.text,
    created_at: column.text
  })
});

export type Database = (typeof AppSchema)['types'];
