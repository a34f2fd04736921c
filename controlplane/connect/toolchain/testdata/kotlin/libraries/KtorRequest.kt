// A DOUBLE of Ktor's client: requests.
package io.ktor.client.request

import io.ktor.client.HttpClient
import io.ktor.client.statement.HttpResponse
import io.ktor.http.HttpMessageBuilder

public class HttpRequestBuilder : HttpMessageBuilder {
    override val headerLines: MutableList<Pair<String, String>> = mutableListOf()
    internal var body = ""
}

public fun HttpRequestBuilder.header(key: String, value: Any?) {
    value?.let { headerLines += key to it.toString() }
}

public fun HttpRequestBuilder.setBody(body: Any?) {
    this.body = body as String // any other would need a plugin
}

public suspend fun HttpClient.post(urlString: String, block: HttpRequestBuilder.() -> Unit = {}): HttpResponse {
    val request = HttpRequestBuilder().apply(block)
    return HttpResponse(send(urlString, request.headerLines, request.body))
}
