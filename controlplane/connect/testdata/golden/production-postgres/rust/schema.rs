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
        "notes",
        vec![
            Column::text("author"),
            Column::text("text"),
        ],
        tracked,
    ));
    schema.tables.push(Table::create(
        "order-lines",
        vec![
            Column::text("city"),
            Column::text("customer"),
            Column::text("price"),
            Column::text("product"),
            Column::integer("quantity"),
            Column::real("weight"),
        ],
        tracked,
    ));
    schema.tables.push(Table::create(
        "products",
        vec![
            Column::integer("active"),
            Column::text("name"),
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
