// A DOUBLE of PowerSync's Kotlin SDK: the schema's types.
package com.powersync.db.schema

public enum class ColumnType { TEXT, INTEGER, REAL }

public data class Column(val name: String, val type: ColumnType) {
    public companion object {
        public fun text(name: String): Column = Column(name, ColumnType.TEXT)

        public fun integer(name: String): Column = Column(name, ColumnType.INTEGER)

        public fun real(name: String): Column = Column(name, ColumnType.REAL)
    }
}

public data class Index(val name: String)

public data class TrackPreviousValuesOptions(val columnFilter: List<String>? = null, val onlyWhenChanged: Boolean = false)

public sealed interface BaseTable {
    public val name: String
}

public data class Table(
    override var name: String,
    var columns: List<Column>,
    var indexes: List<Index> = listOf(),
    val localOnly: Boolean = false,
    val insertOnly: Boolean = false,
    val trackMetadata: Boolean = false,
    val trackPreviousValues: TrackPreviousValuesOptions? = null,
    val ignoreEmptyUpdates: Boolean = false,
) : BaseTable

public class Schema(public val tables: List<BaseTable>) {
    public constructor(vararg tables: BaseTable) : this(tables.asList())
}
