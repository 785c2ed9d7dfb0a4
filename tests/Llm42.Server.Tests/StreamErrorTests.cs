using System.Text;
using System.Text.Json;
using OpenAI.Chat;

namespace Llm42.Server.Tests;

/// <summary>Streams that do not come to their end.</summary>
[TestClass]
public sealed class StreamErrorTests
{
    [TestMethod]
    public async Task A_chat_that_its_client_leaves_is_cancelled()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync();
        server.Executor.Script = [.. Enumerable.Repeat(server.Tokenizer.Encode("more", addSpecialTokens: false)[0], 2000)];

        // Slow enough that the whole answer would take half a minute.
        server.Executor.BeforeStep = () => Thread.Sleep(30);
        using var cancellation = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (StreamingChatCompletionUpdate update in OpenAiClient.Chat(server.Address)
                .CompleteChatStreamingAsync([new UserChatMessage("a")], cancellationToken: cancellation.Token))
                await cancellation.CancelAsync();
        });
        Assert.IsTrue(
            SpinWait.SpinUntil(() => server.Engine.Statistics.RequestsCancelled == 1, TimeSpan.FromSeconds(60)),
            "the engine goes on with an answer that nobody reads");
    }

    [TestMethod]
    public async Task OpenAIs_client_sees_no_end_of_a_stream_that_failed()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync();
        server.Say(string.Join(' ', Enumerable.Repeat("more", 100)));
        int steps = 0;
        server.Executor.BeforeStep = () =>
        {
            if (++steps == 10)
                throw new InvalidOperationException("planted");
        };

        // It passes over events that it does not know.
        int updates = 0;
        await foreach (StreamingChatCompletionUpdate update in OpenAiClient.Chat(server.Address).CompleteChatStreamingAsync([new UserChatMessage("a")]))
        {
            updates++;
            Assert.IsNull(update.FinishReason);
        }
        Assert.AreNotEqual(0, updates);
    }

    [TestMethod]
    public async Task An_error_in_the_middle_of_a_stream_is_an_event_and_no_end_follows()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync();
        server.Say(string.Join(' ', Enumerable.Repeat("more", 100)));
        int steps = 0;
        var begun = new TaskCompletionSource();
        server.Executor.BeforeStep = () =>
        {
            if (++steps == 10)
            {
                begun.Task.Wait(TimeSpan.FromSeconds(30));
                throw new InvalidOperationException("planted");
            }
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                """{"model": "demo", "messages": [{"role": "user", "content": "a"}], "stream": true}""", Encoding.UTF8, "application/json"),
        };
        using HttpResponseMessage response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        begun.SetResult();
        string[] events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        JsonElement error = JsonDocument.Parse(events[^1]["data: ".Length..]).RootElement.GetProperty("error");
        Assert.AreEqual("server_error", error.GetProperty("type").GetString());
        Assert.IsFalse(error.GetProperty("message").GetString()!.Contains("planted", StringComparison.Ordinal), "errors of the inside are the log's");
        StringAssert.Contains(events[0], "\"role\":\"assistant\"");
    }
}
