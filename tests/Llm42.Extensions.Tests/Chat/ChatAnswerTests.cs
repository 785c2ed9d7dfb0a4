using Llm42.Core.Engine;
using Llm42.Extensions.AI;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.Tests.Chat;

[TestClass]
public sealed class ChatAnswerTests
{
    private const string Call = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\", \"days\": 2}}\n</tool_call>";

    private static readonly ChatOptions Tools = new()
    {
        Tools = [AIFunctionFactory.CreateDeclaration("get_weather", "Tells the weather.", AIJsonUtilities.CreateJsonSchema(typeof(object)))],
    };

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Calls_in_an_answer_become_calls()
    {
        await using InferenceEngine engine = ScriptedEngine.Create($"Let me see. {Call}{Call}", out _);
        ChatResponse response = await engine.AsIChatClient("m").GetResponseAsync("weather?", Tools, TestContext.CancellationToken);
        Assert.AreEqual(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.AreEqual("m", response.ModelId);
        ChatMessage message = response.Messages.Single();
        Assert.AreEqual(ChatRole.Assistant, message.Role);
        Assert.AreEqual("Let me see.", message.Text);
        FunctionCallContent[] calls = [.. message.Contents.OfType<FunctionCallContent>()];
        Assert.HasCount(2, calls);
        Assert.AreNotEqual(calls[0].CallId, calls[1].CallId);

        // Templates may show ids to the model in the next turn: a deterministic conversation needs the same ones again.
        ChatResponse again = await engine.AsIChatClient("m").GetResponseAsync("weather?", Tools, TestContext.CancellationToken);
        CollectionAssert.AreEqual(
            calls.Select(call => call.CallId).ToArray(),
            again.Messages.Single().Contents.OfType<FunctionCallContent>().Select(call => call.CallId).ToArray());
        ChatResponse other = await engine.AsIChatClient("m").GetResponseAsync("weather!", Tools, TestContext.CancellationToken);
        Assert.AreNotEqual(calls[0].CallId, other.Messages.Single().Contents.OfType<FunctionCallContent>().First().CallId);
        foreach (FunctionCallContent call in calls)
        {
            Assert.AreEqual("get_weather", call.Name);
            Assert.IsNull(call.Exception);
            CollectionAssert.AreEquivalent(new[] { "city", "days" }, call.Arguments!.Keys.ToArray());
            Assert.AreEqual("Rome", call.Arguments["city"]!.ToString());
        }
    }

    [TestMethod]
    public async Task Who_wants_one_call_at_a_time_gets_the_first()
    {
        await using InferenceEngine engine = ScriptedEngine.Create($"{Call}{Call.Replace("Rome", "Oslo", StringComparison.Ordinal)}", out _);
        ChatOptions options = Tools.Clone();
        options.AllowMultipleToolCalls = false;
        ChatResponse response = await engine.AsIChatClient().GetResponseAsync("weather?", options, TestContext.CancellationToken);
        FunctionCallContent call = (FunctionCallContent)response.Messages.Single().Contents.Single();
        Assert.AreEqual("Rome", call.Arguments!["city"]!.ToString());
        Assert.AreEqual(ChatFinishReason.ToolCalls, response.FinishReason);
    }

    [TestMethod]
    public async Task Without_tools_the_same_answer_is_text()
    {
        await using InferenceEngine engine = ScriptedEngine.Create(Call, out _);
        ChatResponse response = await engine.AsIChatClient().GetResponseAsync("weather?", null, TestContext.CancellationToken);
        Assert.AreEqual(ChatFinishReason.Stop, response.FinishReason);
        Assert.AreEqual(Call, response.Text);
    }

    [TestMethod]
    public async Task A_stream_never_shows_the_text_of_a_call()
    {
        await using InferenceEngine engine = ScriptedEngine.Create($"One. {Call} Two.", out _);
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in engine.AsIChatClient().GetStreamingResponseAsync("weather?", Tools, TestContext.CancellationToken))
            updates.Add(update);
        Assert.AreEqual("One. Two.", string.Concat(updates.Select(update => update.Text)));
        Assert.HasCount(1, updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>());
        Assert.HasCount(1, updates.Select(update => update.ResponseId).Distinct());
        Assert.AreEqual(ChatFinishReason.ToolCalls, updates[^1].FinishReason);
        Assert.IsTrue(updates.SkipLast(1).All(update => update.FinishReason is null && update.AdditionalProperties is null));
        Assert.IsTrue(updates.All(update => update.Role == ChatRole.Assistant));
    }

