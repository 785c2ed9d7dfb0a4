using System.Diagnostics;
using System.Text.Json.Nodes;
using Llm42.Cli.DemoModel;
using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;
using Llm42.Cli.RemoteDeterminism;
using Llm42.Cli.Serving;
using Llm42.Core.Engine;
using Llm42.Server;
using Llm42.Testing;

namespace Llm42.Remote.Tests;

/// <summary>End to end: our own server on the embedded model.</summary>
[TestClass]
public sealed class DemoServerTests
{
    [TestMethod]
    public async Task Deterministic_answers_pass_with_rollbacks_and_ordinary_ones_do_not()
    {
        // A quarter of each window is rolled back by force and comes again.
        await using Demo demo = await Demo.StartAsync(25);
        RemoteCheckReport report = await CheckAsync(demo, isDeterministic: true);
        Assert.IsTrue(report.IsPass, string.Join('\n', report.Failures));
        Assert.IsGreaterThan(0, report.Rows.Sum(row => row.Row.Rollbacks), "nothing was rolled back");
        Assert.AreEqual("tokens", report.Unit);
        Assert.IsTrue(report.IsConfirmedDeterminism);
        Assert.HasCount(1, report.SystemFingerprints);
        RemoteCheckReport ordinary = await CheckAsync(demo, isDeterministic: false);
        Assert.IsFalse(ordinary.IsPass, "fast numerics that split by the load gave the same bits amid every load");
        Assert.IsNotNull(ordinary.Rows[0].Row.FirstMismatch);
    }

    [TestMethod]
    public async Task Bench_has_exact_lengths_and_the_same_deterministic_answers_under_any_load()
    {
        await using Demo demo = await Demo.StartAsync(100);
        var options = new ServingOptions
        {
            NumRequests = 24,
            DeterministicShare = 0.5,
            InputLength = LengthDistribution.Parse("5-30")!,
            OutputLength = LengthDistribution.Parse("3-12")!,
            IgnoreEos = true,
            Concurrency = 6,
        };
        ServingReport closed = await demo.BenchAsync(options);
        Assert.AreEqual(24, closed.All.Succeeded, string.Join(',', closed.All.Errors));
        var plan = ServingPlan.Of(options, new SyntheticPrompts(options.InputLength, options.OutputLength, [1]));
        foreach (RequestRecord record in closed.Records)
        {
            PlannedRequest planned = plan.Single(one => one.Number == record.Number);
            Assert.AreEqual((planned.Prompt.Ids!.Count, planned.MaxTokens), (record.InputTokens, record.OutputTokens), $"request {record.Number}");
            Assert.AreEqual(planned.IsDeterministic, record.IsDeterministic);
        }

        Assert.IsTrue(closed.IsInputExact);
        Assert.IsNotNull(closed.ServerTotals);
        Assert.IsNotNull(closed.All.Verification);
        string digest = closed.Classes[1].AnswersDigest!;
        ServingReport open = await demo.BenchAsync(options with { RequestRate = 200, Seeds = options.Seeds with { Order = 5, Arrival = 6 } });
        Assert.AreEqual(digest, open.Classes[1].AnswersDigest);
        ServingReport other = await demo.BenchAsync(options with { Seeds = options.Seeds with { Selection = 7 } });
        Assert.AreNotEqual(digest, other.Classes[1].AnswersDigest);
    }

    [TestMethod]
    public async Task Commands_work_against_each_other_as_processes()
    {
        using Process server = Run.Start(RepositoryRoot.Command, ["serve", "demo", "--port", "0"]);
        try
        {
            string line = await server.StandardOutput.ReadLineAsync() ?? throw new AssertFailedException(await server.StandardError.ReadToEndAsync());
            string address = line.Split(' ').First(word => word.StartsWith("http://", StringComparison.Ordinal)).TrimEnd(',');
            Run check = await Run.ProgramAsync(
                RepositoryRoot.Command,
                ["check", "--base-url", address, "--deterministic", "--runs", "3", "--tokens", "8", "--neighbours", "2", "--json"]);
            Assert.AreEqual(0, check.ExitCode, check.ToString());
            Assert.IsTrue(JsonNode.Parse(check.Output)!["has_logprobs"]!.GetValue<bool>());
            Run bench = await Run.ProgramAsync(
                RepositoryRoot.Command, ["bench", "serve", "--base-url", address, "--num-requests", "6", "--output-length", "4"]);
            Assert.AreEqual(0, bench.ExitCode, bench.ToString());
            Assert.IsTrue(bench.Output.Split('\n').Any(row => row.StartsWith("TTFT ", StringComparison.Ordinal)), bench.ToString());
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
        }
    }

    private static async Task<RemoteCheckReport> CheckAsync(Demo demo, bool isDeterministic)
    {
        var options = new RemoteCheckOptions
        {
            Check = new CheckOptions { PromptIds = [], Runs = 5, Tokens = 80, Neighbours = 6, Temperatures = [0.7f] },
            Prompts = [new RemotePrompt { Text = BuiltInTexts.Prompt }],
            IsDeterministic = isDeterministic,
        };
        return await new RemoteCheck(demo.Client, options, new Progress()).RunAsync("", "", default);
    }

    private sealed class Demo(ModelDirectory model, InferenceEngine engine, LlmServer server, RemoteServer client) : IAsyncDisposable
    {
        public RemoteServer Client => client;

        public static async Task<Demo> StartAsync(float skipMismatch)
        {
            ModelDirectory model = ModelDirectory.Open("demo");
            InferenceEngine engine = await InferenceEngine.LoadAsync(model.Path, new InferenceEngineOptions
            {
                PlannedThreads = 64,
                Engine = new EngineOptions { Drafter = DrafterKind.Same, Window = 16, SkipMismatch = skipMismatch },
            });
            LlmServer server = await LlmServer.StartAsync(engine, new ServerOptions { ModelName = "demo", Port = 0 });
            return new Demo(model, engine, server, await RemoteServer.OpenAsync(
                new RemoteOptions { Address = ServerAddress.Parse(server.Addresses[0]) }, TimeProvider.System, default));
        }

        public Task<ServingReport> BenchAsync(ServingOptions options) =>
            new ServingBenchmark(client, options, TimeProvider.System, new Progress()).RunAsync(default);

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await server.DisposeAsync();
            await engine.DisposeAsync();
            model.Dispose();
        }
    }

    private sealed class Progress : ICheckProgress
    {
        public void Begin(string stage, int steps)
        {
        }

        public void Step()
        {
        }
    }
}
