import com.powersync.PowerSyncDatabase
import com.powersync.connectors.PowerSyncBackendConnector
import com.powersync.connectors.PowerSyncCredentials
import com.powersync.db.crud.CrudTransaction
import io.ktor.client.HttpClient
import io.ktor.client.plugins.HttpTimeout
import io.ktor.client.request.header
import io.ktor.client.request.post
import io.ktor.client.request.setBody
import io.ktor.client.statement.HttpResponse
import io.ktor.client.statement.bodyAsText
import io.ktor.http.ContentType
import io.ktor.http.contentType
import kotlin.time.Duration.Companion.seconds
import kotlin.time.ExperimentalTime
import kotlin.time.Instant
import kotlin.time.Clock
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.transformWhile
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.booleanOrNull
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.longOrNull
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject
import kotlinx.serialization.json.addJsonObject

private const val TURNKEY_URL = "http://localhost:8080/i/todo-x1"

/** A write that the server refused for good. It has left the queue; the server keeps it. */
data class RejectedWrite(val transaction: CrudTransaction, val code: String, val message: String, val rejectionId: String?)

class TurnkeyException(message: String, val status: Int? = null, val code: String? = null) : Exception(message)

/**
 * Connects PowerSync to Turnkey: exchanges tokens, uploads whole transactions, never sticks on a refused write.
 *
 * [getToken] gives the signed-in user's token of your own sign-in, null when nobody is signed in.
 * On this development instance [developmentUser] is that user, without any sign-in.
 */
