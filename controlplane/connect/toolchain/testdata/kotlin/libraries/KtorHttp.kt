// A DOUBLE of Ktor: what HTTP is made of.
package io.ktor.http

public class ContentType private constructor(internal val text: String) {
    public object Application {
        public val Json: ContentType = ContentType("application/json")
    }
}

public class HttpStatusCode(public val value: Int)

public class Headers(private val real: java.net.http.HttpHeaders) {
    public operator fun get(name: String): String? = real.firstValue(name).orElse(null)
}

public interface HttpMessageBuilder {
    public val headerLines: MutableList<Pair<String, String>>
}

public fun HttpMessageBuilder.contentType(type: ContentType) {
    headerLines += "Content-Type" to type.text
}
