// A DOUBLE of Ktor's client: answers.
package io.ktor.client.statement

import io.ktor.http.Headers
import io.ktor.http.HttpStatusCode

public class HttpResponse(internal val real: java.net.http.HttpResponse<String>) {
    public val status: HttpStatusCode = HttpStatusCode(real.statusCode())
    public val headers: Headers = Headers(real.headers())
}

public suspend fun HttpResponse.bodyAsText(): String = real.body()