@OptIn(ExperimentalTime::class)
class TurnkeyConnector(
    private val getToken: (suspend () -> String?)? = null,
    private val developmentUser: String? = null,
    private val onRejected: suspend (RejectedWrite) -> Unit = {},
    private val http: HttpClient = HttpClient { install(HttpTimeout) { requestTimeoutMillis = 30_000 } },
) : PowerSyncBackendConnector() {
    // server: your own server asks for the token with its API key: POST /token {"user_id": "..."}; getToken is for the other providers
    private class Token(val token: String, val endpoint: String, val expiresAt: Instant?)

    private val exchanging = Mutex()
    private var cached: Token? = null
    private var lastError: String? = null

    override suspend fun fetchCredentials(): PowerSyncCredentials? {
        cached = null
        return current()?.let { PowerSyncCredentials(endpoint = it.endpoint, token = it.token) }
    }

    override suspend fun uploadData(database: PowerSyncDatabase) {
        try {
            while (uploadOnce(database)) { /* until nothing is left */ }
            lastError = null
        } catch (e: Exception) {
            lastError = e.message
            throw e // PowerSync keeps the queue and tries again
        }
    }

    /** One request; true when there may be more to do. */
    private suspend fun uploadOnce(database: PowerSyncDatabase): Boolean {
        var transactions = 0
        var operations = 0
        val batch = database.getCrudTransactions().transformWhile {
            emit(it)
            transactions += 1
            operations += it.crud.size
            transactions < MAX_TRANSACTIONS && operations < MAX_OPERATIONS
        }.toList()
        if (batch.isEmpty()) return false
        val (id, queued) = database.get("SELECT powersync_client_id(), (SELECT count(*) FROM ps_crud)") {
            Pair(it.getString(0)!!, it.getLong(1)!!)
        }
        val answer = send(
            buildJsonObject {
                putJsonObject("client") {
                    put("id", id)
                    put("sdk", "turnkey-kotlin")
                    put("queue_count", queued)
                    lastError?.let { put("last_error", it) }
                }
                putJsonArray("transactions") { batch.forEach { add(wire(it)) } }
            },
        )
        if (answer.status.value != 200) {
            pause((answer.headers["Retry-After"]?.toLongOrNull() ?: 0) * 1000)
            throw problem("The upload was not accepted", answer)
        }
        return settle(batch, results(answer.bodyAsText(), batch.size))
    }

    private fun wire(tx: CrudTransaction) = buildJsonObject {
        tx.transactionId?.let { put("transaction_id", it) }
        putJsonArray("crud") {
            tx.crud.forEach { e ->
                addJsonObject {
                    put("op", e.op.toJson())
                    put("table", e.table)
                    put("id", e.id)
                    put("op_id", e.clientId)
                    e.transactionId?.let { put("transaction_id", it) }
                    e.opData?.let { put("op_data", it.jsonValues) }
                    e.previousValues?.let { put("previous_values", it.jsonValues) }
                    e.metadata?.let { put("metadata", it) }
                }
            }
        }
    }

    /** Completing a transaction completes everything before it, so only a settled prefix is completed, once. */
    private suspend fun settle(batch: List<CrudTransaction>, results: List<JsonObject>): Boolean {
        var settled: CrudTransaction? = null
        var stopped: JsonObject? = null
        val rejected = mutableListOf<RejectedWrite>()
        for ((tx, r) in batch.zip(results)) {
            val status = r.text("status")
            if (status == "fatal_error" && r.flag("requires_client_handling") == false) {
                val failed = r["failed_operation"] as JsonObject
                val message = failed.text("message") ?: r.text("message") ?: "The write was refused."
                rejected += RejectedWrite(tx, failed.text("error_code")!!, message, r.text("rejection_id"))
            } else if (status != "success") {
                stopped = r // waits for the app, for a later try, or was not attempted
                break
            }
            settled = tx
        }
        settled?.complete(null)
        tell(rejected)
        if (stopped != null && (stopped.text("status") != "not_attempted" || settled == null)) {
            pause(stopped["retry_after_ms"]?.jsonPrimitive?.longOrNull ?: 0)
            throw TurnkeyException(stopped.text("message") ?: "The server asks to try again later", 200)
        }
        return true
    }

    /** Tells of every refused write: they have left the queue, so one that the app fails on must not hide the others. */
    private suspend fun tell(rejected: List<RejectedWrite>) {
        val failures = rejected.mapNotNull { runCatching { onRejected(it) }.exceptionOrNull() }
        failures.firstOrNull()?.let { throw it }
    }

    /** An answer that is not exactly what the contract promises must never complete a transaction. */
    private fun results(body: String, sent: Int): List<JsonObject> {
        val list = ((Json.parseToJsonElement(body) as? JsonObject)?.get("results") as? JsonArray)?.filterIsInstance<JsonObject>()
        val known = setOf("success", "retryable_error", "fatal_error", "not_attempted")
        val good = list.orEmpty().size == sent && list.orEmpty().all {
            it.text("status") in known && (it.text("status") != "fatal_error" ||
                it.flag("requires_client_handling") != null && (it["failed_operation"] as? JsonObject)?.text("error_code") != null)
        }
        if (list == null || !good) throw TurnkeyException("Malformed answer", 200, "malformed_answer")
        return list
    }

    /** Sends with the current token; a refused one is replaced once. */
    private suspend fun send(body: JsonObject): HttpResponse {
        val t = current() ?: throw TurnkeyException("Nobody is signed in, so nothing can be uploaded", code = "signed_out")
        val answer = post("/api/data", t.token, body)
        if (answer.status.value != 401) return answer
        if (cached === t) cached = null
        val next = current() ?: return answer
        return post("/api/data", next.token, body)
    }

    /** One exchange at a time, whoever asks. */
    private suspend fun current(): Token? = exchanging.withLock {
        cached?.takeIf { it.expiresAt == null || it.expiresAt > Clock.System.now() + 20.seconds } ?: exchange()
    }

    private suspend fun exchange(): Token? {
        cached = null
        val bearer = if (developmentUser != null) null else getToken?.invoke() ?: return null
        val answer = post("/token", bearer, buildJsonObject { developmentUser?.let { put("user_id", it) } })
        if (answer.status.value != 200) throw problem("No token", answer)
        val b = Json.parseToJsonElement(answer.bodyAsText()) as JsonObject
        val expires = b.text("expires_at")?.let { Instant.parseOrNull(it) }
        return Token(b.text("token")!!, b.text("powersync_url")!!.trimEnd('/'), expires).also { cached = it }
    }

    private suspend fun post(path: String, bearer: String?, body: JsonObject): HttpResponse = http.post(TURNKEY_URL + path) {
        contentType(ContentType.Application.Json)
        bearer?.let { header("Authorization", "Bearer $it") }
        setBody(body.toString())
    }

    private suspend fun problem(what: String, answer: HttpResponse): TurnkeyException {
        val b = runCatching { Json.parseToJsonElement(answer.bodyAsText()) as? JsonObject }.getOrNull()
        return TurnkeyException("$what: ${b?.text("detail") ?: b?.text("message") ?: "HTTP ${answer.status.value}"}", answer.status.value, b?.text("code"))
    }

    private suspend fun pause(ms: Long) = delay(ms.coerceIn(0, 60_000))

    private fun JsonObject.text(name: String): String? = (get(name) as? JsonPrimitive)?.contentOrNull

    /** A quoted "false" is none. */
    private fun JsonObject.flag(name: String): Boolean? = (get(name) as? JsonPrimitive)?.takeUnless { it.isString }?.booleanOrNull

    private companion object {
        const val MAX_TRANSACTIONS = 50
        const val MAX_OPERATIONS = 1000
    }
}
