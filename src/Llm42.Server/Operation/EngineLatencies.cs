using System.Diagnostics.Metrics;

namespace Llm42.Server.Operation;

/// <summary>Listens to the durations that one engine records in the meter "Llm42".</summary>
internal sealed class EngineLatencies : IDisposable
{
    private const string MeterName = "Llm42";
    private const string EngineTag = "llm42.engine";

    private readonly MeterListener _listener = new();

    public EngineLatencies(string engine)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == MeterName
                && instrument.Meter.Tags?.Any(tag => tag.Key == EngineTag && Equals(tag.Value, engine)) == true
                && HistogramOf(instrument.Name) is { } histogram)
                listener.EnableMeasurementEvents(instrument, histogram);
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, _, histogram) => ((LatencyHistogram)histogram!).Add(seconds));
        _listener.Start();
    }

    public LatencyHistogram QueueTime { get; } = Create();

    public LatencyHistogram TimeToFirstToken { get; } = Create();

    public LatencyHistogram TimeBetweenTokens { get; } = Create();

    public LatencyHistogram Step { get; } = Create();

    public void Dispose() => _listener.Dispose();

    private static LatencyHistogram Create() => new(
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]);

    private LatencyHistogram? HistogramOf(string instrument) => instrument switch
    {
        "llm42.request.queue_time" => QueueTime,
        "llm42.request.time_to_first_token" => TimeToFirstToken,
        "llm42.request.time_between_tokens" => TimeBetweenTokens,
        "llm42.step.duration" => Step,
        _ => null,
    };
}
