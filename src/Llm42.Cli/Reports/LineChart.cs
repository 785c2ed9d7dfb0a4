using System.Globalization;
using System.Net;
using System.Text;
using Llm42.Cli.Serving;

namespace Llm42.Cli.Reports;

/// <summary>A curve.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Points">Its points, ascending in x; one or more.</param>
/// <param name="HasLine">They are joined.</param>
internal sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points, bool HasLine = true);

/// <summary>Draws curves over two axes, each logarithmic where its values are of several orders of magnitude.</summary>
internal static class LineChart
{
    private const int Left = 66;
    private const int Right = Chart.Width - 16;
    private const int Top = 78;
    private const int Bottom = Chart.Height - 56;
    private const int LegendRow = 16;
    private const int LegendColumn = 165;

    /// <summary>A curve with more points than this is drawn by every n-th of them.</summary>
    private const int MostPoints = 400;

    /// <summary>The chart of at least one curve; of the first few where there are more than can be told apart.</summary>
    public static Chart Of(string id, string title, string x, string y, IEnumerable<Curve> curves)
    {
        Curve[] shown = [.. curves.Where(curve => curve.Points.Count > 0).Take(Chart.Curves)];
        var across = ChartScale.Of(shown.Min(curve => curve.Points.Min(point => point.X)), shown.Max(curve => curve.Points.Max(point => point.X)));
        var up = ChartScale.Of(shown.Min(curve => curve.Points.Min(point => point.Y)), shown.Max(curve => curve.Points.Max(point => point.Y)));
        var svg = new StringBuilder();
        Line(svg, $"<rect class=\"paper\" width=\"{Chart.Width}\" height=\"{Chart.Height}\"/>");
        Line(svg, $"<text class=\"title\" x=\"16\" y=\"22\">{Escape(title)}</text>");
        foreach (double tick in up.Ticks)
        {
            double place = Bottom - (up.Place(tick) * (Bottom - Top));
            Line(svg, $"<line class=\"grid\" x1=\"{Left}\" y1=\"{place:0.#}\" x2=\"{Right}\" y2=\"{place:0.#}\"/>");
            Line(svg, $"<text x=\"{Left - 8}\" y=\"{place + 4:0.#}\" text-anchor=\"end\">{tick:0.####}</text>");
        }

        foreach (double tick in across.Ticks)
        {
            double place = Left + (across.Place(tick) * (Right - Left));
            Line(svg, $"<line class=\"grid\" x1=\"{place:0.#}\" y1=\"{Top}\" x2=\"{place:0.#}\" y2=\"{Bottom}\"/>");
            Line(svg, $"<text x=\"{place:0.#}\" y=\"{Bottom + 18}\" text-anchor=\"middle\">{tick:0.####}</text>");
        }

        Line(svg, $"<path class=\"axis\" d=\"M{Left} {Top}V{Bottom}H{Right}\"/>");
        Line(svg, $"<text x=\"{(Left + Right) / 2}\" y=\"{Bottom + 40}\" text-anchor=\"middle\">{Escape(x)}</text>");
        Line(svg, $"<text transform=\"translate(16 {(Top + Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Escape(y)}</text>");
        for (int i = 0; i < shown.Length; i++)
        {
            (int column, int row) = (i % 3, i / 3);
            Line(svg, $"<line class=\"curve s{i}\" x1=\"{16 + (column * LegendColumn)}\" y1=\"{38 + (row * LegendRow)}\" x2=\"{40 + (column * LegendColumn)}\" y2=\"{38 + (row * LegendRow)}\"/>");
            Line(svg, $"<text x=\"{46 + (column * LegendColumn)}\" y=\"{42 + (row * LegendRow)}\">{Escape(shown[i].Name)}</text>");
            Draw(svg, shown[i], i, across, up);
        }

        return new Chart(id, title, Describe(title, x, y, shown), svg.ToString());
    }

    private static void Draw(StringBuilder svg, Curve curve, int index, ChartScale across, ChartScale up)
    {
        int every = (curve.Points.Count + MostPoints - 1) / MostPoints;
        (double X, double Y)[] places =
        [
            .. curve.Points.Where((_, i) => i % every == 0 || i == curve.Points.Count - 1)
                .Select(point => (Left + (across.Place(point.X) * (Right - Left)), Bottom - (up.Place(point.Y) * (Bottom - Top)))),
        ];
        if (curve.HasLine && places.Length > 1)
        {
            string path = string.Join('L', places.Select(place => string.Create(CultureInfo.InvariantCulture, $"{place.X:0.#} {place.Y:0.#}")));
            Line(svg, $"<path class=\"curve s{index}\" d=\"M{path}\"/>");
        }

        if (curve.HasLine && places.Length > 12)
            return;
        foreach ((double x, double y) in places)
            Line(svg, $"<circle class=\"curve s{index}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"4\"/>");
    }

    private static string Describe(string title, string x, string y, Curve[] curves) => $"{title}; {y} by {x}. " + string.Join("; ", curves.Select(
        curve => $"{curve.Name}: " + (curve.Points.Count > 12
            ? FormattableString.Invariant($"from {curve.Points[0].X:0.###} to {curve.Points[^1].X:0.###}")
            : string.Join(", ", curve.Points.Select(point => FormattableString.Invariant($"{point.Y:0.###} at {point.X:0.###}")))))) + ".";

    private static string Escape(string text) => WebUtility.HtmlEncode(XmlText.Clean(text));

    private static void Line(StringBuilder svg, FormattableString text) => svg.Append(FormattableString.Invariant(text)).Append('\n');
}