    [TestMethod]
    public async Task Pieces_come_as_the_engine_commits_them()
    {
        // The engine is held before its fourth token until three have been seen.
        using var seen = new SemaphoreSlim(0);
        await using InferenceEngine engine = ScriptedEngine.Create("abcdef", out ScriptedEngine script);
        script.BeforeStep = tokens =>
        {
            if (tokens == 3)
                seen.Wait();
        };
        string text = "";
        await foreach (ChatResponseUpdate update in engine.AsIChatClient().GetStreamingResponseAsync("x", null, TestContext.CancellationToken))
        {
            text += update.Text;
            if (text == "abc")
                seen.Release();
        }

        Assert.AreEqual("abcdef", text);
    }

    [TestMethod]
    public async Task Usage_and_the_reason_of_the_end_are_told()
    {
        await using InferenceEngine engine = ScriptedEngine.Create(new string('a', 40), out _);
        IChatClient client = engine.AsIChatClient();
        string question = new('q', 100);
        for (int i = 0; i < 2; i++)
        {
            ChatResponse response = await client.GetResponseAsync(question, new ChatOptions { MaxOutputTokens = 7 }, TestContext.CancellationToken);
            Assert.AreEqual(ChatFinishReason.Length, response.FinishReason);
            Assert.AreEqual("aaaaaaa", response.Text);
            int prompt = $"<user>{question};<assistant>".Length;
            Assert.AreEqual(prompt, response.Usage!.InputTokenCount);
            Assert.AreEqual(7, response.Usage.OutputTokenCount);
            Assert.AreEqual(prompt + 7, response.Usage.TotalTokenCount);
            // The second time whole pages of 16 are there already.
            Assert.AreEqual(i == 0 ? 0 : prompt / 16 * 16, response.Usage.CachedInputTokenCount);
            Assert.HasCount(7, ((GenerationResult)response.RawRepresentation!).Tokens);
        }

        ChatResponse stopped = await client.GetResponseAsync("x", new ChatOptions { StopSequences = ["aaa"] }, TestContext.CancellationToken);
        Assert.AreEqual(ChatFinishReason.Stop, stopped.FinishReason);
        Assert.AreEqual("", stopped.Text);
    }

