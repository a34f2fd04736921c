import com.powersync.db.schema.Column
import com.powersync.db.schema.Schema
import com.powersync.db.schema.Table
import com.powersync.db.schema.TrackPreviousValuesOptions

// trackPreviousValues is what Turnkey sees conflicts by; metadata travels with a write to your hooks.
val AppSchema = Schema(
    listOf(
        Table(
            name = "notes",
            columns = listOf(
                Column.text("author"),
                Column.text("text"),
            ),
            trackPreviousValues = TrackPreviousValuesOptions(),
            trackMetadata = true,
            ignoreEmptyUpdates = true,
        ),
        Table(
            name = "order-lines",
            columns = listOf(
                Column.text("city"),
                Column.text("customer"),
                Column.text("price"),
                Column.text("product"),
                Column.integer("quantity"),
                Column.real("weight"),
            ),
            trackPreviousValues = TrackPreviousValuesOptions(),
            trackMetadata = true,
            ignoreEmptyUpdates = true,
        ),
        Table(
            name = "products",
            columns = listOf(
                Column.integer("active"),
                Column.text("name"),
            ),
            trackPreviousValues = TrackPreviousValuesOptions(),
            trackMetadata = true,
            ignoreEmptyUpdates = true,
        ),
        // Filled by Turnkey through the sync streams of the same names; the app only reads them.
        Table(
            name = "turnkey_rejections",
            columns = listOf(
                Column.text("user_id"),
                Column.text("table_name"),
                Column.text("row_id"),
                Column.text("error_code"),
                Column.text("message"),
                Column.text("hint"),
                Column.text("status"),
                Column.text("created_at"),
            ),
        ),
        Table(
            name = "turnkey_conflicts",
            columns = listOf(
                Column.text("user_id"),
                Column.text("table_name"),
                Column.text("row_id"),
                Column.text("client_data"),
                Column.text("server_data"),
                Column.text("status"),
                Column.text("created_at"),
            ),
        ),
    ),
)
