import PowerSync

// trackPreviousValues is what Turnkey sees conflicts by; metadata travels with a write to your hooks.
let AppSchema = Schema(tables: [
    Table(
        name: "notes",
        columns: [
            .text("author"),
            .text("text"),
        ],
        trackMetadata: true,
        trackPreviousValues: TrackPreviousValuesOptions(),
        ignoreEmptyUpdates: true
    ),
    Table(
        name: "order-lines",
        columns: [
            .text("city"),
            .text("customer"),
            .text("price"),
            .text("product"),
            .integer("quantity"),
            .real("weight"),
        ],
        trackMetadata: true,
        trackPreviousValues: TrackPreviousValuesOptions(),
        ignoreEmptyUpdates: true
    ),
    Table(
        name: "products",
        columns: [
            .integer("active"),
            .text("name"),
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
