using System.Collections.Generic;
using PowerSync.Common.DB.Schema;

public static class AppSchema
{
    public static readonly Schema Schema = new Schema(
        new Table("notes", new Dictionary<string, ColumnType>
        {
            ["author"] = ColumnType.Text,
            ["text"] = ColumnType.Text,
        }, Tracked()),
        new Table("order-lines", new Dictionary<string, ColumnType>
        {
            ["city"] = ColumnType.Text,
            ["customer"] = ColumnType.Text,
            ["price"] = ColumnType.Text,
            ["product"] = ColumnType.Text,
            ["quantity"] = ColumnType.Integer,
            ["weight"] = ColumnType.Real,
        }, Tracked()),
        new Table("products", new Dictionary<string, ColumnType>
        {
            ["active"] = ColumnType.Integer,
            ["name"] = ColumnType.Text,
        }, Tracked()),
        // Filled by Turnkey through the sync streams of the same names; the app only reads them.
        new Table("turnkey_rejections", new Dictionary<string, ColumnType>
        {
            ["user_id"] = ColumnType.Text,
            ["table_name"] = ColumnType.Text,
            ["row_id"] = ColumnType.Text,
            ["error_code"] = ColumnType.Text,
            ["message"] = ColumnType.Text,
            ["hint"] = ColumnType.Text,
            ["status"] = ColumnType.Text,
            ["created_at"] = ColumnType.Text,
        }),
        new Table("turnkey_conflicts", new Dictionary<string, ColumnType>
        {
            ["user_id"] = ColumnType.Text,
            ["table_name"] = ColumnType.Text,
            ["row_id"] = ColumnType.Text,
            ["client_data"] = ColumnType.Text,
            ["server_data"] = ColumnType.Text,
            ["status"] = ColumnType.Text,
            ["created_at"] = ColumnType.Text,
        }));

    // TrackPreviousValues is what Turnkey sees conflicts by; metadata travels with a write to your hooks.
    private static TableOptions Tracked()
    {
        return new TableOptions(trackMetadata: true, trackPreviousValues: new TrackPreviousOptions(), ignoreEmptyUpdates: true);
    }
}
