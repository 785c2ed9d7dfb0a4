using System.Net;

namespace Llm42.Server.Tests.Operation;

[TestClass]
public sealed class MetricsTests
{
    [TestMethod]
    public async Task Metrics_tell_what_was_served()
    {
        await using TestServer server = await TestServer.StartAsync();

        // Another engine of the process must not be counted in.
        await using TestServer other = await TestServer.StartAsync();
        IReadOnlyDictionary<string, MetricFamily> before = await ReadAsync(server);
        Assert.AreEqual(0, Sum(before, "llm42_http_requests_total"));
        (await other.Client.PostAsync("/v1/completions", Requests.Short())).Dispose();
        for (int i = 0; i < 3; i++)
            (await server.Client.PostAsync("/v1/completions", Requests.Short(tokens: 5))).Dispose();
        (await server.Client.PostAsync("/v1/completions", Requests.Json("{"))).Dispose();
        (await server.Client.GetAsync("/some/path")).Dispose();

        // A request is counted when its response has gone out, which its client may see first.
        IReadOnlyDictionary<string, MetricFamily> metrics = await ReadAsync(server);
        for (int i = 0; i < 1000 && Sum(metrics, "llm42_http_requests_total") < 5; i++)
            metrics = await ReadAsync(server);
        Assert.AreEqual(3, Sum(metrics, "llm42_requests_total", "outcome", "length"));
        Assert.AreEqual(15, Sum(metrics, "llm42_ordinary_tokens_total"));
        Assert.AreEqual(3, Sample(metrics, "llm42_time_to_first_token_seconds", "_count"));
        Assert.AreEqual(12, Sample(metrics, "llm42_time_between_tokens_seconds", "_count"));
        Assert.AreEqual(3, Sample(metrics, "llm42_queue_time_seconds", "_count"));
        Assert.AreEqual(1, Sum(metrics, "llm42_http_requests_total", "status", "400"));
        Assert.AreEqual(1, Sum(metrics, "llm42_http_requests_total", "route", "(none)"));
        Assert.AreEqual(4, Sum(metrics, "llm42_http_requests_total", "route", "/v1/completions"));
        Assert.AreEqual(0, Sum(metrics, "llm42_kv_pages_owned"));
        Assert.AreEqual("demo", metrics["llm42_build_info"].Samples.Single().Label("model"));
    }

    [TestMethod]
    [DataRow("# HELP a_total x\n# TYPE a_total counter\na_total 1")]
    [DataRow("# TYPE a_total counter\na_total 1\n")]
    [DataRow("# HELP a x\n# TYPE a counter\na 1\n")]
    [DataRow("# HELP a_total x\n# TYPE a_total counter\nb_total 1\n")]
    [DataRow("# HELP a_total x\n# TYPE a_total counter\na_total 1\na_total 1\n")]
    [DataRow("# HELP a x\n# TYPE a gauge\na{b=\"c\"d\"} 1\n")]
    [DataRow("# HELP a x\n# TYPE a gauge\na 1,5\n")]
    [DataRow("# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n")]
    [DataRow("# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n")]
    public void Reader_of_the_format_is_strict(string text)
    {
        try
        {
            Exposition.Parse(text);
        }
        catch (Exception error) when (error is AssertFailedException or FormatException)
        {
            return;
        }

        Assert.Fail("It was read.");
    }

    private static async Task<IReadOnlyDictionary<string, MetricFamily>> ReadAsync(TestServer server)
    {
        using HttpResponseMessage response = await server.Client.GetAsync("/metrics");
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        return Exposition.Parse(await response.Content.ReadAsStringAsync());
    }

    private static double Sum(IReadOnlyDictionary<string, MetricFamily> metrics, string family, string? label = null, string? value = null) =>
        metrics[family].Samples.Where(sample => (label is null || sample.Label(label) == value) && sample.Label("route") != "/metrics").Sum(sample => sample.Value);

    private static double Sample(IReadOnlyDictionary<string, MetricFamily> metrics, string family, string suffix) =>
        metrics[family].Samples.Single(sample => sample.Name == family + suffix).Value;
}
