import PowerSync

// trackPreviousValues is what Turnkey sees conflicts by; metadata travels with a write to your hooks.
let AppSchema = Schema(tables: [
    Table(
        name: "lists",
        columns: [
            .integer("archived"),
            .text("created_at"),
            .text("name"),
            .text("owner_id"),
            .integer("position"),
        ],
        trackMetadata: true,
        trackPreviousValues: TrackPreviousValuesOptions(),
        ignoreEmptyUpdates: true
    ),
    Table(
        name: "todos",
        columns: [
            .integer("completed"),
            .text("completed_at"),
            .text("cost"),
            .text("created_at"),
            .text("description"),
            .integer("effort"),
            .text("items"),
            .text("list_id"),
            .text("owner_id"),
            .text("place"),
            .integer("priority"),
        ],
        trackMetadata: true,
        trackPreviousValues: TrackPreviousValuesOptions(),
        ignoreEmptyUpdates: true
    ),
    // Filled by Turnkey through the sync streams of the same names; the app only reads them.
    Table(
        name: "turnkey_rejections",
        columns: [
            .text("user_id"),
            .text("table_name"),
            .text("row_id"),
            .text("error_code"),
            .text("message"),
            .text("hint"),
            .text("status"),
            .text("created_at"),
        ]
    ),
    Table(
        name: "turnkey_conflicts",
        columns: [
            .text("user_id"),
            .text("table_name"),
            .text("row_id"),
            .text("client_data"),
            .text("server_data"),
            .text("status"),
            .text("created_at"),
        ]
    ),
])
