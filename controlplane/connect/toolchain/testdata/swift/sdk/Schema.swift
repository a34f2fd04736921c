// A DOUBLE of PowerSync's Swift SDK: the schema's types.

public enum ColumnData: Sendable { case text, integer, real }

public struct Column: Sendable {
    public let name: String
    public let type: ColumnData

    public static func text(_ name: String) -> Column { Column(name: name, type: .text) }
    public static func integer(_ name: String) -> Column { Column(name: name, type: .integer) }
    public static func real(_ name: String) -> Column { Column(name: name, type: .real) }
}

public struct Index: Sendable {}

public struct TrackPreviousValuesOptions: Sendable {
    public let columnFilter: [String]?
    public let onlyWhenChanged: Bool

    public init(columnFilter: [String]? = nil, onlyWhenChanged: Bool = false) {
        self.columnFilter = columnFilter
        self.onlyWhenChanged = onlyWhenChanged
    }
}

public struct Table: Sendable {
    public let name: String
    public let columns: [Column]
    public let trackMetadata: Bool
    public let trackPreviousValues: TrackPreviousValuesOptions?
    public let ignoreEmptyUpdates: Bool

    public init(
        name: String, columns: [Column], indexes: [Index] = [], localOnly: Bool = false, insertOnly: Bool = false, viewNameOverride: String? = nil,
        trackMetadata: Bool = false, trackPreviousValues: TrackPreviousValuesOptions? = nil, ignoreEmptyUpdates: Bool = false
    ) {
        self.name = name
        self.columns = columns
        self.trackMetadata = trackMetadata
        self.trackPreviousValues = trackPreviousValues
        self.ignoreEmptyUpdates = ignoreEmptyUpdates
    }
}

public struct Schema: Sendable {
    public let tables: [Table]

    public init(tables: [Table]) {
        self.tables = tables
    }
}
