// Plays scenarios, one a line, and says what the connector concluded, one a line.
import Foundation
import PowerSync

actor Told {
    var list: [String] = []
    func add(_ text: String) { list.append(text) }
}

func play(_ line: String) async throws -> String {
    let order = try JSONSerialization.jsonObject(with: Data(line.utf8)) as! [String: Any]
    let queue = (order["queue"] as! [[String: Any]]).map { QueueRow(id: ($0["id"] as! NSNumber).int64Value, txId: ($0["tx_id"] as! NSNumber).int64Value, data: $0["data"] as! String) }
    let database = DoubleOfDatabase(queue: queue)
    let user = order["user"] as! String
    let token = order["token"] as! String
    let told = Told()
    let tell: @Sendable (RejectedWrite) async -> Void = { await told.add("\($0.code)|\($0.message)|\($0.rejectionId ?? "")") }
    let connector = user != "" ? TurnkeyConnector(developmentUser: user, onRejected: tell) : TurnkeyConnector(getToken: { token == "" ? nil : token }, onRejected: tell)
    var steps: [[String: Any]] = []
    for step in order["steps"] as! [String] {
        var said: [String: Any] = ["error": NSNull()]
        do {
            if step == "credentials" {
                if let c = try await connector.fetchCredentials() {
                    said["endpoint"] = c.endpoint
                    said["token"] = c.token
                }
            } else {
                try await connector.uploadData(database: database)
            }
        } catch let e as TurnkeyError {
            said["error"] = e.message
        } catch {
            said["error"] = "\(error)"
        }
        said["left"] = database.queue.map(\.id)
        steps.append(said)
    }
    let rejected = await told.list
    return String(decoding: try JSONSerialization.data(withJSONObject: ["steps": steps, "rejected": rejected]), as: UTF8.self)
}

precondition(AppSchema.tables.filter { $0.trackMetadata && $0.ignoreEmptyUpdates && $0.trackPreviousValues != nil }.count == AppSchema.tables.count - 2)
while let line = readLine() {
    print(try await play(line))
    fflush(nil)
}
