using System.Collections.Generic;
using PowerSync.Common.DB.Schema;

public static class AppSchema
{
    public static readonly Schema Schema = new Schema(
        new Table("lists", new Dictionary<string, ColumnType>
        {
            ["archived"] = ColumnType.Integer,
            ["created_at"] = ColumnType.Text,
            ["name"] = ColumnType.Text,
            ["owner_id"] = ColumnType.Text,
            ["position"] = ColumnType.Integer,
        }, Tracked()),
        new Table("todos", new Dictionary<string, ColumnType>
        {
            ["completed"] = ColumnType.Integer,
            ["completed_at"] = ColumnType.Text,
            ["cost"] = ColumnType.Text,
            ["created_at"] = ColumnType.Text,
            ["description"] = ColumnType.Text,
            ["effort"] = ColumnType.Integer,
            ["items"] = ColumnType.Text,
            ["list_id"] = ColumnType.Text,
            ["owner_id"] = ColumnType.Text,
            ["place"] = ColumnType.Text,
            ["priority"] = ColumnType.Integer,
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
