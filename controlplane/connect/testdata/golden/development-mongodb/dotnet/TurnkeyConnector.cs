using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using PowerSync.Common.Client;
using PowerSync.Common.Client.Connection;
using PowerSync.Common.DB.Crud;

/// <summary>A write that the server refused for good. It has left the queue; the server keeps it.</summary>
public class RejectedWrite
{
    public CrudTransaction Transaction { get; set; }
    public string Code { get; set; }
    public string Message { get; set; }
    public string RejectionId { get; set; }
}

public class TurnkeyException : Exception
{
    public TurnkeyException(string message, int status = 0, string code = null) : base(message)
    {
        Status = status;
        Code = code;
    }

    public int Status { get; private set; }
    public string Code { get; private set; }
}

/// <summary>
/// Connects PowerSync to Turnkey: exchanges tokens, uploads whole transactions, never sticks on a refused write. This
/// SDK gives one transaction at a time, so each goes in a request of its own.
/// </summary>
public class TurnkeyConnector : IPowerSyncBackendConnector
{
    private const string TurnkeyUrl = "http://localhost:8080/i/todo-x1";

    private static readonly HttpClient Http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
    private static readonly string[] Known = { "success", "retryable_error", "fatal_error", "not_attempted" };

    // The queue's own JSON keeps the values as they are: dates stay text, integers stay exact.
    private static readonly JsonSerializerSettings Exact = new JsonSerializerSettings { DateParseHandling = DateParseHandling.None };

    private readonly Func<Task<string>> getToken;
    private readonly string developmentUser;
    private readonly Func<RejectedWrite, Task> onRejected;
    private readonly SemaphoreSlim exchanging = new SemaphoreSlim(1, 1);
    private Token cached;
    private string lastError;

    /// <param name="getToken">The signed-in user's token of your own sign-in; null when nobody is signed in.</param>
    /// <param name="developmentUser">This is a development instance: be that user, without any sign-in.</param>
    /// <param name="onRejected">Told once of each refused write, after it has left the queue.</param>
    public TurnkeyConnector(Func<Task<string>> getToken, string developmentUser = null, Func<RejectedWrite, Task> onRejected = null)
    {
        this.getToken = getToken;
        this.developmentUser = developmentUser;
        this.onRejected = onRejected;
    }

    // server: your own server asks for the token with its API key: POST /token {"user_id": "..."}; getToken is for the other providers

    private class Token
    {
        public string Value;
        public string Endpoint;
        public DateTimeOffset? ExpiresAt;
    }

    private class CrudRow
    {
        public long id { get; set; }
        public string data { get; set; }
    }

    private class ClientRow
    {
        public string id { get; set; }
        public long queued { get; set; }
    }

    public async Task<PowerSyncCredentials> FetchCredentials()
    {
        cached = null;
        var t = await Current();
        return t == null ? null : new PowerSyncCredentials(t.Endpoint, t.Value);
    }

    public async Task UploadData(IPowerSyncDatabase database)
    {
        try
        {
            while (await UploadOnce(database)) { }
            lastError = null;
        }
        catch (Exception e)
        {
            lastError = e.Message;
            throw; // PowerSync keeps the queue and tries again
        }
    }

    /// <summary>One request; true when there may be more to do.</summary>
    private async Task<bool> UploadOnce(IPowerSyncDatabase database)
    {
        var tx = await database.GetNextCrudTransaction();
        if (tx == null) return false;
        var rows = await database.GetAll<CrudRow>("SELECT id, data FROM ps_crud WHERE id BETWEEN ? AND ? ORDER BY id",
            new object[] { tx.Crud.First().ClientId, tx.Crud.Last().ClientId });
        var client = await database.Get<ClientRow>("SELECT powersync_client_id() AS id, (SELECT count(*) FROM ps_crud) AS queued");
        var report = new JObject { ["id"] = client.id, ["sdk"] = "turnkey-dotnet", ["queue_count"] = client.queued };
        if (lastError != null) report["last_error"] = lastError;
        var transaction = new JObject { ["crud"] = new JArray(rows.Select(r => Wire(r, tx.TransactionId))) };
        if (tx.TransactionId != null) transaction["transaction_id"] = tx.TransactionId;

        var answer = await Send(new JObject { ["client"] = report, ["transactions"] = new JArray(transaction) });
        var body = await answer.Content.ReadAsStringAsync();
        if ((int)answer.StatusCode != 200)
        {
            var after = answer.Headers.RetryAfter;
            await Pause(after != null && after.Delta != null ? (long)after.Delta.Value.TotalMilliseconds : 0);
            throw Problem("The upload was not accepted", answer, body);
        }
        return await Settle(tx, Result(body));
    }

