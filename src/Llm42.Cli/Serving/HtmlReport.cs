using System.Globalization;
using System.Net;
using System.Text;
using Llm42.Cli.Reports;

namespace Llm42.Cli.Serving;

/// <summary>A report as one HTML page that needs no other file, and is well-formed XML too.</summary>
internal static class HtmlReport
{
    // The second column names a class of requests.
    private const string Style = ReportDocument.PageStyle + "\nth:nth-child(2),td:nth-child(2){text-align:left}";

    public static string Of(ServingReport report)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"""
            <!DOCTYPE html>
            <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>Latencies of {Escape(report.Model)}</title>
            <style>{Style}{CdfChart.Style}</style>
            </head>
            <body>
            <main>
            <h1>Latencies of {Escape(report.Model)}</h1>
            <p>{Escape(report.BaseUrl)}, {report.Date:yyyy-MM-dd HH:mm} UTC; {Escape(report.LoadInWords)}. {report.All.Succeeded} of {report.All.Requests} requests answered in {report.Elapsed.TotalSeconds:0.00} s.</p>

            """);
        if (report.Notes.Count > 0)
            html.Append("<ul>").AppendJoin("", report.Notes.Select(note => $"<li>{Escape(note)}</li>")).Append("</ul>\n");
        html.Append("<div class=\"charts\">\n");
        foreach (LatencyKind kind in LatencyKind.All.Where(kind => CdfChart.HasData(report, kind)))
        {
            html.Append(CultureInfo.InvariantCulture, $"<figure><svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" aria-labelledby=\"{kind.Short}-title {kind.Short}-desc\" viewBox=\"0 0 {CdfChart.Width} {CdfChart.Height}\">\n");
            html.Append(CultureInfo.InvariantCulture, $"<title id=\"{kind.Short}-title\">{kind.Short}</title><desc id=\"{kind.Short}-desc\">{Escape(CdfChart.Describe(report, kind))}</desc>\n");
            CdfChart.Write(html, report, kind);
            html.Append("</svg></figure>\n");
        }

        html.Append("</div>\n");
        WriteTable(html, "Latencies, from the scheduled time of a request", FigureTable.Columns, FigureTable.Rows(report));
        WriteTable(html, "Throughput", ["class", "requests", "failed", "requests/s", "input tokens/s", "output tokens/s", "rollbacks", "tokens rolled back"], report.Classes.Select(Throughput));
        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void WriteTable(StringBuilder html, string caption, IReadOnlyList<string> columns, IEnumerable<string[]> rows)
    {
        html.Append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"").Append(Escape(caption)).Append("\"><table><caption>").Append(Escape(caption)).Append("</caption>\n<thead><tr>");
        html.AppendJoin("", columns.Select(column => $"<th scope=\"col\">{Escape(column)}</th>"));
        html.Append("</tr></thead>\n<tbody>\n");
        foreach (string[] row in rows)
            html.Append("<tr>").AppendJoin("", row.Select((cell, i) => i == 0 ? $"<th scope=\"row\">{Escape(cell)}</th>" : $"<td>{Escape(cell)}</td>")).Append("</tr>\n");
        html.Append("</tbody></table></div>\n");
    }

    private static string[] Throughput(ClassFigures figures) =>
    [
        figures.Name,
        Text(figures.Requests, "0"),
        Text(figures.Requests - figures.Succeeded, "0"),
        Text(figures.RequestsPerSecond, "0.00"),
        Text(figures.InputTokensPerSecond, "0.0"),
        Text(figures.OutputTokensPerSecond, "0.0"),
        Text(figures.Verification?.Rollbacks, "0"),
        Text(figures.Verification?.TokensRolledBack, "0"),
    ];

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";

    private static string Escape(string text) => WebUtility.HtmlEncode(XmlText.Clean(text));
}
