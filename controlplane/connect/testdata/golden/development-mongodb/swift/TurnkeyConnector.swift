import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif
import PowerSync

private let turnkeyURL = "http://localhost:8080/i/todo-x1"

/// A write that the server refused for good. It has left the queue; the server keeps it.
public struct RejectedWrite: Sendable {
    public let code: String
    public let message: String
    public let rejectionId: String?
    public let transactionId: Int64?
}

public struct TurnkeyError: Error {
    public let message: String
    public var status: Int?
    public var code: String?
}

/// Connects PowerSync to Turnkey: exchanges tokens, uploads whole transactions, never sticks on a refused write.
public actor TurnkeyConnector: PowerSyncBackendConnectorProtocol {
    private struct Token { let token: String; let endpoint: String; let expiresAt: Date? }

    private let getToken: (@Sendable () async throws -> String?)?
    private let developmentUser: String?
    private let onRejected: @Sendable (RejectedWrite) async -> Void
    private var cached: Token?
    private var pending: Task<Token?, Error>?
    private var lastError: String?

    /// `getToken` gives the signed-in user's token of your own sign-in, nil when nobody is signed in.
    /// server: your own server asks for the token with its API key: POST /token {"user_id": "..."}; getToken is for the other providers
    public init(getToken: @escaping @Sendable () async throws -> String?, onRejected: @escaping @Sendable (RejectedWrite) async -> Void = { _ in }) {
        self.getToken = getToken
        self.developmentUser = nil
        self.onRejected = onRejected
    }

    /// This is a development instance: be that user, without any sign-in.
    public init(developmentUser: String, onRejected: @escaping @Sendable (RejectedWrite) async -> Void = { _ in }) {
        self.getToken = nil
        self.developmentUser = developmentUser
        self.onRejected = onRejected
    }

    public func fetchCredentials() async throws -> PowerSyncCredentials? {
        guard let t = try await fresh() else { return nil }
        return PowerSyncCredentials(endpoint: t.endpoint, token: t.token)
    }

    public func uploadData(database: PowerSyncDatabaseProtocol) async throws {
        do {
            while try await uploadOnce(database) {}
            lastError = nil
        } catch {
            lastError = String(describing: error)
            throw error // PowerSync keeps the queue and tries again
        }
    }

    /// One request; true when there may be more to do.
    private func uploadOnce(_ database: PowerSyncDatabaseProtocol) async throws -> Bool {
        var batch: [any CrudTransaction] = []
        var operations = 0
        for try await tx in database.getCrudTransactions() {
            batch.append(tx)
            operations += tx.crud.count
            if batch.count >= 50 || operations >= 1000 { break }
        }
        guard let first = batch.first?.crud.first, let last = batch.last?.crud.last else { return false }
        // The queue's own JSON keeps the values' types, which [String: String?] does not.
        let rows = try await database.getAll(
            sql: "SELECT id, data FROM ps_crud WHERE id BETWEEN ? AND ?", parameters: [first.clientId, last.clientId]
        ) { try ($0.getInt64(name: "id"), $0.getString(name: "data")) }
        var queued: [Int64: [String: Any]] = [:]
        for (id, data) in rows { queued[id] = try JSONSerialization.jsonObject(with: Data(data.utf8)) as? [String: Any] }
        let (client, count) = try await database.get(
            sql: "SELECT powersync_client_id() AS id, (SELECT count(*) FROM ps_crud) AS queued", parameters: []
        ) { try ($0.getString(name: "id"), $0.getInt64(name: "queued")) }
        var report: [String: Any] = ["id": client, "sdk": "turnkey-swift", "queue_count": count]
        if let lastError { report["last_error"] = lastError }
        let (status, headers, body) = try await send(["client": report, "transactions": batch.map { Self.wire($0, queued) }])
        guard status == 200 else {
            try await pause((Double(headers["retry-after"] ?? "") ?? 0) * 1000)
            throw Self.problem("The upload was not accepted", status, body)
        }
        return try await settle(batch, Self.results(body, batch.count))
    }

    private static func wire(_ tx: any CrudTransaction, _ queued: [Int64: [String: Any]]) -> [String: Any] {
        var out: [String: Any] = ["crud": tx.crud.map { e -> [String: Any] in
            let raw = queued[e.clientId] ?? [:]
            var entry: [String: Any] = ["op": e.op.rawValue, "table": e.table, "id": e.id, "op_id": e.clientId]
            entry["transaction_id"] = e.transactionId
            entry["op_data"] = raw["data"]
            entry["previous_values"] = raw["old"]
            entry["metadata"] = e.metadata
            return entry
        }]
        out["transaction_id"] = tx.transactionId
        return out
    }

    /// Completing a transaction completes everything before it, so only a settled prefix is completed, once.
    private func settle(_ batch: [any CrudTransaction], _ results: [[String: Any]]) async throws -> Bool {
        var settled: (any CrudTransaction)?
        var stopped: [String: Any]?
        var rejected: [RejectedWrite] = []
        for (tx, r) in zip(batch, results) {
            let status = r["status"] as? String
            if status == "fatal_error", r["requires_client_handling"] as? Bool == false, let failed = r["failed_operation"] as? [String: Any] {
                let message = failed["message"] as? String ?? r["message"] as? String ?? "The write was refused."
                rejected.append(RejectedWrite(code: failed["error_code"] as? String ?? "", message: message,
                                              rejectionId: r["rejection_id"] as? String, transactionId: tx.transactionId))
            } else if status != "success" {
                stopped = r // waits for the app, for a later try, or was not attempted
                break
            }
            settled = tx
        }
        if let settled { try await settled.complete() }
        for write in rejected { await onRejected(write) }
        if let stopped, stopped["status"] as? String != "not_attempted" || settled == nil {
            try await pause(stopped["retry_after_ms"] as? Double ?? 0)
            throw TurnkeyError(message: stopped["message"] as? String ?? "The server asks to try again later", status: 200)
        }
        return true
    }

    /// An answer that is not exactly what the contract promises must never complete a transaction.
    private static func results(_ body: Data, _ sent: Int) throws -> [[String: Any]] {
        let known: Set = ["success", "retryable_error", "fatal_error", "not_attempted"]
        let list = (try? JSONSerialization.jsonObject(with: body) as? [String: Any])?["results"] as? [[String: Any]] ?? []
        let good = list.count == sent && list.allSatisfy { r in
            let status = r["status"] as? String ?? ""
            let blame = (r["failed_operation"] as? [String: Any])?["error_code"] as? String
            return known.contains(status) && (status != "fatal_error" || r["requires_client_handling"] is Bool && blame != nil)
        }
        guard good else { throw TurnkeyError(message: "Malformed answer", status: 200, code: "malformed_answer") }
        return list
    }

    /// Sends with the current token; a refused one is replaced once.
    private func send(_ body: [String: Any]) async throws -> (Int, [String: String], Data) {
        for attempt in 1... {
            guard let t = try await current() else {
                throw TurnkeyError(message: "Nobody is signed in, so nothing can be uploaded", code: "signed_out")
            }
            let answer = try await post("/api/data", t.token, body)
            if answer.0 != 401 || attempt > 1 { return answer }
            if cached?.token == t.token { cached = nil }
        }
        fatalError("unreachable")
    }

    private func current() async throws -> Token? {
        if let t = cached, t.expiresAt.map({ $0.timeIntervalSinceNow > 20 }) ?? true { return t }
        return try await fresh()
    }

    /// One exchange at a time, whoever asks.
    private func fresh() async throws -> Token? {
        if let pending { return try await pending.value }
        let task = Task { try await self.exchange() }
        pending = task
        defer { pending = nil }
        return try await task.value
    }

    private func exchange() async throws -> Token? {
        cached = nil
        var bearer: String?
        if developmentUser == nil {
            bearer = try await getToken?()
            if bearer == nil { return nil }
        }
        let (status, _, body) = try await post("/token", bearer, developmentUser.map { ["user_id": $0] } ?? [:])
        guard status == 200, let b = try JSONSerialization.jsonObject(with: body) as? [String: Any],
              let token = b["token"] as? String, var endpoint = b["powersync_url"] as? String
        else { throw Self.problem("No token", status, body) }
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        cached = Token(token: token, endpoint: endpoint, expiresAt: (b["expires_at"] as? String).flatMap(Self.date))
        return cached
    }

    /// With fractions of a second, or without: the formatter takes one or the other.
    private static func date(_ text: String) -> Date? {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = text.contains(".") ? [.withInternetDateTime, .withFractionalSeconds] : .withInternetDateTime
        return formatter.date(from: text)
    }

    private func post(_ path: String, _ bearer: String?, _ body: [String: Any]) async throws -> (Int, [String: String], Data) {
        var request = URLRequest(url: URL(string: turnkeyURL + path)!, timeoutInterval: 30)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let bearer { request.setValue("Bearer \(bearer)", forHTTPHeaderField: "Authorization") }
        request.httpBody = try JSONSerialization.data(withJSONObject: body)
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = response as? HTTPURLResponse
        return (http?.statusCode ?? 0, ["retry-after": http?.value(forHTTPHeaderField: "Retry-After") ?? ""], data)
    }

    private static func problem(_ what: String, _ status: Int, _ body: Data) -> TurnkeyError {
        let b = (try? JSONSerialization.jsonObject(with: body) as? [String: Any]) ?? [:]
        let why = b["detail"] as? String ?? b["message"] as? String ?? "HTTP \(status)"
        return TurnkeyError(message: "\(what): \(why)", status: status, code: b["code"] as? String)
    }

    private func pause(_ ms: Double) async throws {
        try await Task.sleep(nanoseconds: UInt64(min(max(ms, 0), 60_000) * 1_000_000))
    }
}
