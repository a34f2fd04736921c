// A DOUBLE of PowerSync's Kotlin SDK: what an app implements.
package com.powersync.connectors

import com.powersync.PowerSyncDatabase

public data class PowerSyncCredentials(val endpoint: String, val token: String)

public abstract class PowerSyncBackendConnector {
    public abstract suspend fun fetchCredentials(): PowerSyncCredentials?

    public abstract suspend fun uploadData(database: PowerSyncDatabase)
}
