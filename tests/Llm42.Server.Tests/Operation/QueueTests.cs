using System.Net;
using System.Text.Json.Nodes;
using Llm42.Core.Engine;
using Llm42.Server.Operation;

namespace Llm42.Server.Tests.Operation;

[TestClass]
public sealed class QueueTests
{
    [TestMethod]
    public async Task Full_queue_answers_429_and_keeps_serving()
    {
        await using TestServer server = await TestServer.StartAsync(engineOptions: new InferenceEngineOptions
        {
            Engine = new EngineOptions { MaxSequences = 1, QueueCapacity = 2 },
        });

        // One runs, two wait, and the others would have to be submitted while one of 900 tokens runs to its end.
        using HttpResponseMessage refused = await server.Client.PostAsync(
            "/v1/completions", Requests.Json("""{"model": "demo", "prompt": "And", "max_tokens": 900, "n": 64, "ignore_eos": true}"""));
        string message = await Requests.AssertErrorAsync(refused, 429, "rate_limit_error", "queue_full");
        StringAssert.Contains(message, "2 requests are waiting", StringComparison.Ordinal);
        Assert.AreEqual(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
        await Requests.UntilIdleAsync(server.Engine);
        using HttpResponseMessage served = await server.Client.PostAsync("/v1/completions", Requests.Short());
        Assert.AreEqual(HttpStatusCode.OK, served.StatusCode);
    }

    [TestMethod]
    public void Advice_follows_the_pace_of_the_last_requests()
    {
        var clock = new ManualClock();
        var advice = new RetryAdvice(clock);
        Assert.AreEqual(TimeSpan.FromSeconds(1), advice.For(1000));
        for (int i = 0; i < 100; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(i < 50 ? 9 : 0.5));
            advice.Ended();
        }

        // The oldest of the 32 that are remembered ended 31 times 0.5 s ago.
        Assert.AreEqual(31 * 0.5 / 32 * 10, advice.For(20).TotalSeconds, 1e-6);
        Assert.AreEqual(TimeSpan.FromSeconds(1), advice.For(1));
        Assert.AreEqual(TimeSpan.FromSeconds(60), advice.For(1000));
    }

    [TestMethod]
    public async Task Deadline_ends_a_whole_answer_with_504()
    {
        var clock = new ManualClock();
        await using TestServer server = await TestServer.StartAsync(clock: clock);
        Task<HttpResponseMessage> answer = server.Client.PostAsync(
            "/v1/completions", Requests.Json(Requests.Endless.Replace("true}", "false}", StringComparison.Ordinal)));
        await Requests.UntilAsync(() => server.Engine.Statistics.Load.Running > 0 || answer.IsCompleted, () => "Nothing runs.");
        clock.Advance(new ServerOptions().RequestTimeout);
        using HttpResponseMessage response = await answer;
        StringAssert.Contains(await Requests.AssertErrorAsync(response, 504, "server_error", "timeout"), "600 s", StringComparison.Ordinal);
        await Requests.UntilIdleAsync(server.Engine);
        Assert.AreEqual(16, server.Engine.Statistics.RequestsCancelled);
    }

    [TestMethod]
    public async Task Deadline_ends_a_stream_with_an_error_event()
    {
        var clock = new ManualClock();
        await using TestServer server = await TestServer.StartAsync(clock: clock);
        using HttpResponseMessage stream = await Requests.StartStreamAsync(server.Client);
        clock.Advance(new ServerOptions().RequestTimeout);
        string events = await stream.Content.ReadAsStringAsync();
        AssertEndsWithError(events, "timeout");
        await Requests.UntilIdleAsync(server.Engine);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Client_that_leaves_frees_its_pages(bool isStreamed)
    {
        await using TestServer server = await TestServer.StartAsync();
        using var leave = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = Requests.Json(isStreamed ? Requests.Endless : Requests.Endless.Replace("true}", "false}", StringComparison.Ordinal)),
        };
        Task<HttpResponseMessage> answer = server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        if (isStreamed)
            (await answer).Dispose();
        else
        {
            await Requests.UntilAsync(() => server.Engine.Statistics.Load.OwnedPages > 0, () => "Nothing runs.");
            await leave.CancelAsync();
            await Assert.ThrowsAsync<TaskCanceledException>(() => answer);
        }
        await Requests.UntilIdleAsync(server.Engine);
        Assert.AreEqual(16, server.Engine.Statistics.RequestsCancelled);
    }

    [TestMethod]
    public async Task Draining_server_finishes_what_it_has_and_takes_no_more()
    {
        await using TestServer server = await TestServer.StartAsync(clock: new ManualClock());
        using HttpResponseMessage stream = await Requests.StartStreamAsync(server.Client);
        Task stopped = server.Server.StopAsync();
        using HttpResponseMessage ready = await server.Client.GetAsync("/ready");
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.AreEqual("""{"status":"draining"}""", await ready.Content.ReadAsStringAsync());
        Assert.AreEqual("""{"status":"ok"}""", await server.Client.GetStringAsync("/health"));
        using HttpResponseMessage refused = await server.Client.PostAsync("/v1/completions", Requests.Short());
        await Requests.AssertErrorAsync(refused, 503, "server_error", "stopping");
        Assert.AreEqual(TimeSpan.FromSeconds(30), refused.Headers.RetryAfter!.Delta);
        string events = await stream.Content.ReadAsStringAsync();
        StringAssert.EndsWith(events, "data: [DONE]\n\n", StringComparison.Ordinal);
        await stopped;
        Assert.AreEqual(16, server.Engine.Statistics.RequestsAtLength);
    }

    [TestMethod]
    public async Task Drain_has_an_end()
    {
        var clock = new ManualClock();
        await using TestServer server = await TestServer.StartAsync(clock: clock);
        using HttpResponseMessage stream = await Requests.StartStreamAsync(server.Client);
        Task stopped = server.Server.StopAsync();
        clock.Advance(new ServerOptions().DrainTimeout);
        AssertEndsWithError(await stream.Content.ReadAsStringAsync(), "stopping");
        await stopped;
        await Requests.UntilIdleAsync(server.Engine);
    }

    private static void AssertEndsWithError(string events, string code)
    {
        string last = events.TrimEnd('\n').Split("\n\n")[^1];
        Requests.AssertError(JsonNode.Parse(last["data: ".Length..])!, "server_error", code);
        Assert.IsFalse(events.Contains("[DONE]", StringComparison.Ordinal));
    }
}
