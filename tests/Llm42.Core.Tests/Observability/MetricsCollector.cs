using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Llm42.Core.Observability;

namespace Llm42.Core.Tests.Observability;

/// <summary>Collects the measurements of one engine, as an exporter would.</summary>
internal sealed class MetricsCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Key, double Value)> _histograms = new();
    private readonly ConcurrentDictionary<string, double> _observed = new();
    private readonly ConcurrentDictionary<string, string?> _units = new();

    public MetricsCollector(string engine)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == EngineInstruments.MeterName && instrument.Meter.Tags!.Single().Value as string == engine)
            {
                _units[instrument.Name] = instrument.Unit;
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.MeasurementsCompleted = (instrument, _) => _units.TryRemove(instrument.Name, out string? _);
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _observed[Key(instrument, tags, engine)] = value);
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            if (instrument.IsObservable)
                _observed[Key(instrument, tags, engine)] = value;
            else
                _histograms.Enqueue((Key(instrument, tags, engine), value));
        });
        _listener.Start();
    }

    /// <summary>Units of the instruments that are open, by their names.</summary>
    public IReadOnlyDictionary<string, string?> Units => _units;

    /// <summary>The counters and gauges as they are now: "name" or "name tag=value".</summary>
    public IReadOnlyDictionary<string, double> Observe()
    {
        _observed.Clear();
        _listener.RecordObservableInstruments();
        return _observed.ToDictionary();
    }

    /// <summary>What a histogram was told, in order.</summary>
    public double[] Recorded(string key) => [.. _histograms.Where(entry => entry.Key == key).Select(entry => entry.Value)];

    public void Dispose() => _listener.Dispose();

    private static string Key(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags, string engine)
    {
        Assert.AreEqual(new("llm42.engine", engine), tags[0], instrument.Name);
        return string.Join(' ', [instrument.Name, .. tags[1..].ToArray().Select(tag => $"{tag.Key}={tag.Value}")]);
    }
}
