using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

/// <summary>`llm42 serve` as a process: its first line, its signals, its log.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ServeTests
{
    private const string Interrupt = "-INT", Terminate = "-TERM";

    // More than sockets hold, so that it goes on until it is read.
    private const string Endless = """
        {"model": "demo", "prompt": "In the beginning", "max_tokens": 900, "n": 16, "logprobs": 20, "ignore_eos": true, "stream": true}
        """;

    [TestMethod]
    public async Task Terminated_server_finishes_its_streams_and_logs_no_prompt()
    {
        await using Served served = await Served.StartAsync("--log-format", "json");
        using HttpResponseMessage stream = await served.StreamAsync();
        await served.SignalAsync(Terminate);
        await served.UntilDrainingAsync();
        using HttpResponseMessage refused = await served.Client.PostAsync("/v1/completions", Json(Endless));
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.IsNotNull(refused.Headers.RetryAfter);
        StringAssert.EndsWith(await stream.Content.ReadAsStringAsync(), "data: [DONE]\n\n", StringComparison.Ordinal);
        (int status, string log) = await served.EndAsync();
        Assert.AreEqual(0, status, log);

        Assert.IsFalse(log.Contains("beginning", StringComparison.Ordinal), log);
        JsonNode[] lines = [.. log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        JsonNode state = lines.Single(line => (string?)line["State"]?["Route"] == "/v1/completions" && (int)line["State"]!["Status"]! == 200)["State"]!;
        Assert.AreEqual(16 * 900, (int)state["CompletionTokens"]!);
        Assert.AreEqual("trace-7", (string?)state["RequestId"]);
    }

    [TestMethod]
    public async Task Drain_ends_at_its_limit()
    {
        await using Served served = await Served.StartAsync("--drain-timeout", "0.2", "--log-level", "none");
        using HttpResponseMessage stream = await served.StreamAsync();
        await served.SignalAsync(Terminate);
        string events = await stream.Content.ReadAsStringAsync();
        (int status, string log) = await served.EndAsync();
        Assert.AreEqual(0, status, log);
        Assert.AreEqual("", log);

        // The client reads on, and so may be done within the limit.
        Assert.IsTrue(events.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal) || events.Contains("\"code\":\"stopping\"", StringComparison.Ordinal), events[^200..]);
    }

    [TestMethod]
    public async Task Second_interrupt_ends_at_once()
    {
        await using Served served = await Served.StartAsync();
        using HttpResponseMessage stream = await served.StreamAsync();
        await served.SignalAsync(Interrupt);
        await served.UntilDrainingAsync();
        await served.SignalAsync(Interrupt);
        (int status, string log) = await served.EndAsync();
        Assert.AreEqual(130, status, log);
    }

    [TestMethod]
    public async Task Published_command_line_serves_with_keys_from_the_environment()
    {
        await using Served served = await Served.StartAsync(
            new Dictionary<string, string> { ["LLM42_API_KEY"] = "one,two", ["LLM42_PORT"] = "0" },
            "--model-path", "demo", "--enable-llm42", "3", "--llm42-window-size", "64", "--llm42-verify-batch-size", "8", "--random-seed", "42");
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await served.Client.GetAsync("/v1/models")).StatusCode);
        served.Client.DefaultRequestHeaders.Authorization = new("Bearer", "two");
        using HttpResponseMessage answer = await served.Client.PostAsync(
            "/v1/completions", Json("""{"model": "demo", "prompt": "And God said", "max_tokens": 4, "is_deterministic": true}"""));
        JsonNode body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode, body.ToJsonString());
        Assert.AreEqual(42, (int)body["llm42"]!["seed"]!);
        await served.SignalAsync(Terminate);
        Assert.AreEqual(0, (await served.EndAsync()).Status);
    }

    [TestMethod]
    public async Task Open_address_is_refused_without_a_key() =>
        Cli.AssertRefused(await Cli.RunAsync("serve", "demo", "--host", "0.0.0.0", "--port", "0"), 1, "0.0.0.0", "--insecure");

    [TestMethod]
    public async Task Key_on_the_command_line_is_refused() =>
        Cli.AssertRefused(await Cli.RunAsync("serve", "demo", "--api-key", "secret"), 2, "--api-key");

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    /// <summary>A serving process.</summary>
    private sealed class Served : IAsyncDisposable
    {
        private readonly Process _process;
        private readonly Task<string> _log;

        private Served(Process process, Uri address, Task<string> log)
        {
            _process = process;
            _log = log;
            Client = new HttpClient { BaseAddress = address };
        }

        public HttpClient Client { get; }

        public static Task<Served> StartAsync(params string[] arguments) =>
            StartAsync(new Dictionary<string, string>(), ["demo", "--port", "0", .. arguments]);

        public static async Task<Served> StartAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
        {
            if (!OperatingSystem.IsLinux())
                Assert.Inconclusive("Signals are sent as Linux does.");
            Process process = Run.Start(RepositoryRoot.Command, ["serve", .. arguments], null, environment);
            Task<string> log = process.StandardError.ReadToEndAsync();
            string? line = await process.StandardOutput.ReadLineAsync();
            Assert.IsTrue(line?.StartsWith("Listening on http://", StringComparison.Ordinal) == true, line ?? await log);
            return new Served(process, new Uri(line!.Split(' ')[2]), log);
        }

        public async Task<HttpResponseMessage> StreamAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = Json(Endless), Headers = { { "x-request-id", "trace-7" } } };
            HttpResponseMessage response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
            return response;
        }

        public async Task SignalAsync(string signal)
        {
            using Process kill = Process.Start("kill", [signal, $"{_process.Id}"]);
            await kill.WaitForExitAsync();
            Assert.AreEqual(0, kill.ExitCode);
        }

        public async Task UntilDrainingAsync()
        {
            while ((await Client.GetAsync("/ready")).StatusCode == HttpStatusCode.OK)
            {
            }
        }

        public async Task<(int Status, string Log)> EndAsync()
        {
            await _process.WaitForExitAsync();
            return (_process.ExitCode, await _log);
        }

        public ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
            Client.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
