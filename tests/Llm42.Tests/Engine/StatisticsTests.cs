using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Llm42.Core.Observability;

namespace Llm42.Tests.Engine;

/// <summary>The engine's totals and metrics as a user of the package sees them.</summary>
[TestClass]
public sealed class StatisticsTests
{
    [TestMethod]
    public async Task Totals_count_what_was_answered_until_they_are_reset()
    {
        await using var engine = FakeEngine.Alphabet(out _);
        var result = await engine.CompleteAsync("abc", new GenerationOptions { MaxTokens = 5, Temperature = 0 });
        Assert.AreEqual(1, engine.Statistics.RequestsAtLength);
        Assert.AreEqual(5, engine.Statistics.OrdinaryTokens);
        Assert.AreEqual(result.Usage.PromptTokens, engine.Statistics.PromptTokens);
        engine.ResetStatistics();
        Assert.AreEqual(new EngineStatistics(), engine.Statistics with { Load = default });
    }

    [TestMethod]
    public async Task Metrics_bear_the_name_of_their_engine()
    {
        const string Name = nameof(Metrics_bear_the_name_of_their_engine);
        var seen = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Llm42" && instrument.Meter.Tags!.Contains(new("llm42.engine", Name)))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            Assert.AreEqual(new("llm42.engine", Name), tags[0]);
            seen[instrument.Name] = value;
        });
        listener.Start();
        await using var engine = await Stories.LoadAsync(new InferenceEngineOptions { Threads = 1, Name = Name });
        await engine.CompleteAsync(Stories.Prompt, new GenerationOptions { MaxTokens = 5, IsDeterministic = true });
        listener.RecordObservableInstruments();
        Assert.AreEqual(engine.Statistics.PromptTokens, seen["llm42.tokens.prompt"]);
        Assert.IsGreaterThan(0, seen["llm42.tokens.prompt"]);
    }
}
