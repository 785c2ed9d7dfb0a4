using System.Globalization;
using System.Text;

namespace Llm42.Server.Operation;

/// <summary>Writes Prometheus' text format, version 0.0.4.</summary>
internal sealed class MetricsWriter
{
    private const string Prefix = "llm42_";

    private readonly StringBuilder _text = new();

    public override string ToString() => _text.ToString();

    /// <summary>A count that only grows; its name is given without "_total".</summary>
    public void Counter(string name, string help, double value) => Counter(name, help, [("", value)]);

    /// <summary>Counts that only grow, by labels as <see cref="Label"/> makes them.</summary>
    public void Counter(string name, string help, IEnumerable<(string Labels, double Value)> samples)
    {
        Head($"{name}_total", "counter", help);
        foreach (var (labels, value) in samples)
            Sample($"{name}_total", labels, value);
    }

    /// <summary>A figure that goes up and down.</summary>
    public void Gauge(string name, string help, double value, string labels = "")
    {
        Head(name, "gauge", help);
        Sample(name, labels, value);
    }

    /// <summary>Durations, by labels; the name is given without "_seconds".</summary>
    public void Histogram(string name, string help, IEnumerable<(string Labels, LatencyHistogram Histogram)> series)
    {
        name += "_seconds";
        Head(name, "histogram", help);
        foreach (var (labels, histogram) in series)
        {
            var (counts, sum) = histogram.Read();
            long below = 0;
            for (var i = 0; i < counts.Length; i++)
            {
                below += counts[i];
                var bound = Label("le", i < histogram.Bounds.Count ? Number(histogram.Bounds[i]) : "+Inf");
                Sample($"{name}_bucket", labels.Length == 0 ? bound : $"{labels},{bound}", below);
            }
            Sample($"{name}_sum", labels, sum);
            Sample($"{name}_count", labels, below);
        }
    }

    /// <summary>A label with its value, escaped.</summary>
    public static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private void Head(string name, string type, string help) =>
        _text.Append("# HELP ").Append(Prefix).Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(Prefix).Append(name).Append(' ').Append(type).Append('\n');

    private void Sample(string name, string labels, double value)
    {
        _text.Append(Prefix).Append(name);
        if (labels.Length > 0)
            _text.Append('{').Append(labels).Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
    }
}
