using System.Globalization;

namespace Llm42.Server.Tests.Operation;

/// <summary>Many clients at once, good and bad ones; LLM42_LOAD_SECONDS says for how long, `build.sh test --soak` for two minutes.</summary>
[TestClass]
public sealed class LoadTests
{
    private const int Clients = 64;

    public TestContext TestContext { get; set; } = null!;

    private static TimeSpan Duration => TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("LLM42_LOAD_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? seconds
        : Environment.GetEnvironmentVariable("LLM42_SOAK_MINUTES") is null ? 5 : 120);

    [TestMethod]
    public async Task Load_leaks_nothing_and_changes_no_deterministic_answer()
    {
        int seed = Environment.TickCount;
        await using TestServer server = await TestServer.StartAsync(
            new ServerOptions { MaxHeaderBytes = 4096, MaxBodyBytes = 64 << 10 },
            new InferenceEngineOptions
            {
                // As on a machine with many cores: without determinism, answers then depend on the load.
                PlannedThreads = 64,

                // Too few for all, so that some requests are preempted.
                KvPages = 200,
                Engine = new() { MaxSequences = 32, CheckIntegrity = true },
            });
        LoadReference[] references = await LoadReference.MakeAsync(server.Client);

        // Once with everything, so that what is made once for a process is there.
        await RunAsync(server, references, new LoadTally(), seed, TimeSpan.FromSeconds(0.5));
        server.Client.Dispose();
        int files = Files(), threads = Threads();

        var tally = new LoadTally();
        await RunAsync(server, references, tally, seed + Clients, Duration);
        TestContext.WriteLine($"seed {seed}: {tally}");
        string context = $"Seed {seed}, {tally}.";
        Assert.AreEqual("", string.Join("; ", tally.Failures.Take(5)), context);
        Assert.IsTrue(tally.Count("ordinary, differs") > 0, $"No ordinary answer depended on the load, so that nothing was shown. {context}");
        foreach (string kind in LoadClient.Kinds)
            Assert.IsTrue(tally.Count(kind) > 0, $"Nothing of '{kind}'. {context}");

        await Requests.UntilIdleAsync(server.Engine);
        await Requests.UntilAsync(() => Files() <= files, () => $"{Files()} files are open, and {files} were before. {context}");
        Assert.IsTrue(Threads() <= threads + 16, $"{Threads()} threads run, and {threads} did before. {context}");
        using var client = new HttpClient { BaseAddress = server.Address };
        IReadOnlyDictionary<string, MetricFamily> metrics = Exposition.Parse(await client.GetStringAsync("/metrics"));
        Assert.AreEqual(0, metrics["llm42_requests_serving"].Samples.Single().Value, context);
    }

    private static async Task RunAsync(TestServer server, LoadReference[] references, LoadTally tally, int seed, TimeSpan time)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var end = new CancellationTokenSource(time);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(i =>
            Task.Run(() => new LoadClient(http, references, tally, new Random(seed + i)).RunAsync(end.Token))));
    }

    private static int Files() => OperatingSystem.IsLinux() ? Directory.GetFileSystemEntries("/proc/self/fd").Length : 0;

    private static int Threads() => OperatingSystem.IsLinux() ? Directory.GetDirectories("/proc/self/task").Length : 0;
}
