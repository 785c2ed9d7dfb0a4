using System.Text;
using System.Text.Json;

namespace Llm42.Server.Tests;

/// <summary>What the events of a streamed response have in common.</summary>
[TestClass]
public sealed class EventTests
{
    private static readonly string[] Shared = ["id", "object", "created", "model", "system_fingerprint"];

    [TestMethod]
    public async Task Events_of_a_response_bear_one_name_and_one_time()
    {
        await using TestServer server = await TestServer.StartAsync(clock: new RunningClock());
        foreach (string usage in (string[])["", ", \"stream_options\": {\"include_usage\": true}"])
        {
            foreach ((string path, string prompt, string kind) in ((string, string, string)[])
            [
                ("/v1/completions", "\"prompt\": \"And\"", "text_completion"),
                ("/v1/chat/completions", "\"messages\": [{\"role\": \"user\", \"content\": \"And\"}]", "chat.completion.chunk"),
            ])
            {
                using var content = new StringContent(
                    $$"""{"model": "demo", {{prompt}}, "max_tokens": 4, "stream": true{{usage}}}""", Encoding.UTF8, "application/json");
                using HttpResponseMessage response = await server.Client.PostAsync(path, content);
                string[] lines = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
                JsonElement[] events = [.. lines[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement)];
                Assert.IsGreaterThan(1, events.Length);
                string[] fields = [.. events[0].EnumerateObject().Select(property => property.Name)];
                CollectionAssert.AreEqual((string[])[.. Shared, "choices"], fields, path);
                Assert.AreEqual(kind, events[0].GetProperty("object").GetString());
                foreach (string field in Shared)
                    Assert.HasCount(1, events.Select(e => e.GetProperty(field).ToString()).Distinct().ToArray(), $"{path}: {field}");
            }
        }
    }

    /// <summary>A clock that has gone on by a second whenever somebody looks.</summary>
    private sealed class RunningClock : TimeProvider
    {
        private long _looks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(Interlocked.Increment(ref _looks));
    }
}
