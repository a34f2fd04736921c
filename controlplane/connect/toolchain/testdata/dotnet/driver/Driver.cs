// Plays scenarios, one a line, and says what the connector concluded, one a line.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using PowerSync.Common.Client;

public static class Driver
{
    public static int Main()
    {
        if (AppSchema.Schema.Tables.Count(t => t.Options.TrackMetadata && t.Options.IgnoreEmptyUpdates && t.Options.TrackPreviousValues != null) != AppSchema.Schema.Tables.Length - 2) return 1;
        string line;
        while ((line = Console.In.ReadLine()) != null)
        {
            Console.Out.WriteLine(Play(JObject.Parse(line)).Result.ToString(Formatting.None));
            Console.Out.Flush();
        }
        return 0;
    }

    private static async Task<JObject> Play(JObject order)
    {
        var database = new DoubleOfDatabase();
        foreach (var r in order["queue"]) database.Queue.Add(new DoubleOfDatabase.Row { Id = (long)r["id"], TxId = (long)r["tx_id"], Data = (string)r["data"] });
        string user = (string)order["user"], token = (string)order["token"];
        var rejected = new JArray();
        Func<RejectedWrite, Task> tell = w =>
        {
            rejected.Add(w.Code + "|" + w.Message + "|" + w.RejectionId);
            return Task.FromResult(true);
        };
        var connector = user != "" ? new TurnkeyConnector(null, user, tell) : new TurnkeyConnector(() => Task.FromResult(token == "" ? null : token), null, tell);
        var steps = new JArray();
        foreach (var step in order["steps"])
        {
            var said = new JObject { ["error"] = null };
            try
            {
                if ((string)step == "credentials")
                {
                    var c = await connector.FetchCredentials();
                    if (c != null)
                    {
                        said["endpoint"] = c.Endpoint;
                        said["token"] = c.Token;
                    }
                }
                else
                {
                    await connector.UploadData(database);
                }
            }
            catch (Exception e)
            {
                said["error"] = e.Message;
            }
            said["left"] = new JArray(database.Queue.Select(r => r.Id));
            steps.Add(said);
        }
        return new JObject { ["steps"] = steps, ["rejected"] = rejected };
    }
}
