using System.Globalization;

namespace Llm42.Cli.Serving;

/// <summary>The figures of a report as rows of text: what the charts show, for those who do not see them.</summary>
internal static class FigureTable
{
    public static readonly IReadOnlyList<string> Columns = ["latency in ms", "class", "count", "mean", "P50", "P90", "P99", "max"];

    public static IEnumerable<string[]> Rows(ServingReport report)
    {
        foreach (LatencyKind kind in LatencyKind.All)
        {
            foreach (ClassFigures figures in report.Classes)
            {
                if (kind.Of(figures) is not { } latency)
                    continue;
                yield return
                [
                    kind.Short, figures.Name, latency.Count.ToString(CultureInfo.InvariantCulture), Text(latency.Mean), Text(latency.P50),
                    Text(latency.P90), Text(latency.P99), Text(latency.Max),
                ];
            }
        }
    }

    private static string Text(double seconds) => (1000 * seconds).ToString("0.00", CultureInfo.InvariantCulture);
}
