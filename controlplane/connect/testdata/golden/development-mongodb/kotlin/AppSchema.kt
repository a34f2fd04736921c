import com.powersync.db.schema.Column
import com.powersync.db.schema.Schema
import com.powersync.db.schema.Table
import com.powersync.db.schema.TrackPreviousValuesOptions

// trackPreviousValues is what Turnkey sees conflicts by; metadata travels with a write to your hooks.
val AppSchema = Schema(
    listOf(
        Table(
            name = "lists",
            columns = listOf(
                Column.integer("archived"),
                Column.text("created_at"),
                Column.text("name"),
                Column.text("owner_id"),
                Column.integer("position"),
            ),
            trackPreviousValues = TrackPreviousValuesOptions(),
            trackMetadata = true,
            ignoreEmptyUpdates = true,
        ),
        Table(
            name = "todos",
            columns = listOf(
                Column.integer("completed"),
                Column.text("completed_at"),
                Column.text("cost"),
                Column.text("created_at"),
                Column.text("description"),
                Column.integer("effort"),
                Column.text("items"),
                Column.text("list_id"),
                Column.text("owner_id"),
                Column.text("place"),
                Column.integer("priority"),
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
