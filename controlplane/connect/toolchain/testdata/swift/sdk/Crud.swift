// A DOUBLE of PowerSync's Swift SDK: the upload queue's types.
import Foundation

public enum UpdateType: String, Codable, Sendable {
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
}

public protocol CrudEntry: Sendable {
    var id: String { get }
    var clientId: Int64 { get }
    var op: UpdateType { get }
    var table: String { get }
    var transactionId: Int64? { get }
    var metadata: String? { get }
    var opData: [String: String?]? { get }
    var previousValues: [String: String?]? { get }
}

public protocol CrudTransaction: Sendable {
    var transactionId: Int64? { get }
    var crud: [any CrudEntry] { get }
    func complete(writeCheckpoint: String?) async throws
}

public extension CrudTransaction {
    func complete() async throws {
        try await complete(writeCheckpoint: nil)
    }
}

public protocol CrudTransactions: AsyncSequence where Element: CrudTransaction, AsyncIterator: CrudTransactionsIterator {}

public protocol CrudTransactionsIterator: AsyncIteratorProtocol where Element: CrudTransaction {}
