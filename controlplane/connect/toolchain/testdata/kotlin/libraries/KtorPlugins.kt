// A DOUBLE of Ktor's client: its timeouts.
package io.ktor.client.plugins

public object HttpTimeout {
    public class Config {
        public var requestTimeoutMillis: Long? = null
    }
}
