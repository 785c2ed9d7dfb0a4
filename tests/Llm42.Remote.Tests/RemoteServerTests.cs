using System.Text.Json.Nodes;
using Llm42.Cli.Options;
using Llm42.Cli.Remote;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class RemoteServerTests
{
    private static readonly RemoteRequest Request = new() { Prompt = new RemotePrompt { Text = "x" }, MaxTokens = 5 };

    [TestMethod]
    public async Task First_model_is_asked_and_the_answer_is_read_whole()
    {
        await using var fake = FakeServer.OfModel(_ => ["a", "b", "c"]);
        using RemoteServer server = await OpenAsync(fake, key: "sk-1");
        int tokens = 0;
        RemoteAnswer answer = await server.AnswerAsync(Request with { HasLogprobs = true, Seed = 7, IsDeterministic = true, Temperature = 0.7f }, count => tokens += count, default);
        Assert.AreEqual("fake", server.Model);
        Assert.AreEqual("abc", answer.Text);
        Assert.AreEqual(3, tokens);
        Assert.AreEqual(3, answer.PieceTimes.Count);
        Assert.AreEqual(3, answer.CompletionTokens);
        FakeServer.Exchange asked = fake.Asked.Last();
        StringAssert.Contains(asked.Head, "Authorization: Bearer sk-1", StringComparison.Ordinal);
        Assert.AreEqual(
            """{"model":"fake","prompt":"x","max_tokens":5,"temperature":0.7,"stream":true,"stream_options":{"include_usage":true},"seed":7,"is_deterministic":true,"logprobs":1}""",
            Plain(asked.Body!));
    }

    [TestMethod]
    public void Body_of_a_chat_and_extra_fields()
    {
        JsonObject extra = JsonNode.Parse("""{"stream_options":null,"top_k":3,"temperature":1}""")!.AsObject();
        Assert.AreEqual(
            """{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":5,"temperature":1,"stream":true,"ignore_eos":true,"logprobs":true,"top_k":4}""",
            Plain((Request with { HasLogprobs = true, IgnoreEos = true, ExtraBody = new JsonObject { ["top_k"] = 4 } }).Body("m", RemoteEndpoint.Chat, extra)));
        Assert.AreEqual(
            """[1,2]""",
            (Request with { Prompt = new RemotePrompt { Ids = [1, 2] } }).Body("m", RemoteEndpoint.Completions, null)["prompt"]!.ToJsonString());
    }

    [TestMethod]
    public async Task Chat_is_asked_where_chats_are()
    {
        await using var fake = new FakeServer(async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.WriteAsync(": ping\r\ndata:{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n");
            await exchange.WriteAsync("data:{\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\r\n\r\n");
        });
        using RemoteServer server = await RemoteServer.OpenAsync(
            Options(fake) with { Model = "m", Endpoint = RemoteEndpoint.Chat }, TimeProvider.System, default);
        RemoteAnswer answer = await server.AnswerAsync(Request, null, default);
        Assert.AreEqual(("hi", 1), (answer.Text, answer.PieceTimes.Count), "an end without [DONE], behind a finish_reason, is one");
        Assert.AreEqual("/v1/chat/completions", fake.Asked.Single().Path);
    }

    [TestMethod]
    public async Task Errors_are_told_apart()
    {
        await using var fake = new FakeServer(async exchange =>
        {
            switch (exchange.Body?["prompt"]?.GetValue<string>())
            {
                case "busy":
                    await exchange.JsonAsync(429, """{"error": {"message": "slow down"}}""");
                    break;
                case "moved":
                    await exchange.JsonAsync(307, "{}", "Location: /v1/models\r\n");
                    break;
                case "reset":
                    await exchange.BeginStreamAsync();
                    await exchange.EventAsync(FakeServer.Exchange.Piece("a", false));
                    exchange.Reset();
                    break;
                case "short":
                    await exchange.BeginStreamAsync();
                    await exchange.EventAsync(FakeServer.Exchange.Piece("a", false));
                    break;
                case "garbage":
                    await exchange.BeginStreamAsync();
                    await exchange.WriteAsync("data: {\n\n");
                    break;
                case "failing":
                    await exchange.BeginStreamAsync();
                    await exchange.EventAsync(FakeServer.Exchange.Piece("a", false));
                    await exchange.WriteAsync("data: {\"error\":{\"message\":\"no memory\"}}\n\n");
                    break;
                case "whole":
                    await exchange.JsonAsync(200, """{"choices":[{"text":"ab","finish_reason":"stop"}]}""");
                    break;
            }
        });
        using RemoteServer server = await OpenAsync(fake, model: "m");
        await AssertFailsAsync("busy", "http_429", "slow down");
        await AssertFailsAsync("moved", "http_307", "307");
        await AssertFailsAsync("reset", "reset", "");
        await AssertFailsAsync("short", "incomplete", "ended before");
        await AssertFailsAsync("garbage", "malformed", "no JSON");
        await AssertFailsAsync("failing", "server_error", "no memory");
        Assert.AreEqual("ab", (await AskAsync("whole")).Text);
        Assert.HasCount(7, fake.Asked, "a redirect was followed, or something was asked again");

        Task<RemoteAnswer> AskAsync(string prompt) =>
            server.AnswerAsync(Request with { Prompt = new RemotePrompt { Text = prompt } }, null, default);

        async Task AssertFailsAsync(string prompt, string kind, string words)
        {
            RemoteException error = await Assert.ThrowsExactlyAsync<RemoteException>(() => AskAsync(prompt));
            Assert.AreEqual(kind, error.Error.Kind, error.ToString());
            StringAssert.Contains(error.Message, words, StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public async Task Silence_is_a_timeout_and_a_cancelled_wait_is_none()
    {
        var clock = new VirtualClock();
        var asked = new TaskCompletionSource();
        await using var fake = new FakeServer(async exchange =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, exchange.Stopped);
        });
        using RemoteServer server = await RemoteServer.OpenAsync(
            Options(fake) with { Model = "m", Timeout = TimeSpan.FromSeconds(20) }, clock, default);
        Task<RemoteAnswer> running = server.AnswerAsync(Request, null, default);
        await asked.Task;
        clock.RingNext();
        RemoteException error = await Assert.ThrowsExactlyAsync<RemoteException>(() => running);
        Assert.AreEqual("timeout", error.Error.Kind);
        StringAssert.Contains(error.Message, "20 s", StringComparison.Ordinal);

        asked = new TaskCompletionSource();
        using var cancel = new CancellationTokenSource();
        running = server.AnswerAsync(Request, null, cancel.Token);
        await asked.Task;
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => running);
    }

    [TestMethod]
    public async Task Nobody_there_is_a_connection_error()
    {
        var fake = new FakeServer(_ => Task.CompletedTask);
        RemoteOptions options = Options(fake);
        await fake.DisposeAsync();
        RemoteException error = await Assert.ThrowsExactlyAsync<RemoteException>(() => RemoteServer.OpenAsync(options, TimeProvider.System, default));
        Assert.AreEqual("connect", error.Error.Kind);
    }

    [TestMethod]
    [DataRow("""{"data":[]}""")]
    [DataRow("""[]""")]
    [DataRow("""nonsense""")]
    public async Task No_model_is_told(string models)
    {
        await using var fake = new FakeServer(exchange => exchange.JsonAsync(200, models));
        RemoteException error = await Assert.ThrowsExactlyAsync<RemoteException>(() => OpenAsync(fake));
        StringAssert.Contains(error.Message, "--model", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Token_ids_come_from_either_dialect_or_not_at_all()
    {
        foreach ((string name, bool isThere) in ((string, bool)[])[("prompt", true), ("content", true), ("neither", false)])
        {
            await using var fake = new FakeServer(exchange => exchange.Path == "/tokenize" && exchange.Body![name] is not null
                ? exchange.JsonAsync(200, """{"tokens":[1,5,7]}""")
                : exchange.JsonAsync(400, "{}"));
            using RemoteServer server = await OpenAsync(fake, model: "m");
            IReadOnlyList<int>? tokens = await server.TokenizeAsync("x", default);
            Assert.AreEqual(isThere ? "1,5,7" : "", string.Join(',', tokens ?? []));
        }
    }

    [TestMethod]
    [DataRow("http://h:8000", "http://h:8000/v1/", "http://h:8000/")]
    [DataRow("http://h:8000/", "http://h:8000/v1/", "http://h:8000/")]
    [DataRow("https://h/v1", "https://h/v1/", "https://h/")]
    [DataRow("https://h/a/v1/", "https://h/a/v1/", "https://h/a/")]
    [DataRow("https://h/openai", "https://h/openai/", "https://h/openai/")]
    public void Addresses(string text, string api, string root)
    {
        var address = ServerAddress.Parse(text);
        Assert.AreEqual((api, root), (address.Api.ToString(), address.Root.ToString()));
    }

    [TestMethod]
    [DataRow("h:8000")]
    [DataRow("ftp://h")]
    [DataRow("http://user:secret@h")]
    [DataRow("http://h?x")]
    public void Addresses_that_are_none(string text)
    {
        UsageException error = Assert.ThrowsExactly<UsageException>(() => ServerAddress.Parse(text));
        Assert.IsFalse(error.Message.Contains("secret", StringComparison.Ordinal));
    }

    private static RemoteOptions Options(FakeServer fake) => new() { Address = ServerAddress.Parse(fake.Address) };

    private static Task<RemoteServer> OpenAsync(FakeServer fake, string? key = null, string? model = null) =>
        RemoteServer.OpenAsync(Options(fake) with { ApiKey = key, Model = model }, TimeProvider.System, default);

    private static string Plain(JsonObject body) => body.ToJsonString();
}
