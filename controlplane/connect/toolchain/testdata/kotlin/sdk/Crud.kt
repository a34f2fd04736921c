// A DOUBLE of PowerSync's Kotlin SDK: the upload queue's types.
package com.powersync.db.crud

import kotlinx.serialization.json.JsonObject

public enum class UpdateType {
    PUT,
    PATCH,
    DELETE,
    ;

    public fun toJson(): String = name
}

public interface SqliteRow : Map<String, String?> {
    public val jsonValues: JsonObject
}

public data class CrudEntry(
    val id: String,
    val clientId: Int,
    val op: UpdateType,
    val table: String,
    val transactionId: Int?,
    val metadata: String? = null,
    val opData: SqliteRow?,
    val previousValues: SqliteRow? = null,
)

public data class CrudTransaction(
    val transactionId: Int?,
    val crud: List<CrudEntry>,
    val complete: suspend (writeCheckpoint: String?) -> Unit,
)
