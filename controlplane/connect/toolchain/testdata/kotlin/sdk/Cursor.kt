// A DOUBLE of PowerSync's Kotlin SDK: a row that a query found.
package com.powersync.db

public interface SqlCursor {
    public fun getLong(index: Int): Long?

    public fun getString(index: Int): String?
}
