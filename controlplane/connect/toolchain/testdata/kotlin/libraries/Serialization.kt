// A DOUBLE of kotlinx.serialization's JSON: elements, their readings and builders, under their names and with their
// behaviour (a quoted "false" is a boolean to booleanOrNull, as it is there).
package kotlinx.serialization.json

public sealed class JsonElement

public open class JsonPrimitive internal constructor(public val content: String, public val isString: Boolean) : JsonElement() {
    override fun toString(): String = if (isString) quoted(content) else content
}

public object JsonNull : JsonPrimitive("null", false)

public class JsonObject(private val content: Map<String, JsonElement>) : JsonElement(), Map<String, JsonElement> by content {
    override fun toString(): String = content.entries.joinToString(",", "{", "}") { quoted(it.key) + ":" + it.value }
}

public class JsonArray(private val content: List<JsonElement>) : JsonElement(), List<JsonElement> by content {
    override fun toString(): String = content.joinToString(",", "[", "]")
}

public fun JsonPrimitive(value: String?): JsonPrimitive = value?.let { JsonPrimitive(it, true) } ?: JsonNull

public fun JsonPrimitive(value: Number?): JsonPrimitive = value?.let { JsonPrimitive(it.toString(), false) } ?: JsonNull

public fun JsonPrimitive(value: Boolean?): JsonPrimitive = value?.let { JsonPrimitive(it.toString(), false) } ?: JsonNull

public val JsonElement.jsonPrimitive: JsonPrimitive
    get() = this as? JsonPrimitive ?: throw IllegalArgumentException("Element is not a JsonPrimitive")

public val JsonElement.jsonObject: JsonObject
    get() = this as? JsonObject ?: throw IllegalArgumentException("Element is not a JsonObject")

public val JsonElement.jsonArray: JsonArray
    get() = this as? JsonArray ?: throw IllegalArgumentException("Element is not a JsonArray")

public val JsonPrimitive.contentOrNull: String? get() = if (this === JsonNull) null else content
public val JsonPrimitive.booleanOrNull: Boolean? get() = content.toBooleanStrictOrNull()
public val JsonPrimitive.longOrNull: Long? get() = content.toLongOrNull()

public class JsonObjectBuilder {
    internal val content = linkedMapOf<String, JsonElement>()

    public fun put(key: String, element: JsonElement): JsonElement? = content.put(key, element)
}

public class JsonArrayBuilder {
    internal val content = mutableListOf<JsonElement>()

    public fun add(element: JsonElement): Boolean = content.add(element)
}

public inline fun buildJsonObject(builderAction: JsonObjectBuilder.() -> Unit): JsonObject = JsonObjectBuilder().apply(builderAction).build()

public inline fun buildJsonArray(builderAction: JsonArrayBuilder.() -> Unit): JsonArray = JsonArrayBuilder().apply(builderAction).build()

@PublishedApi internal fun JsonObjectBuilder.build(): JsonObject = JsonObject(content)

@PublishedApi internal fun JsonArrayBuilder.build(): JsonArray = JsonArray(content)

public fun JsonObjectBuilder.put(key: String, value: String?): JsonElement? = put(key, JsonPrimitive(value))

public fun JsonObjectBuilder.put(key: String, value: Number?): JsonElement? = put(key, JsonPrimitive(value))

public fun JsonObjectBuilder.put(key: String, value: Boolean?): JsonElement? = put(key, JsonPrimitive(value))

public inline fun JsonObjectBuilder.putJsonObject(key: String, builderAction: JsonObjectBuilder.() -> Unit): JsonElement? = put(key, buildJsonObject(builderAction))

public inline fun JsonObjectBuilder.putJsonArray(key: String, builderAction: JsonArrayBuilder.() -> Unit): JsonElement? = put(key, buildJsonArray(builderAction))

public inline fun JsonArrayBuilder.addJsonObject(builderAction: JsonObjectBuilder.() -> Unit): Boolean = add(buildJsonObject(builderAction))

public fun JsonArrayBuilder.add(value: String?): Boolean = add(JsonPrimitive(value))

public fun JsonArrayBuilder.add(value: Number?): Boolean = add(JsonPrimitive(value))

public class SerializationException(message: String) : IllegalArgumentException(message)

public object Json {
    public fun parseToJsonElement(string: String): JsonElement = Reader(string).whole()
}

private fun quoted(text: String): String = buildString {
    append('"')
    for (c in text) {
        when {
            c == '"' || c == '\\' -> append('\\').append(c)
            c < ' ' -> append("\\u%04x".format(c.code))
            else -> append(c)
        }
    }
    append('"')
}

private class Reader(private val text: String) {
    private var at = 0

    fun whole(): JsonElement = value().also { if (peek() != null) wrong() }

    private fun wrong(): Nothing = throw SerializationException("Unexpected JSON token at offset $at")

    private fun peek(): Char? {
        while (at < text.length && text[at].isWhitespace()) at++
        return text.getOrNull(at)
    }

    private fun take(c: Char) {
        if (peek() != c) wrong()
        at++
    }

    private fun value(): JsonElement = when (peek()) {
        '{' -> JsonObject(members())
        '[' -> JsonArray(items())
        '"' -> JsonPrimitive(string(), true)
        else -> literal()
    }

    private fun literal(): JsonPrimitive {
        val word = Regex("[-+.0-9a-zA-Z]+").matchAt(text, at)?.value ?: wrong()
        if (word !in setOf("true", "false", "null") && word.toDoubleOrNull() == null) wrong()
        at += word.length
        return if (word == "null") JsonNull else JsonPrimitive(word, false)
    }

    private fun members(): Map<String, JsonElement> {
        val out = linkedMapOf<String, JsonElement>()
        list('{', '}') {
            peek()
            val name = string()
            take(':')
            out[name] = value()
        }
        return out
    }

    private fun items(): List<JsonElement> = mutableListOf<JsonElement>().also { out -> list('[', ']') { out += value() } }

    private fun list(open: Char, close: Char, item: () -> Unit) {
        take(open)
        if (peek() == close) {
            at++
            return
        }
        while (true) {
            item()
            if (peek() == close) break
            take(',')
        }
        at++
    }

    private fun string(): String {
        take('"')
        val out = StringBuilder()
        while (text.getOrElse(at) { wrong() } != '"') {
            val c = text[at++]
            if (c != '\\') {
                out.append(c)
                continue
            }
            when (val e = text[at++]) {
                'n' -> out.append('\n')
                't' -> out.append('\t')
                'r' -> out.append('\r')
                'b' -> out.append('\b')
                'f' -> out.append('\u000c')
                'u' -> out.append(text.substring(at, at + 4).toInt(16).toChar()).also { at += 4 }
                else -> out.append(e)
            }
        }
        at++
        return out.toString()
    }
}
