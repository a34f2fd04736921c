use powersync::schema::{Column, Schema, Table, TrackPreviousValues};

// track_previous_values is what Turnkey sees conflicts by; metadata travels with a write to your hooks.
fn tracked(table: &mut Table) {
    table.options.track_previous_values = Some(TrackPreviousValues::all());
    table.options.track_metadata = true;
    table.options.ignore_empty_updates = true;
}

pub fn app_schema() -> Schema {
    let mut schema = Schema::default();
    schema.tables.push(Table::create(
        "lists",
        vec![
            Column::integer("archived"),
            Column::text("created_at"),
            Column::text("name"),
            Column::text("owner_id"),
            Column::integer("position"),
        ],
        tracked,
    ));
    schema.tables.push(Table::create(
        "todos",
        vec![
            Column::integer("completed"),
            Column::text("completed_at"),
            Column::text("cost"),
            Column::text("created_at"),
            Column::text("description"),
            Column::integer("effort"),
            Column::text("items"),
            Column::text("list_id"),
            Column::text("owner_id"),
            Column::text("place"),
            Column::integer("priority"),
        ],
        tracked,
    ));
    // Filled by Turnkey through the sync streams of the same names; the app only reads them.
    schema.tables.push(Table::create(
        "turnkey_rejections",
        vec![
            Column::text("user_id"),
            Column::text("table_name"),
            Column::text("row_id"),
            Column::text("error_code"),
            Column::text("message"),
            Column::text("hint"),
            Column::text("status"),
            Column::text("created_at"),
        ],
        |_| {},
    ));
    schema.tables.push(Table::create(
        "turnkey_conflicts",
        vec![
            Column::text("user_id"),
            Column::text("table_name"),
            Column::text("row_id"),
            Column::text("client_data"),
            Column::text("server_data"),
            Column::text("status"),
            Column::text("created_at"),
        ],
        |_| {},
    ));
    schema
}
