using System.Diagnostics.Metrics;
using Llm42.Core.Execution;

namespace Llm42.Core.Observability;

/// <summary>
/// The instruments of one engine in the meter "Llm42". Counters and gauges are observable ones: nothing happens for
/// them until somebody collects.
/// </summary>
internal sealed class EngineInstruments : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Llm42";

    private const string EngineTag = "llm42.engine";
    private const string DeterministicTag = "llm42.deterministic";
    private const string FinishReasonTag = "llm42.finish_reason";
    private const string NumericsTag = "llm42.numerics";
    private const string StateTag = "llm42.state";

    // Seconds. A step of a small model takes a fraction of a millisecond, a long prompt on few cores minutes.
    private static readonly InstrumentAdvice<double> Latencies = new()
    {
        HistogramBucketBoundaries =
        [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
        ],
    };

    private readonly Meter _meter;
    private readonly EngineTotals _totals;
    private readonly KeyValuePair<string, object?> _engine;
    private readonly Histogram<double> _queueTime;
    private readonly Histogram<double> _stepDuration;
    private readonly Histogram<double> _timeToFirstToken;
    private readonly Histogram<double> _timeBetweenTokens;

    /// <summary>Instruments that show the totals.</summary>
    /// <param name="engine">Name of the engine: tells its measurements from those of others in the process.</param>
    /// <param name="totals">Where counters and gauges are read when somebody collects.</param>
    public EngineInstruments(string engine, EngineTotals totals)
    {
        _totals = totals;
        _engine = new(EngineTag, engine);

        // The tag is on the meter as well, since collectors take instruments of equal meters for one instrument, and
        // would close it for both engines when the first one ends.
        _meter = new Meter(new MeterOptions(MeterName) { Tags = [_engine] });
        _queueTime = Latency("llm42.request.queue_time", "From the arrival of a request to the step with its first row.");
        _timeToFirstToken = Latency("llm42.request.time_to_first_token", "From the arrival of a request to its first committed token.");
        _timeBetweenTokens = Latency(
            "llm42.request.time_between_tokens", "From a committed token to the next one of the request; tokens committed by one step follow each other in 0 s.");
        _stepDuration = Latency("llm42.step.duration", "From forming a batch to having its tokens committed.");
        CreateCounters();
        CreateGauges();
    }

    /// <summary>Somebody listens to durations.</summary>
    public bool NeedTime =>
        _queueTime.Enabled || _stepDuration.Enabled || _timeToFirstToken.Enabled || _timeBetweenTokens.Enabled;

    public void RecordQueueTime(TimeSpan time) => Record(_queueTime, time, _engine);

    public void RecordTimeToFirstToken(TimeSpan time) => Record(_timeToFirstToken, time, _engine);

    public void RecordTimeBetweenTokens(TimeSpan time) => Record(_timeBetweenTokens, time, _engine);

    public void RecordStep(TimeSpan time, Numerics numerics) =>
        Record(_stepDuration, time, _engine, new(NumericsTag, NameOf(numerics)));

    public void Dispose() => _meter.Dispose();

    private static string NameOf(Numerics numerics) => numerics == Numerics.Invariant ? "invariant" : "fast";

    private static void Record(Histogram<double> histogram, TimeSpan time, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        try
        {
            histogram.Record(time.TotalSeconds, tags);
        }
#pragma warning disable CA1031 // A listener's fault must not cost the requests their answers.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private void CreateCounters()
    {
        Counter("llm42.tokens.prompt", "{token}", "Prompt tokens of requests that ran or ended.", Total.PromptTokens);
        Counter("llm42.tokens.cached", "{token}", "Prompt tokens found in the prefix cache.", Total.CachedTokens);
        Counter(
            "llm42.tokens.committed", "{token}", "Tokens committed.", DeterministicTag,
            (false, Total.OrdinaryTokens), (true, Total.DeterministicTokens));
        Counter("llm42.tokens.drafted", "{token}", "Draft tokens proposed.", Total.TokensDrafted);
        Counter("llm42.tokens.accepted", "{token}", "Draft tokens committed.", Total.TokensAccepted);
        Counter("llm42.tokens.bonus", "{token}", "Tokens committed behind windows whose drafts were all accepted.", Total.BonusTokens);
        Counter("llm42.tokens.rolled_back", "{token}", "Draft tokens rolled back.", Total.TokensRolledBack);
        Counter("llm42.verify.windows", "{window}", "Windows of one draft or more that were verified.", Total.VerificationWindows);
        Counter("llm42.verify.rows", "{row}", "Rows of those windows.", Total.VerifyRows);
        Counter("llm42.verify.rollbacks", "{rollback}", "Windows of which drafts were rolled back.", Total.Rollbacks);
        Counter("llm42.preemptions", "{preemption}", "Times that a request lost its KV pages.", Total.Preemptions);
        Counter(
            "llm42.requests", "{request}", "Requests that ended.", FinishReasonTag,
            ("stop", Total.Stopped), ("length", Total.ReachedLength), ("cancelled", Total.Cancelled), ("error", Total.Failed));
        Counter(
            "llm42.steps", "{step}", "Steps that ran.", NumericsTag,
            (NameOf(Numerics.Fast), Total.FastSteps), (NameOf(Numerics.Invariant), Total.InvariantSteps));
    }

    private void CreateGauges()
    {
        _meter.CreateObservableGauge(
            "llm42.tokens.recomputed_share",
            () => new Measurement<double>(_totals.RecomputedShare, _engine),
            "1", "Tokens rolled back over tokens committed to deterministic requests, since the engine started.");
        Gauge(
            "llm42.sequences", "{sequence}", "Sequences in the engine.",
            load => [("running", load.Running), ("waiting", load.Waiting)]);
        Gauge(
            "llm42.kv.pages", "{page}", "KV pages.",
            load => [("free", load.FreePages), ("cached", load.CachedPages), ("owned", load.OwnedPages)]);
    }

    private void Gauge(string name, string unit, string description, Func<EngineLoad, (string State, int Value)[]> read) =>
        _meter.CreateObservableGauge(
            name,
            () => read(_totals.Load).Select(part => new Measurement<long>(part.Value, _engine, new(StateTag, part.State))),
            unit, description);

    private Histogram<double> Latency(string name, string description) =>
        _meter.CreateHistogram(name, "s", description, null, Latencies);

    private void Counter(string name, string unit, string description, Total total) =>
        _meter.CreateObservableCounter(name, () => new Measurement<long>(_totals[total], _engine), unit, description);

    private void Counter<T>(
        string name, string unit, string description, string tag, params (T Value, Total Total)[] parts) =>
        _meter.CreateObservableCounter(
            name,
            () => parts.Select(part => new Measurement<long>(_totals[part.Total], _engine, new(tag, part.Value))),
            unit, description);
}
