// A DOUBLE of PowerSync's Kotlin SDK, written for tests from its public interface: what a connector meets of it. It syncs
// nothing.
package com.powersync

import com.powersync.db.SqlCursor
import com.powersync.db.crud.CrudEntry
import com.powersync.db.crud.CrudTransaction
import com.powersync.db.crud.SqliteRow
import com.powersync.db.crud.UpdateType
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** What of the SDK's interface a connector may need. */
public interface PowerSyncDatabase {
    public fun getCrudTransactions(): Flow<CrudTransaction>

    public suspend fun getNextCrudTransaction(): CrudTransaction?

    public suspend fun <RowType : Any> get(sql: String, parameters: List<Any?>? = listOf(), mapper: (SqlCursor) -> RowType): RowType
}

/** A row of the upload queue. */
public class QueueRow(public val id: Int, public val txId: Int, public val data: String)

/** The queue is a list; of SQL it knows the one statement that a connector asks, and refuses any other. */
public class DoubleOfDatabase(public val queue: MutableList<QueueRow>) : PowerSyncDatabase {
    override fun getCrudTransactions(): Flow<CrudTransaction> = flow {
        var last = -1
        while (true) {
            val tx = after(last) ?: break
            last = tx.crud.last().clientId
            emit(tx)
        }
    }

    override suspend fun getNextCrudTransaction(): CrudTransaction? = after(-1)

    private fun after(last: Int): CrudTransaction? {
        val first = queue.firstOrNull { it.id > last } ?: return null
        val rows = queue.dropWhile { it.id <= last }.takeWhile { it.txId == first.txId }
        return CrudTransaction(first.txId, rows.map(::entry)) { queue.removeAll { it.id <= rows.last().id } }
    }

    private fun entry(row: QueueRow): CrudEntry {
        val d = Json.parseToJsonElement(row.data).jsonObject
        val text = { name: String -> d[name]!!.jsonPrimitive.content }
        return CrudEntry(
            text("id"), row.id, UpdateType.valueOf(text("op")), text("type"), row.txId, d["metadata"]?.jsonPrimitive?.content,
            d["data"]?.let { RowOf(it.jsonObject) }, d["old"]?.let { RowOf(it.jsonObject) },
        )
    }

    override suspend fun <RowType : Any> get(sql: String, parameters: List<Any?>?, mapper: (SqlCursor) -> RowType): RowType {
        require(sql == "SELECT powersync_client_id(), (SELECT count(*) FROM ps_crud)") { sql }
        return mapper(CursorOf(listOf("device-1", queue.size.toLong())))
    }
}

private class RowOf(override val jsonValues: JsonObject) : SqliteRow,
    Map<String, String?> by jsonValues.mapValues({ it.value.jsonPrimitive.contentOrNull })

private class CursorOf(private val values: List<Any>) : SqlCursor {
    override fun getLong(index: Int): Long? = values[index] as Long

    override fun getString(index: Int): String? = values[index] as String
}
