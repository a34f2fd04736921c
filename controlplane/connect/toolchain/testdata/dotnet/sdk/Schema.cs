// A DOUBLE of PowerSync's .NET SDK: the schema's types.
using System.Collections.Generic;

namespace PowerSync.Common.DB.Schema
{
    public enum ColumnType
    {
        Text,
        Integer,
        Real,
        Inferred
    }

    public class TrackPreviousOptions
    {
        public List<string> Columns { get; set; }
        public bool? OnlyWhenChanged { get; set; }
    }

    public class TableOptions
    {
        public TableOptions(
            Dictionary<string, List<string>> indexes = null, bool? localOnly = null, bool? insertOnly = null, string viewName = null,
            bool? trackMetadata = null, TrackPreviousOptions trackPreviousValues = null, bool? ignoreEmptyUpdates = null)
        {
            TrackMetadata = trackMetadata ?? false;
            TrackPreviousValues = trackPreviousValues;
            IgnoreEmptyUpdates = ignoreEmptyUpdates ?? false;
        }

        public bool TrackMetadata { get; set; }
        public TrackPreviousOptions TrackPreviousValues { get; set; }
        public bool IgnoreEmptyUpdates { get; set; }
    }

    public class Table
    {
        public Table(string name, Dictionary<string, ColumnType> columns, TableOptions options = null)
        {
            Name = name;
            Columns = columns;
            Options = options ?? new TableOptions();
        }

        public string Name { get; set; }
        public Dictionary<string, ColumnType> Columns { get; set; }
        public TableOptions Options { get; set; }
    }

    public class Schema
    {
        public readonly Table[] Tables;

        public Schema(params Table[] tables)
        {
            Tables = tables;
        }
    }
}
