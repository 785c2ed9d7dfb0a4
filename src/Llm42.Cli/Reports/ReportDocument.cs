using System.Globalization;
using System.Net;
using System.Text;
using Llm42.Cli.Serving;

namespace Llm42.Cli.Reports;

/// <summary>A table in a report.</summary>
internal sealed record ReportTable(string Caption, IReadOnlyList<string> Columns, IReadOnlyList<string[]> Rows);

/// <summary>Charts and tables, as one HTML page that needs no other file, or as one SVG picture; both are well-formed XML.</summary>
/// <param name="Title">Of all of it.</param>
/// <param name="Lines">What was measured on what.</param>
/// <param name="Charts">The charts.</param>
/// <param name="Tables">The tables, which hold all figures as text.</param>
internal sealed record ReportDocument(string Title, IReadOnlyList<string> Lines, IReadOnlyList<Chart> Charts, IReadOnlyList<ReportTable> Tables)
{
    private const int Row = 20;
    private const int CharacterWidth = 7;

    /// <summary>What pages of reports look like, in the light and in the dark.</summary>
    public const string PageStyle = """
        :root{color-scheme:light dark}
        body{font-family:system-ui,sans-serif;max-width:1180px;margin:0 auto;padding:1rem;line-height:1.4;background:#ffffff;color:#1b1f24}
        @media (prefers-color-scheme:dark){body{background:#15191e;color:#e6e9ec}}
        .charts{display:flex;flex-wrap:wrap;gap:1rem}
        figure{margin:0;flex:1 1 min(100%,500px)}
        figure svg{width:100%;height:auto}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums}
        th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid #8886}
        th:first-child,td:first-child{text-align:left}
        caption{text-align:left;font-weight:600;padding:.5rem 0}
        """;

    /// <summary>The form that a file's name asks for.</summary>
    public string For(string file) => file.EndsWith(".svg", StringComparison.Ordinal) ? ToSvg() : ToHtml();

    public string ToHtml()
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"""
            <!DOCTYPE html>
            <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>{Escape(Title)}</title>
            <style>{PageStyle}{Chart.Style}</style>
            </head>
            <body>
            <main>
            <h1>{Escape(Title)}</h1>

            """);
        foreach (string line in Lines)
            html.Append("<p>").Append(Escape(line)).Append("</p>\n");
        html.Append("<div class=\"charts\">\n");
        foreach (Chart chart in Charts)
        {
            html.Append(CultureInfo.InvariantCulture, $"<figure><svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" aria-labelledby=\"{chart.Id}-title {chart.Id}-desc\" viewBox=\"0 0 {Chart.Width} {Chart.Height}\">\n");
            html.Append(CultureInfo.InvariantCulture, $"<title id=\"{chart.Id}-title\">{Escape(chart.Title)}</title><desc id=\"{chart.Id}-desc\">{Escape(chart.Description)}</desc>\n");
            html.Append(chart.Elements).Append("</svg></figure>\n");
        }

        html.Append("</div>\n");
        foreach (ReportTable table in Tables)
        {
            html.Append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"").Append(Escape(table.Caption)).Append("\"><table><caption>").Append(Escape(table.Caption)).Append("</caption>\n<thead><tr>");
            html.AppendJoin("", table.Columns.Select(column => $"<th scope=\"col\">{Escape(column)}</th>"));
            html.Append("</tr></thead>\n<tbody>\n");
            foreach (string[] row in table.Rows)
                html.Append("<tr>").AppendJoin("", row.Select(cell => $"<td>{Escape(cell)}</td>")).Append("</tr>\n");
            html.Append("</tbody></table></div>\n");
        }

        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    public string ToSvg()
    {
        int[][] widths = [.. Tables.Select(table => table.Columns.Select((column, i) => CharacterWidth * (3 + table.Rows.Select(row => row[i].Length).Append(column.Length).Max())).ToArray())];
        int width = Math.Max(2 * Chart.Width, widths.Length == 0 ? 0 : 32 + widths.Max(columns => columns.Sum()));
        int head = 36 + (Lines.Count * Row);
        int charts = (Charts.Count + 1) / 2 * Chart.Height;
        int height = head + charts + Tables.Sum(table => (table.Rows.Count + 4) * Row);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" aria-labelledby=\"title desc\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<title id=\"title\">{Escape(Title)}</title>\n<desc id=\"desc\">");
        svg.AppendJoin(' ', Charts.Select(chart => Escape(chart.Description)));
        svg.Append(CultureInfo.InvariantCulture, $"</desc>\n<style>{Chart.Style}</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n");
        Text(svg, 16, 26, "start", Title, "title");
        for (int i = 0; i < Lines.Count; i++)
            Text(svg, 16, 46 + (i * Row), "start", Lines[i]);
        for (int i = 0; i < Charts.Count; i++)
            svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({i % 2 * Chart.Width} {head + (i / 2 * Chart.Height)})\">\n{Charts[i].Elements}</g>\n");
        int y = head + charts;
        for (int t = 0; t < Tables.Count; t++)
        {
            Text(svg, 16, y += 2 * Row, "start", Tables[t].Caption, "title");
            foreach (IReadOnlyList<string> row in Tables[t].Rows.Prepend([.. Tables[t].Columns]))
            {
                y += Row;
                for (int i = 0, x = 16; i < row.Count; i++)
                {
                    x += widths[t][i];
                    Text(svg, i == 0 ? 16 : x, y, i == 0 ? "start" : "end", row[i]);
                }
            }
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Text(StringBuilder svg, int x, int y, string anchor, string text, string style = "") => svg.Append(
        CultureInfo.InvariantCulture, $"<text class=\"{style}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{Escape(text)}</text>\n");

    private static string Escape(string text) => WebUtility.HtmlEncode(XmlText.Clean(text));
}
