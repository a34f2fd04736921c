import { column, Schema, Table } from '@powersync/node';

// trackPrevious is what Turnkey sees conflicts by; metadata travels with a write to your hooks.
const tracked = { trackPrevious: true, trackMetadata: true, ignoreEmptyUpdates: true };

export const AppSchema = new Schema({
  lists: new Table(
    {
      archived: column.integer,
      created_at: column.text,
      name: column.text,
      owner_id: column.text,
      position: column.integer
    },
    tracked
  ),
  todos: new Table(
    {
      completed: column.integer,
      completed_at: column.text,
      cost: column.text,
      created_at: column.text,
      description: column.text,
      effort: column.integer,
      items: column.text,
      list_id: column.text,
      owner_id: column.text,
      place: column.text,
      priority: column.integer
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