    private static JObject Wire(CrudRow row, long? transactionId)
    {
        var queued = JsonConvert.DeserializeObject<JObject>(row.data, Exact);
        var entry = new JObject { ["op"] = queued["op"], ["table"] = queued["type"], ["id"] = queued["id"], ["op_id"] = row.id };
        if (transactionId != null) entry["transaction_id"] = transactionId;
        if (queued["data"] != null) entry["op_data"] = queued["data"];
        if (queued["old"] != null) entry["previous_values"] = queued["old"];
        if (queued["metadata"] != null) entry["metadata"] = queued["metadata"];
        return entry;
    }

    private async Task<bool> Settle(CrudTransaction tx, JObject r)
    {
        var status = (string)r["status"];
        var refused = status == "fatal_error" && !(bool)r["requires_client_handling"];
        if (status == "success" || refused)
        {
            await tx.Complete(null);
            if (refused && onRejected != null)
            {
                var failed = (JObject)r["failed_operation"];
                await onRejected(new RejectedWrite
                {
                    Transaction = tx, Code = (string)failed["error_code"], RejectionId = (string)r["rejection_id"],
                    Message = (string)failed["message"] ?? (string)r["message"] ?? "The write was refused.",
                });
            }
            return true;
        }
        await Pause((long?)r["retry_after_ms"] ?? 0);
        throw new TurnkeyException((string)r["message"] ?? "The server asks to try again later", 200);
    }

    /// <summary>An answer that is not exactly what the contract promises must never complete a transaction.</summary>
    private static JObject Result(string body)
    {
        try
        {
            var r = (JObject)((JArray)JObject.Parse(body)["results"]).Single();
            var fatal = (string)r["status"] == "fatal_error";
            var whole = !fatal || r["requires_client_handling"].Type == JTokenType.Boolean && r["failed_operation"]["error_code"].Type == JTokenType.String;
            if (whole && Known.Contains((string)r["status"])) return r;
        }
        catch (Exception e) when (e is JsonException || e is InvalidCastException || e is NullReferenceException || e is InvalidOperationException)
        {
        }
        throw new TurnkeyException("Malformed answer", 200, "malformed_answer");
    }

    /// <summary>Sends with the current token; a refused one is replaced once.</summary>
    private async Task<HttpResponseMessage> Send(JObject body)
    {
        for (var attempt = 1; ; attempt++)
        {
            var t = await Current();
            if (t == null) throw new TurnkeyException("Nobody is signed in, so nothing can be uploaded", 0, "signed_out");
            var answer = await Post("/api/data", t.Value, body);
            if ((int)answer.StatusCode != 401 || attempt > 1) return answer;
            if (ReferenceEquals(cached, t)) cached = null;
        }
    }

    /// <summary>One exchange at a time, whoever asks.</summary>
    private async Task<Token> Current()
    {
        await exchanging.WaitAsync();
        try
        {
            var t = cached;
            if (t != null && (t.ExpiresAt == null || t.ExpiresAt > DateTimeOffset.UtcNow.AddSeconds(20))) return t;
            return cached = await Exchange();
        }
        finally
        {
            exchanging.Release();
        }
    }

    private async Task<Token> Exchange()
    {
        string bearer = null;
        var ask = new JObject();
        if (developmentUser != null)
        {
            ask["user_id"] = developmentUser;
        }
        else
        {
            bearer = await getToken();
            if (bearer == null) return null;
        }
        var answer = await Post("/token", bearer, ask);
        var body = await answer.Content.ReadAsStringAsync();
        if ((int)answer.StatusCode != 200) throw Problem("No token", answer, body);
        var b = JsonConvert.DeserializeObject<JObject>(body, Exact);
        DateTimeOffset expires;
        return new Token
        {
            Value = (string)b["token"], Endpoint = ((string)b["powersync_url"]).TrimEnd('/'),
            ExpiresAt = DateTimeOffset.TryParse((string)b["expires_at"], out expires) ? expires : (DateTimeOffset?)null,
        };
    }

    private static Task<HttpResponseMessage> Post(string path, string bearer, JObject body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, TurnkeyUrl + path);
        request.Content = new StringContent(body.ToString(Formatting.None), Encoding.UTF8, "application/json");
        if (bearer != null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + bearer);
        return Http.SendAsync(request);
    }

    private static TurnkeyException Problem(string what, HttpResponseMessage answer, string body)
    {
        JObject b;
        try
        {
            b = JObject.Parse(body);
        }
        catch (JsonException)
        {
            b = new JObject(); // a proxy's page, say
        }
        var why = (string)b["detail"] ?? (string)b["message"] ?? "HTTP " + (int)answer.StatusCode;
        return new TurnkeyException(what + ": " + why, (int)answer.StatusCode, (string)b["code"]);
    }

    private static Task Pause(long ms)
    {
        return Task.Delay((int)Math.Max(0, Math.Min(ms, 60000)));
    }
}
