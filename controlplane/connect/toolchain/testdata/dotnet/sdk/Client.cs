// A DOUBLE of PowerSync's .NET SDK (PowerSync.Common), written for tests from its public interface: what a connector
// meets of it. It syncs nothing.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;
using PowerSync.Common.Client.Connection;
using PowerSync.Common.DB.Crud;

namespace PowerSync.Common.Client.Connection
{
    public class PowerSyncCredentials
    {
        public PowerSyncCredentials(string endpoint, string token, DateTime? expiresAt = null)
        {
            Endpoint = endpoint;
            Token = token;
            ExpiresAt = expiresAt;
        }

        public string Endpoint { get; set; }
        public string Token { get; set; }
        public DateTime? ExpiresAt { get; set; }
    }

    public interface IPowerSyncBackendConnector
    {
        Task<PowerSyncCredentials> FetchCredentials();
        Task UploadData(IPowerSyncDatabase database);
    }
}

namespace PowerSync.Common.Client
{
    /// What of the SDK's interface a connector may need.
    public interface IPowerSyncDatabase
    {
        Task<string> GetClientId();
        Task<CrudBatch> GetCrudBatch(int limit);
        Task<CrudTransaction> GetNextCrudTransaction();
        Task<T[]> GetAll<T>(string sql, object[] parameters = null);
        Task<T> GetOptional<T>(string sql, object[] parameters = null);
        Task<T> Get<T>(string sql, object[] parameters = null);
    }

    /// The queue is a list; of SQL it knows the two statements that a connector reads it with, and refuses any other.
    public class DoubleOfDatabase : IPowerSyncDatabase
    {
        public readonly List<Row> Queue = new List<Row>();

        public class Row
        {
            public long Id;
            public long TxId;
            public string Data;
        }

        public Task<string> GetClientId()
        {
            return Task.FromResult("device-1");
        }

        public Task<CrudBatch> GetCrudBatch(int limit)
        {
            throw new NotSupportedException("cuts transactions");
        }

        public Task<CrudTransaction> GetNextCrudTransaction()
        {
            if (Queue.Count == 0) return Task.FromResult<CrudTransaction>(null);
            var rows = Queue.TakeWhile(r => r.TxId == Queue[0].TxId).ToArray();
            Func<string, Task> complete = _ =>
            {
                Queue.RemoveAll(r => r.Id <= rows.Last().Id);
                return Task.FromResult(true);
            };
            return Task.FromResult(new CrudTransaction(rows.Select(Entry).ToArray(), complete, rows[0].TxId));
        }

        private static CrudEntry Entry(Row row)
        {
            var d = JObject.Parse(row.Data);
            var op = (UpdateType)Enum.Parse(typeof(UpdateType), (string)d["op"]);
            var old = d["old"] == null ? null : d["old"].ToObject<Dictionary<string, string>>();
            var data = d["data"] == null ? null : d["data"].ToObject<Dictionary<string, object>>();
            return new CrudEntry((int)row.Id, op, (string)d["type"], (string)d["id"], row.TxId, data, old, (string)d["metadata"]);
        }

        public Task<T[]> GetAll<T>(string sql, object[] parameters = null)
        {
            if (sql != "SELECT id, data FROM ps_crud WHERE id BETWEEN ? AND ? ORDER BY id") throw new NotSupportedException(sql);
            long from = Convert.ToInt64(parameters[0]), to = Convert.ToInt64(parameters[1]);
            return Task.FromResult(Queue.Where(r => r.Id >= from && r.Id <= to)
                .Select(r => Made<T>(new Dictionary<string, object> { ["id"] = r.Id, ["data"] = r.Data })).ToArray());
        }

        public Task<T> GetOptional<T>(string sql, object[] parameters = null)
        {
            throw new NotSupportedException(sql);
        }

        public Task<T> Get<T>(string sql, object[] parameters = null)
        {
            if (sql != "SELECT powersync_client_id() AS id, (SELECT count(*) FROM ps_crud) AS queued") throw new NotSupportedException(sql);
            return Task.FromResult(Made<T>(new Dictionary<string, object> { ["id"] = "device-1", ["queued"] = (long)Queue.Count }));
        }

        /// As Dapper does it: columns become the properties of the same names.
        private static T Made<T>(Dictionary<string, object> row)
        {
            var made = Activator.CreateInstance<T>();
            foreach (var p in typeof(T).GetProperties()) p.SetValue(made, row[p.Name], null);
            return made;
        }
    }
}

namespace PowerSync.Common.DB.Crud
{
    public enum UpdateType
    {
        PUT,
        PATCH,
        DELETE
    }

    public class CrudEntry
    {
        public CrudEntry(int clientId, UpdateType op, string table, string id, long? transactionId, Dictionary<string, object> opData, Dictionary<string, string> previousValues, string metadata)
        {
            ClientId = clientId;
            Op = op;
            Table = table;
            Id = id;
            TransactionId = transactionId;
            OpData = opData;
            PreviousValues = previousValues;
            Metadata = metadata;
        }

        public int ClientId { get; private set; }
        public string Id { get; private set; }
        public UpdateType Op { get; private set; }
        public Dictionary<string, object> OpData { get; private set; }
        public string Table { get; private set; }
        public long? TransactionId { get; private set; }
        public Dictionary<string, string> PreviousValues { get; private set; }
        public string Metadata { get; private set; }
    }

    public class CrudBatch
    {
        private readonly Func<string, Task> complete;

        public CrudBatch(CrudEntry[] crud, bool haveMore, Func<string, Task> complete)
        {
            Crud = crud;
            HaveMore = haveMore;
            this.complete = complete;
        }

        public CrudEntry[] Crud { get; private set; }
        public bool HaveMore { get; private set; }

        public Task Complete(string checkpoint = null)
        {
            return complete(checkpoint);
        }
    }

    public class CrudTransaction : CrudBatch
    {
        public CrudTransaction(CrudEntry[] crud, Func<string, Task> complete, long? transactionId) : base(crud, false, complete)
        {
            TransactionId = transactionId;
        }

        public long? TransactionId { get; private set; }
    }
}
