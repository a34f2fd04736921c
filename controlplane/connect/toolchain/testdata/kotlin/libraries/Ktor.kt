// A DOUBLE of Ktor's client, over java.net.http: the calls that a connector makes, under their names.
package io.ktor.client

import io.ktor.client.plugins.HttpTimeout
import java.net.URI
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.time.Duration

public class HttpClientConfig {
    internal val timeout = HttpTimeout.Config()

    public fun install(plugin: HttpTimeout, configure: HttpTimeout.Config.() -> Unit) {
        check(plugin === HttpTimeout)
        timeout.configure()
    }
}

public class HttpClient(block: HttpClientConfig.() -> Unit = {}) {
    private val config = HttpClientConfig().apply(block)
    private val real = java.net.http.HttpClient.newHttpClient()

    internal fun send(url: String, headers: List<Pair<String, String>>, body: String): java.net.http.HttpResponse<String> {
        val request = HttpRequest.newBuilder(URI.create(url)).POST(HttpRequest.BodyPublishers.ofString(body))
        config.timeout.requestTimeoutMillis?.let { request.timeout(Duration.ofMillis(it)) }
        headers.forEach { (name, value) -> request.header(name, value) }
        return real.send(request.build(), BodyHandlers.ofString())
    }
}
