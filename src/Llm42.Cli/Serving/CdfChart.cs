using System.Globalization;
using System.Text;
using Llm42.Cli.Statistics;

namespace Llm42.Cli.Serving;

/// <summary>Draws the cumulative distributions of a latency by class, as SVG.</summary>
internal static class CdfChart
{
    public const int Width = 560;
    public const int Height = 340;

    private const int Left = 62;
    private const int Right = Width - 16;
    private const int Top = 50;
    private const int Bottom = Height - 58;

    /// <summary>A curve of more steps than points of the picture is no finer.</summary>
    private const int MostSteps = 400;

    /// <summary>Colours for light and for dark, told by what the reader's system prefers.</summary>
    public const string Style = """
        .chart{--ink:#1b1f24;--faint:#d5d9de;--paper:#ffffff;--a:#0b5fae;--b:#b3470b;font-family:system-ui,sans-serif;color:#1b1f24}
        @media (prefers-color-scheme:dark){.chart{--ink:#e6e9ec;--faint:#3d444c;--paper:#15191e;--a:#6cb6ff;--b:#ffa763;color:#e6e9ec}}
        .chart .paper{fill:var(--paper)}
        .chart text{fill:var(--ink);font-size:12px}
        .chart .title{font-size:15px;font-weight:600}
        .chart .axis{stroke:var(--ink);stroke-width:1}
        .chart .grid{stroke:var(--faint);stroke-width:1}
        .chart .curve{fill:none;stroke-width:2}
        .chart .c0{stroke:var(--a)}
        .chart .c1{stroke:var(--b);stroke-dasharray:7 3}
        """;

    /// <summary>The latency was measured at all.</summary>
    public static bool HasData(ServingReport report, LatencyKind kind) => report.ShownClasses.Any(figures => kind.Of(figures) is not null);

    /// <summary>Writes the elements of the chart, without an svg element around them.</summary>
    public static void Write(StringBuilder svg, ServingReport report, LatencyKind kind)
    {
        var series = new List<(string Name, LatencySummary Latency)>();
        foreach (ClassFigures figures in report.ShownClasses)
        {
            if (kind.Of(figures) is { } latency)
                series.Add((figures.Name, latency));
        }

        var scale = ChartScale.Of(
            1000 * series.Min(one => one.Latency.Sorted[0]), 1000 * series.Max(one => one.Latency.Max));
        Line(svg, $"<rect class=\"paper\" width=\"{Width}\" height=\"{Height}\"/>");
        Line(svg, $"<text class=\"title\" x=\"{Left}\" y=\"22\">{kind.Short}: {kind.Name}</text>");
        WriteAxes(svg, scale, kind);
        for (int i = 0; i < series.Count; i++)
        {
            WriteCurve(svg, scale, series[i].Latency, i);
            int x = Left + (i * 150);
            Line(svg, $"<line class=\"curve c{i}\" x1=\"{x}\" y1=\"34\" x2=\"{x + 28}\" y2=\"34\"/>");
            Line(svg, $"<text x=\"{x + 34}\" y=\"38\">{series[i].Name}</text>");
        }
    }

    /// <summary>What the chart shows, in words.</summary>
    public static string Describe(ServingReport report, LatencyKind kind) =>
        $"Cumulative distribution of the {kind.Name}: " + string.Join("; ", report.ShownClasses
            .Where(figures => kind.Of(figures) is not null)
            .Select(figures => string.Create(
                CultureInfo.InvariantCulture,
                $"{figures.Name}: P50 {1000 * kind.Of(figures)!.P50:0.##} ms, P90 {1000 * kind.Of(figures)!.P90:0.##} ms, P99 {1000 * kind.Of(figures)!.P99:0.##} ms"))) + ".";

    private static void WriteAxes(StringBuilder svg, ChartScale scale, LatencyKind kind)
    {
        for (int percent = 0; percent <= 100; percent += 25)
        {
            double y = Y(percent / 100.0);
            Line(svg, $"<line class=\"grid\" x1=\"{Left}\" y1=\"{y:0.#}\" x2=\"{Right}\" y2=\"{y:0.#}\"/>");
            Line(svg, $"<text x=\"{Left - 8}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{percent}%</text>");
        }

        foreach (double tick in scale.Ticks)
        {
            double x = X(scale, tick);
            Line(svg, $"<line class=\"grid\" x1=\"{x:0.#}\" y1=\"{Top}\" x2=\"{x:0.#}\" y2=\"{Bottom}\"/>");
            Line(svg, $"<text x=\"{x:0.#}\" y=\"{Bottom + 18}\" text-anchor=\"middle\">{tick:0.####}</text>");
        }

        Line(svg, $"<path class=\"axis\" fill=\"none\" d=\"M{Left} {Top}V{Bottom}H{Right}\"/>");
        Line(svg, $"<text x=\"{(Left + Right) / 2}\" y=\"{Bottom + 42}\" text-anchor=\"middle\">{kind.Short} in ms{(scale.IsLogarithmic ? ", logarithmic" : "")}</text>");
        Line(svg, $"<text transform=\"translate(16 {(Top + Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">share at or below</text>");
    }

    private static void WriteCurve(StringBuilder svg, ChartScale scale, LatencySummary latency, int index)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"curve c{index}\" d=\"M{X(scale, 1000 * latency.Sorted[0]):0.#} {Bottom}");
        int steps = Math.Min(latency.Count, MostSteps);
        for (int i = 1; i <= steps; i++)
        {
            // With few values, the empirical steps themselves.
            double value = latency.Count <= MostSteps ? latency.Sorted[i - 1] : Quantile.Of(latency.Sorted, (double)i / steps);
            svg.Append(CultureInfo.InvariantCulture, $"H{X(scale, 1000 * value):0.#}V{Y((double)i / steps):0.#}");
        }

        svg.Append(CultureInfo.InvariantCulture, $"H{Right}\"/>\n");
    }

    private static double X(ChartScale scale, double milliseconds) => Left + (scale.Place(milliseconds) * (Right - Left));

    private static double Y(double share) => Bottom - (share * (Bottom - Top));

    private static void Line(StringBuilder svg, FormattableString text) => svg.Append(FormattableString.Invariant(text)).Append('\n');
}
