// A DOUBLE of PowerSync's Swift SDK, written for tests from its public interface: what a connector meets of it. It syncs
// nothing.
import Foundation

public struct PowerSyncCredentials: Codable, Sendable {
    public let endpoint: String
    public let token: String

    public init(endpoint: String, token: String) {
        self.endpoint = endpoint
        self.token = token
    }
}

public protocol PowerSyncBackendConnectorProtocol: Sendable {
    func fetchCredentials() async throws -> PowerSyncCredentials?
    func uploadData(database: PowerSyncDatabaseProtocol) async throws
}

public protocol SqlCursor {
    func getInt64(name: String) throws -> Int64
    func getString(name: String) throws -> String
}

public protocol ConnectionContext {
    func get<RowType>(sql: String, parameters: [Sendable?]?, mapper: @Sendable @escaping (SqlCursor) throws -> RowType) throws -> RowType
    func getAll<RowType>(sql: String, parameters: [Sendable?]?, mapper: @Sendable @escaping (SqlCursor) throws -> RowType) throws -> [RowType]
}

public protocol Queries {
    func readLock<R>(callback: @Sendable @escaping (any ConnectionContext) throws -> R) async throws -> R
}

public extension Queries {
    func get<RowType>(sql: String, parameters: [Sendable?]?, mapper: @Sendable @escaping (SqlCursor) throws -> RowType) async throws -> RowType {
        return try await readLock { ctx in try ctx.get(sql: sql, parameters: parameters, mapper: mapper) }
    }

    func getAll<RowType>(sql: String, parameters: [Sendable?]?, mapper: @Sendable @escaping (SqlCursor) throws -> RowType) async throws -> [RowType] {
        return try await readLock { ctx in try ctx.getAll(sql: sql, parameters: parameters, mapper: mapper) }
    }
}

public protocol PowerSyncDatabaseProtocol: Queries, Sendable {
    func getCrudTransactions() -> any CrudTransactions
    func getNextCrudTransaction() async throws -> (any CrudTransaction)?
}