    [TestMethod]
    public async Task A_cancelled_answer_throws_and_the_client_goes_on()
    {
        using var cancel = new CancellationTokenSource();
        await using InferenceEngine engine = ScriptedEngine.Create(new string('a', 500), out _);
        IChatClient client = engine.AsIChatClient();
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("x", null, cancel.Token))
                await cancel.CancelAsync();
        });
        Assert.AreEqual("aa", (await client.GetResponseAsync("x", new ChatOptions { MaxOutputTokens = 2 }, TestContext.CancellationToken)).Text);
    }

    [TestMethod]
    public async Task An_engine_disposed_in_mid_answer_is_no_whole_answer()
    {
        InferenceEngine engine = ScriptedEngine.Create(new string('a', 500), out ScriptedEngine script);
        var disposal = new TaskCompletionSource<Task>();
        script.BeforeStep = tokens =>
        {
            // What disposes waits for this very step.
            if (tokens == 5)
            {
                disposal.SetResult(engine.DisposeAsync().AsTask());
            }
        };
        OperationCanceledException error = await Assert.ThrowsAsync<OperationCanceledException>(
            () => engine.AsIChatClient().GetResponseAsync("x", null, TestContext.CancellationToken));
        StringAssert.Contains(error.Message, "disposed", StringComparison.Ordinal);
        await await disposal.Task;
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.AsIChatClient().GetResponseAsync("x", null, TestContext.CancellationToken));
    }

    [TestMethod]
    public async Task A_full_queue_is_told_as_it_is()
    {
        using var go = new ManualResetEventSlim();
        using var runs = new SemaphoreSlim(0);
        var options = new EngineOptions { MaxSequences = 1, QueueCapacity = 1 };
        await using InferenceEngine engine = ScriptedEngine.Create("ab", out ScriptedEngine script, options: options);
        script.BeforeStep = _ =>
        {
            runs.Release();
            go.Wait();
        };
        IChatClient client = engine.AsIChatClient();
        Task<ChatResponse> first = client.GetResponseAsync("x", null, TestContext.CancellationToken);
        await runs.WaitAsync(TestContext.CancellationToken);
        Task<ChatResponse> second = client.GetResponseAsync("x", null, TestContext.CancellationToken);
        await Assert.ThrowsExactlyAsync<EngineQueueFullException>(() => client.GetResponseAsync("x", null, TestContext.CancellationToken));
        go.Set();
        Assert.AreEqual("abab", (await first).Text + (await second).Text);
    }

    [TestMethod]
    public async Task Services_of_a_client_can_be_had()
    {
        await using InferenceEngine engine = ScriptedEngine.Create("", out _);
        using IChatClient client = engine.AsIChatClient();
        Assert.AreSame(engine, client.GetService<InferenceEngine>());
        Assert.AreSame(client, client.GetService<IChatClient>());
        Assert.IsNull(client.GetService<InferenceEngine>("key"));
        Assert.IsNull(client.GetService<string>());
        ChatClientMetadata metadata = client.GetService<ChatClientMetadata>()!;
        Assert.AreEqual("llm42", metadata.ProviderName);
        Assert.AreEqual("scripted", metadata.DefaultModelId);
        client.Dispose();
        Assert.IsTrue(engine.IsRunning, "a client does not own its engine");
    }

    [TestMethod]
    public async Task What_was_guaranteed_is_told()
    {
        await using InferenceEngine engine = ScriptedEngine.Create("abc", out _);
        ChatResponse response = await engine.AsIChatClient().GetResponseAsync(
            "x", new ChatOptions { Seed = 7, AdditionalProperties = new() { [Llm42ChatProperties.IsDeterministic] = true } }, TestContext.CancellationToken);
        var guarantee = (Guarantee)response.AdditionalProperties![Llm42ChatProperties.Guarantee]!;
        Assert.IsTrue(guarantee.IsDeterministic);
        Assert.AreEqual(7UL, guarantee.Seed);
        Assert.AreEqual("fingerprint", guarantee.Fingerprint);
        Assert.AreEqual("fake-1", guarantee.NumericsProfile);
        Assert.AreEqual("scripted", guarantee.Receipt!.Model.Name);

        response = await engine.AsIChatClient().GetResponseAsync("x", null, TestContext.CancellationToken);
        guarantee = (Guarantee)response.AdditionalProperties![Llm42ChatProperties.Guarantee]!;
        Assert.IsFalse(guarantee.IsDeterministic);
        Assert.IsNull(guarantee.Receipt);
    }

    [TestMethod]
    public async Task Settings_that_give_the_guarantee_up_are_told()
    {
        var options = new EngineOptions { SkipMismatch = 0, Determinism = DeterminismMode.Dvr };
        await using InferenceEngine engine = ScriptedEngine.Create("abc", out _, options: options);
        ChatResponse response = await engine.AsIChatClient().GetResponseAsync(
            "x", new ChatOptions { AdditionalProperties = new() { [Llm42ChatProperties.IsDeterministic] = true } }, TestContext.CancellationToken);
        var guarantee = (Guarantee)response.AdditionalProperties![Llm42ChatProperties.Guarantee]!;
        Assert.IsFalse(guarantee.IsDeterministic);
        Assert.IsNull(guarantee.Receipt);
    }
}
