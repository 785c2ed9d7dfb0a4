using System.Globalization;
using System.Net;
using System.Text;

namespace Llm42.Cli.Reports;

/// <summary>Draws a table of numbers whose shade says how large they are.</summary>
internal static class HeatMap
{
    private const int Left = 66;
    private const int Top = 56;
    private const int Right = Chart.Width - 16;
    private const int Bottom = Chart.Height - 56;

    /// <summary>The chart.</summary>
    /// <param name="id">A word of its own in the report.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="x">Name of the columns.</param>
    /// <param name="columns">Their values.</param>
    /// <param name="y">Name of the rows.</param>
    /// <param name="rows">Their values.</param>
    /// <param name="cell">The number at a column and row.</param>
    public static Chart Of(string id, string title, string x, IReadOnlyList<int> columns, string y, IReadOnlyList<int> rows, Func<int, int, double> cell)
    {
        double[] all = [.. from row in rows from column in columns select cell(column, row)];
        (double least, double most) = (all.Min(), all.Max());
        double width = (double)(Right - Left) / columns.Count, height = (double)(Bottom - Top) / rows.Count;
        var svg = new StringBuilder();
        Line(svg, $"<rect class=\"paper\" width=\"{Chart.Width}\" height=\"{Chart.Height}\"/>");
        Line(svg, $"<text class=\"title\" x=\"16\" y=\"22\">{Escape(title)}</text>");
        for (int r = 0; r < rows.Count; r++)
        {
            double top = Top + (r * height);
            Line(svg, $"<text x=\"{Left - 8}\" y=\"{top + (height / 2) + 4:0.#}\" text-anchor=\"end\">{rows[r]}</text>");
            for (int c = 0; c < columns.Count; c++)
            {
                double value = cell(columns[c], rows[r]);
                double shade = most > least ? 0.08 + (0.6 * (value - least) / (most - least)) : 0.3;
                double left = Left + (c * width);
                Line(svg, $"<rect x=\"{left + 1:0.#}\" y=\"{top + 1:0.#}\" width=\"{width - 2:0.#}\" height=\"{height - 2:0.#}\" style=\"fill:var(--s0);fill-opacity:{shade:0.00}\"/>");
                Line(svg, $"<text x=\"{left + (width / 2):0.#}\" y=\"{top + (height / 2) + 4:0.#}\" text-anchor=\"middle\">{value:0.###}</text>");
            }
        }

        for (int c = 0; c < columns.Count; c++)
            Line(svg, $"<text x=\"{Left + ((c + 0.5) * width):0.#}\" y=\"{Bottom + 18}\" text-anchor=\"middle\">{columns[c]}</text>");
        Line(svg, $"<text x=\"{(Left + Right) / 2}\" y=\"{Bottom + 40}\" text-anchor=\"middle\">{Escape(x)}</text>");
        Line(svg, $"<text transform=\"translate(16 {(Top + Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Escape(y)}</text>");
        string description = string.Join("; ", rows.Select(row => $"{y} {row}: " + string.Join(
            ", ", columns.Select(column => string.Create(CultureInfo.InvariantCulture, $"{cell(column, row):0.###} at {x} {column}")))));
        return new Chart(id, title, $"{title}. {description}.", svg.ToString());
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static void Line(StringBuilder svg, FormattableString text) => svg.Append(FormattableString.Invariant(text)).Append('\n');
}
