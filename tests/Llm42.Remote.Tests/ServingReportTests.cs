using System.Text.Json.Nodes;
using System.Xml.Linq;
using Llm42.Cli.Json;
using Llm42.Cli.Remote;
using Llm42.Cli.Serving;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class ServingReportTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private static readonly RequestRecord[] Records =
    [
        .. Enumerable.Range(0, 30).Select(i => new RequestRecord
        {
            Number = i,
            IsDeterministic = i % 2 == 0,
            ScheduledAt = TimeSpan.FromMilliseconds(100 * i),
            SentAt = TimeSpan.FromMilliseconds(100 * i),
            PieceTimes = [TimeSpan.FromMilliseconds((100 * i) + 20 + i), TimeSpan.FromMilliseconds((100 * i) + 30 + (40 * i))],
            EndedAt = TimeSpan.FromMilliseconds((100 * i) + 30 + (40 * i)),
            OutputTokens = 2,
            AnswerDigest = "d",
        }),
        new RequestRecord
        {
            Number = 30, IsDeterministic = false, ScheduledAt = default, SentAt = default, EndedAt = default, Error = new RemoteError("reset", "gone"),
        },
    ];

    [TestMethod]
    public void Page_is_well_formed_needs_no_other_file_and_shows_each_class()
    {
        string text = HtmlReport.Of(ServingLoadTests.Report(Records, "<script>alert(1)</script>\u0001\ud800 & \"co\""));
        var page = XDocument.Parse(text);
        Assert.AreEqual(0, page.Descendants().Count(element => element.Name.LocalName is "script" or "link" or "img" or "iframe"));
        Assert.AreEqual(0, page.Descendants().Attributes().Count(attribute => attribute.Name.LocalName is "href" or "src"));
        Assert.HasCount(4, page.Descendants(Svg + "svg").ToArray());
        foreach (XElement chart in page.Descendants(Svg + "svg"))
            AssertChart(chart, curves: 2);
        XNamespace html = "http://www.w3.org/1999/xhtml";
        XElement[] tables = [.. page.Descendants(html + "table")];
        Assert.HasCount(2, tables);
        Assert.HasCount(12, tables[0].Descendants(html + "tbody").Single().Elements().ToArray(), "four latencies of all requests and of both classes");
        StringAssert.Contains(tables[0].Value, "34.50", StringComparison.Ordinal);
        StringAssert.Contains(text, "prefers-color-scheme:dark", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Picture_is_well_formed_and_holds_the_figures_as_text()
    {
        var picture = XDocument.Parse(SvgReport.Of(ServingLoadTests.Report(Records, "a < b")));
        Assert.AreEqual(Svg + "svg", picture.Root!.Name);
        AssertChart(picture.Root, curves: 8);
        StringAssert.Contains(picture.Root.Element(Svg + "desc")!.Value, "time to first token", StringComparison.Ordinal);
        Assert.IsTrue(picture.Descendants(Svg + "text").Any(label => label.Value == "34.50"), "the mean of TTFT");
    }

    [TestMethod]
    public void Curves_rise_to_the_top_and_stay_inside()
    {
        var page = XDocument.Parse(HtmlReport.Of(ServingLoadTests.Report(Records)));
        foreach (XElement curve in page.Descendants(Svg + "path").Where(path => path.Attribute("class")!.Value.StartsWith("curve", StringComparison.Ordinal)))
        {
            string[] steps = curve.Attribute("d")!.Value.Split('H', 'V', 'M', ' ').Where(part => part.Length > 0).ToArray();
            double[] numbers = [.. steps.Select(step => double.Parse(step, System.Globalization.CultureInfo.InvariantCulture))];
            double[] x = [.. numbers.Where((_, i) => i % 2 == 0)];
            double[] y = [.. numbers.Where((_, i) => i % 2 == 1)];
            CollectionAssert.AreEqual(x.Order().ToArray(), x);
            CollectionAssert.AreEqual(y.OrderDescending().ToArray(), y);
            Assert.IsTrue(x.All(value => value is >= 0 and <= CdfChart.Width) && y.All(value => value is >= 0 and <= CdfChart.Height));
        }
    }

    [TestMethod]
    public void Report_of_nothing_but_errors_is_a_report_too()
    {
        ServingReport report = ServingLoadTests.Report([Records[^1]]);
        Assert.HasCount(0, XDocument.Parse(HtmlReport.Of(report)).Descendants(Svg + "svg").ToArray());
        XDocument.Parse(SvgReport.Of(report));
        using var text = new StringWriter();
        ServingReportWriter.Write(report, text);
        StringAssert.Contains(text.ToString(), "Failed, reset: 1; gone.", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Json_holds_the_documented_fields()
    {
        var json = System.Text.Json.JsonSerializer.SerializeToNode(
            ServingJson.Of(ServingLoadTests.Report(Records), hasRequests: true), CliJsonContext.Standard.ServingJson)!.AsObject();
        CollectionAssert.AreEqual(
            new[]
            {
                "schema", "date", "base_url", "model", "options", "elapsed_seconds", "classes", "client_lag", "is_client_late", "server", "notes", "requests",
            },
            json.Select(pair => pair.Key).ToArray());
        JsonObject ordinary = json["classes"]![2]!.AsObject();
        Assert.AreEqual("ordinary", ordinary["class"]!.GetValue<string>());
        Assert.AreEqual(1, ordinary["errors"]!["reset"]!.GetValue<int>());
        CollectionAssert.AreEqual(new[] { "count", "mean", "p50", "p90", "p99", "max" }, ordinary["ttft"]!.AsObject().Select(pair => pair.Key).ToArray());
        Assert.HasCount(31, json["requests"]!.AsArray());
        Assert.AreEqual("d", json["requests"]![0]!["answer_sha256"]!.GetValue<string>());
    }

    [TestMethod]
    [DataRow(1.0, 1000.0, true)]
    [DataRow(0.0, 50.0, false)]
    [DataRow(7.0, 7.0, false)]
    [DataRow(0.0, 0.0, false)]
    [DataRow(0.002, 0.004, false)]
    [DataRow(3.0, 1e7, true)]
    public void Axes_have_a_few_round_ticks_inside(double low, double high, bool isLogarithmic)
    {
        var scale = ChartScale.Of(low, high);
        Assert.AreEqual(isLogarithmic, scale.IsLogarithmic);
        Assert.IsTrue(scale.Ticks.Count is >= 2 and <= 12, string.Join(' ', scale.Ticks));
        foreach (double value in scale.Ticks.Append(low).Append(high))
            Assert.IsTrue(scale.Place(value) is >= 0 and <= 1 and not double.NaN);
        CollectionAssert.AreEqual(scale.Ticks.Select(scale.Place).Order().ToArray(), scale.Ticks.Select(scale.Place).ToArray());
    }

    private static void AssertChart(XElement chart, int curves)
    {
        Assert.AreEqual("img", chart.Attribute("role")!.Value);
        Assert.IsNotNull(chart.Element(Svg + "title"));
        Assert.IsNotNull(chart.Element(Svg + "desc"));
        Assert.HasCount(curves, chart.Descendants(Svg + "path").Where(path => path.Attribute("class")!.Value.StartsWith("curve", StringComparison.Ordinal)).ToArray());
        string labels = string.Join('|', chart.Descendants(Svg + "text").Select(text => text.Value));
        foreach (string label in (string[])["in ms", "share at or below", "100%", "deterministic", "ordinary"])
            StringAssert.Contains(labels, label, StringComparison.Ordinal);
    }
}
