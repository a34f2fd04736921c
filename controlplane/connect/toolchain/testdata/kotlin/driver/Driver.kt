// Plays scenarios, one a line, and says what the connector concluded, one a line.
import com.powersync.DoubleOfDatabase
import com.powersync.QueueRow
import com.powersync.db.schema.Table
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.add
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray

fun main() {
    check(AppSchema.tables.count { it is Table && it.trackMetadata && it.ignoreEmptyUpdates && it.trackPreviousValues != null } == AppSchema.tables.size - 2)
    while (true) {
        val line = readlnOrNull() ?: return
        println(runBlocking { play(Json.parseToJsonElement(line).jsonObject) })
    }
}

private fun JsonElement?.text(): String = this!!.jsonPrimitive.content

private suspend fun play(order: JsonObject): JsonObject {
    val queue = order["queue"]!!.jsonArray.map { it.jsonObject }.map { QueueRow(it["id"].text().toInt(), it["tx_id"].text().toInt(), it["data"].text()) }
    val database = DoubleOfDatabase(queue.toMutableList())
    val user = order["user"].text()
    val token = order["token"].text()
    val rejected = mutableListOf<String>()
    val tell: suspend (RejectedWrite) -> Unit = { rejected += "${it.code}|${it.message}|${it.rejectionId ?: ""}" }
    val connector = if (user != "") TurnkeyConnector(developmentUser = user, onRejected = tell) else TurnkeyConnector(getToken = { token.ifEmpty { null } }, onRejected = tell)
    return buildJsonObject {
        putJsonArray("steps") {
            for (step in order["steps"]!!.jsonArray) {
                addJsonObject {
                    put("error", JsonNull)
                    try {
                        if (step.text() == "credentials") {
                            connector.fetchCredentials()?.let {
                                put("endpoint", it.endpoint)
                                put("token", it.token)
                            }
                        } else {
                            connector.uploadData(database)
                        }
                    } catch (e: Exception) {
                        put("error", e.message ?: e.toString())
                    }
                    putJsonArray("left") { database.queue.forEach { add(it.id) } }
                }
            }
        }
        putJsonArray("rejected") { rejected.forEach { add(it) } }
    }
}
