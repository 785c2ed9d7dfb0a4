using System.Globalization;
using System.Net;
using System.Text;

namespace Llm42.Cli.Serving;

/// <summary>A report as one SVG picture: the charts, and the figures as text below them.</summary>
internal static class SvgReport
{
    private const int Head = 64;
    private const int Row = 20;
    private static readonly int[] ColumnEnds = [120, 250, 340, 440, 540, 640, 740, 840];

    public static string Of(ServingReport report)
    {
        LatencyKind[] kinds = [.. LatencyKind.All.Where(kind => CdfChart.HasData(report, kind))];
        List<string[]> rows = [.. FigureTable.Rows(report)];
        int charts = (kinds.Length + 1) / 2 * CdfChart.Height;
        int width = 2 * CdfChart.Width;
        int height = Head + charts + ((rows.Count + report.Notes.Count + 3) * Row);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" aria-labelledby=\"title desc\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<title id=\"title\">Latencies of {Escape(report.Model)}</title>\n<desc id=\"desc\">");
        svg.AppendJoin(' ', kinds.Select(kind => Escape(CdfChart.Describe(report, kind))));
        svg.Append(CultureInfo.InvariantCulture, $"</desc>\n<style>{CdfChart.Style}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n");
        Text(svg, 16, 28, "start", $"{report.Model}: {report.LoadInWords}", "title");
        Text(svg, 16, 48, "start", string.Create(
            CultureInfo.InvariantCulture,
            $"{report.All.Succeeded} of {report.All.Requests} requests answered in {report.Elapsed.TotalSeconds:0.00} s; {report.All.RequestsPerSecond:0.00} requests/s, {report.All.OutputTokensPerSecond:0.0} output tokens/s"));
        for (int i = 0; i < kinds.Length; i++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({i % 2 * CdfChart.Width} {Head + (i / 2 * CdfChart.Height)})\">\n");
            CdfChart.Write(svg, report, kinds[i]);
            svg.Append("</g>\n");
        }

        int y = Head + charts + Row;
        foreach (IReadOnlyList<string> row in rows.Prepend([.. FigureTable.Columns]))
        {
            for (int i = 0; i < row.Count; i++)
                Text(svg, i < 2 ? (i == 0 ? 16 : 140) : ColumnEnds[i], y, i < 2 ? "start" : "end", row[i]);
            y += Row;
        }

        foreach (string note in report.Notes)
            Text(svg, 16, y += Row, "start", note);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Text(StringBuilder svg, int x, int y, string anchor, string text, string style = "") => svg.Append(
        CultureInfo.InvariantCulture, $"<text class=\"{style}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{Escape(text)}</text>\n");

    private static string Escape(string text) => WebUtility.HtmlEncode(XmlText.Clean(text));
}
