using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Llm42.Extensions.AI;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.Tests.Chat;

/// <summary>Chats with the embedded model.</summary>
[TestClass]
public sealed class ModelChatTests
{
    private static readonly ChatModel Model = new();
    private static InferenceEngine _engine = null!;
    private static IChatClient _client = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static async Task LoadAsync(TestContext context)
    {
        _engine = await InferenceEngine.LoadAsync(
            Model.Path, new InferenceEngineOptions { Name = "chat", PlannedThreads = 64 }, progress: null, context.CancellationToken);
        _client = _engine.AsIChatClient("demo");
    }

    [ClassCleanup]
    public static async Task DisposeAsync()
    {
        await _engine.DisposeAsync();
        Model.Dispose();
    }

    [TestMethod]
    public async Task A_deterministic_answer_comes_again_streamed_or_not_amid_load_and_from_its_receipt()
    {
        ChatOptions options = Options(deterministic: true);
        ChatResponse alone = await _client.GetResponseAsync("In the beginning", options, TestContext.CancellationToken);
        var guarantee = (Guarantee)alone.AdditionalProperties!["llm42"]!;
        Assert.IsTrue(guarantee.IsDeterministic);
        Assert.AreEqual(_engine.Engine.Fingerprint, guarantee.Fingerprint);

        using var end = new CancellationTokenSource();
        Task[] load = [.. Enumerable.Range(0, 5).Select(i => Task.Run(() => LoadAsync(i, end.Token)))];
        ChatResponse streamed = await _client.GetStreamingResponseAsync("In the beginning", options, TestContext.CancellationToken)
            .ToChatResponseAsync(TestContext.CancellationToken);
        await end.CancelAsync();
        await Task.WhenAll(load);
        Assert.AreEqual(alone.Text, streamed.Text);
        Assert.AreEqual(guarantee.Receipt!.Output.Digest, ((Guarantee)streamed.AdditionalProperties!["llm42"]!).Receipt!.Output.Digest);

        Assert.IsNull((await _engine.ReplayAsync(guarantee.Receipt, TestContext.CancellationToken)).Difference);
        // Another seed gives another answer: the comparison above could have failed.
        options.Seed++;
        Assert.AreNotEqual(alone.Text, (await _client.GetResponseAsync("In the beginning", options, TestContext.CancellationToken)).Text);
    }

    [TestMethod]
    public async Task The_span_of_a_chat_is_its_callers_child_and_its_tokens_are_counted()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Llm42",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        long committed = 0;
        using var meter = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "Llm42" && instrument.Name == "llm42.tokens.committed")
                    self.EnableMeasurementEvents(instrument);
            },
        };
        meter.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (tags.ToArray().Contains(new("llm42.engine", "chat")) && tags.ToArray().Contains(new("llm42.deterministic", true)))
                committed = value;
        });
        meter.Start();
        meter.RecordObservableInstruments();
        long before = committed;

        using Activity caller = new Activity("caller").Start();
        ChatResponse response = await _client.GetResponseAsync("In the beginning", Options(deterministic: true), TestContext.CancellationToken);
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in _client.GetStreamingResponseAsync("And God said", Options(deterministic: true), TestContext.CancellationToken))
            updates.Add(update);
        Assert.AreSame(caller, Activity.Current);

        // The listener hears the whole process, and a span ends before its caller is told.
        Activity[] ours = [.. spans.Where(span => span.GetTagItem("llm42.engine") is "chat")];
        Assert.HasCount(2, ours);
        foreach (Activity span in ours)
        {
            Assert.AreEqual(caller.TraceId, span.TraceId);
            Assert.AreEqual(caller.SpanId, span.ParentSpanId);
            Assert.AreEqual(true, span.GetTagItem("llm42.deterministic"));
        }

        Assert.AreEqual((int)response.Usage!.OutputTokenCount!.Value, ours[0].GetTagItem("gen_ai.usage.output_tokens"));
        meter.RecordObservableInstruments();
        long streamed = updates[^1].Contents.OfType<UsageContent>().Single().Details.OutputTokenCount!.Value;
        Assert.AreEqual(response.Usage.OutputTokenCount + streamed, committed - before);
    }

    private static ChatOptions Options(bool deterministic) => new()
    {
        Temperature = 0.7f,
        Seed = 42,
        MaxOutputTokens = 40,
        AdditionalProperties = new() { [Llm42ChatProperties.IsDeterministic] = deterministic },
    };

    private static async Task LoadAsync(int seed, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
            await _client.GetResponseAsync("And he said", new ChatOptions { Seed = seed, MaxOutputTokens = 10 + seed }, CancellationToken.None);
    }
}
