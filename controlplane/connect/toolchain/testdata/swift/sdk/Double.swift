// The double's database. The queue is a list; of SQL it knows the two statements that a connector reads it with, and
// refuses any other.
import Foundation

public struct QueueRow: Sendable {
    public let id: Int64
    public let txId: Int64
    public let data: String

    public init(id: Int64, txId: Int64, data: String) {
        self.id = id
        self.txId = txId
        self.data = data
    }
}

public struct Unknown: Error {
    let sql: String
}

public final class DoubleOfDatabase: PowerSyncDatabaseProtocol, @unchecked Sendable {
    public var queue: [QueueRow]

    public init(queue: [QueueRow]) {
        self.queue = queue
    }

    public func getCrudTransactions() -> any CrudTransactions { Transactions(database: self) }

    public func getNextCrudTransaction() async throws -> (any CrudTransaction)? { try after(-1) }

    public func readLock<R>(callback: @Sendable @escaping (any ConnectionContext) throws -> R) async throws -> R {
        return try callback(Context(database: self))
    }

    fileprivate func after(_ last: Int64) throws -> Tx? {
        let left = queue.drop { $0.id <= last }
        guard let first = left.first else { return nil }
        let rows = Array(left.prefix { $0.txId == first.txId })
        return Tx(database: self, last: rows.last!.id, transactionId: first.txId, entries: try rows.map(Entry.init))
    }
}

private struct Transactions: CrudTransactions {
    typealias Element = Tx
    let database: DoubleOfDatabase

    func makeAsyncIterator() -> Iterator { Iterator(database: database) }

    struct Iterator: CrudTransactionsIterator {
        let database: DoubleOfDatabase
        var last: Int64 = -1

        mutating func next() async throws -> Tx? {
            guard let tx = try database.after(last) else { return nil }
            last = tx.last
            return tx
        }
    }
}

private struct Tx: CrudTransaction {
    let database: DoubleOfDatabase
    let last: Int64
    let transactionId: Int64?
    let entries: [Entry]
    var crud: [any CrudEntry] { entries }

    func complete(writeCheckpoint: String?) async throws {
        database.queue.removeAll { $0.id <= last }
    }
}

private struct Entry: CrudEntry {
    let id: String
    let clientId: Int64
    let op: UpdateType
    let table: String
    let transactionId: Int64?
    let metadata: String?
    let opData: [String: String?]?
    let previousValues: [String: String?]?

    init(_ row: QueueRow) throws {
        let d = try JSONSerialization.jsonObject(with: Data(row.data.utf8)) as! [String: Any]
        id = d["id"] as! String
        clientId = row.id
        op = UpdateType(rawValue: d["op"] as! String)!
        table = d["type"] as! String
        transactionId = row.txId
        metadata = d["metadata"] as? String
        opData = (d["data"] as? [String: Any]).map { $0.mapValues { "\($0)" } }
        previousValues = (d["old"] as? [String: Any]).map { $0.mapValues { "\($0)" } }
    }
}

private struct Cursor: SqlCursor {
    let row: [String: Any]

    func getInt64(name: String) throws -> Int64 { row[name] as! Int64 }
    func getString(name: String) throws -> String { row[name] as! String }
}

private struct Context: ConnectionContext {
    let database: DoubleOfDatabase

    func get<RowType>(sql: String, parameters: [Sendable?]?, mapper: @Sendable @escaping (SqlCursor) throws -> RowType) throws -> RowType {
        guard sql == "SELECT powersync_client_id() AS id, (SELECT count(*) FROM ps_crud) AS queued" else { throw Unknown(sql: sql) }
        return try mapper(Cursor(row: ["id": "device-1", "queued": Int64(database.queue.count)]))
    }

    func getAll<RowType>(sql: String, parameters: [Sendable?]?, mapper: @Sendable @escaping (SqlCursor) throws -> RowType) throws -> [RowType] {
        guard sql == "SELECT id, data FROM ps_crud WHERE id BETWEEN ? AND ?", let from = parameters?[0] as? Int64, let to = parameters?[1] as? Int64 else { throw Unknown(sql: sql) }
        return try database.queue.filter { $0.id >= from && $0.id <= to }.map { try mapper(Cursor(row: ["id": $0.id, "data": $0.data])) }
    }
}
