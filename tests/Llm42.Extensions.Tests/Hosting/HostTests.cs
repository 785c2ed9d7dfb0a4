using Llm42.Extensions.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Llm42.Extensions.Tests.Hosting;

[TestClass]
public sealed class HostTests
{
    private static readonly ChatModel Model = new();

    public TestContext TestContext { get; set; } = null!;

    [ClassCleanup]
    public static void DeleteModel() => Model.Dispose();

    [TestMethod]
    public async Task A_host_loads_the_model_before_its_services_start_and_keeps_it_until_they_have_stopped()
    {
        var logs = new LogRecorder();
        HostApplicationBuilder builder = Builder();
        builder.Logging.AddProvider(logs);
        // Before the engine's own service, and with the engine in its constructor.
        builder.Services.AddHostedService<Worker>();
        builder.Services.AddSingleton(TestContext);
        builder.Services.AddLlm42(options => options.ModelPath = Model.Path);
        builder.Services.AddLlm42ChatClient("demo");
        InferenceEngine engine;
        using (IHost host = builder.Build())
        {
            await host.StartAsync(TestContext.CancellationToken);
            engine = host.Services.GetRequiredService<InferenceEngine>();
            IChatClient client = host.Services.GetRequiredService<IChatClient>();
            Assert.AreSame(engine, client.GetService<InferenceEngine>());
            ChatResponse response = await client.GetResponseAsync("hello", new ChatOptions { MaxOutputTokens = 4 }, TestContext.CancellationToken);
            Assert.AreEqual("demo", response.ModelId);
            Assert.AreEqual(4, response.Usage!.OutputTokenCount);
            await host.StopAsync(TestContext.CancellationToken);
            Assert.IsTrue(engine.IsRunning);
        }

        Assert.IsFalse(engine.IsRunning);
        Assert.AreEqual(2, Worker.Answers);
        string[] messages = [.. logs.Entries.Where(entry => entry.Message.Contains(Model.Path, StringComparison.Ordinal)).Select(entry => entry.Message)];
        Assert.IsTrue(messages.Any(message => message.StartsWith("Loading the model", StringComparison.Ordinal)), string.Join('\n', messages));
        Assert.IsTrue(messages.Any(message => message.Contains(engine.Engine.Fingerprint, StringComparison.Ordinal)), string.Join('\n', messages));
    }

    [TestMethod]
    public async Task A_host_does_not_start_without_its_model()
    {
        string path = Path.Combine(Model.Path, "nothing");
        HostApplicationBuilder builder = Builder();
        builder.Services.AddLlm42(options => options.ModelPath = path);
        var late = new Late();
        builder.Services.AddSingleton<IHostedService>(late);
        using IHost host = builder.Build();
        Exception error = await Assert.ThrowsAsync<Exception>(() => host.StartAsync(TestContext.CancellationToken));
        StringAssert.Contains(error.ToString(), path, StringComparison.Ordinal);
        Assert.IsFalse(late.HasStarted);
    }

    [TestMethod]
    public async Task A_start_that_is_cancelled_ends_the_loading()
    {
        HostApplicationBuilder builder = Builder();
        builder.Services.AddLlm42(options => options.ModelPath = Model.Path);
        using IHost host = builder.Build();
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => host.StartAsync(cancel.Token));
    }

    [TestMethod]
    public async Task Options_come_from_a_configuration()
    {
        HostApplicationBuilder builder = Builder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Llm42:ModelPath"] = Model.Path,
            ["Llm42:Inference:KvDtype"] = "f32",
            ["Llm42:Inference:Isa"] = "Portable",
            ["Llm42:Inference:Engine:MaxSequences"] = "3",
            ["Llm42:Inference:Engine:Determinism"] = "Invariant",
        });
        builder.Services.AddLlm42(builder.Configuration.GetSection("Llm42"));
        // A second call adds to the options of the same engine.
        builder.Services.AddLlm42(options => options.Inference = options.Inference with { PageSize = 32 });
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.CancellationToken);
        InferenceEngine engine = host.Services.GetRequiredService<InferenceEngine>();
        Assert.HasCount(1, host.Services.GetServices<InferenceEngine>());
        StringAssert.EndsWith(engine.Engine.NumericsProfile, "+kv-f32", StringComparison.Ordinal);
        Assert.AreEqual(Native.CpuIsa.Portable, engine.Engine.Isa);
        Assert.AreEqual(Core.Engine.DeterminismMode.Invariant, engine.Engine.Determinism);
        Assert.AreEqual(32, engine.Engine.PageSize);
        Assert.AreEqual(3, host.Services.GetRequiredService<IOptions<Llm42Options>>().Value.Inference.Engine.MaxSequences);
    }

    [TestMethod]
    [DataRow("Inference:Engine:MaxSequence", "3", "'MaxSequence'")]
    [DataRow("Inference:Engine:MaxSequences", "0", "MaxSequences is 0")]
    [DataRow("Inference:Threads", "many", "Threads")]
    [DataRow("ModelPath", "", "ModelPath is empty")]
    public async Task A_wrong_configuration_keeps_the_host_from_starting(string name, string value, string problem)
    {
        HostApplicationBuilder builder = Builder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Llm42:ModelPath"] = Model.Path,
            [$"Llm42:{name}"] = value,
        });
        builder.Services.AddLlm42(builder.Configuration.GetSection("Llm42"));
        using IHost host = builder.Build();
        Exception error = await Assert.ThrowsAsync<Exception>(() => host.StartAsync(TestContext.CancellationToken));
        StringAssert.Contains(error.ToString(), problem, StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Several_engines_have_keys()
    {
        HostApplicationBuilder builder = Builder();
        builder.Services.AddKeyedLlm42("one", options => options.ModelPath = Model.Path);
        builder.Services.AddKeyedLlm42("two", options =>
        {
            options.ModelPath = Model.Path;
            options.Inference = options.Inference with { KvDtype = "f32" };
        });
        builder.Services.AddKeyedLlm42ChatClient("two");
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.CancellationToken);
        InferenceEngine one = host.Services.GetRequiredKeyedService<InferenceEngine>("one");
        InferenceEngine two = host.Services.GetRequiredKeyedService<InferenceEngine>("two");
        Assert.AreNotEqual(one.Engine.NumericsProfile, two.Engine.NumericsProfile);
        Assert.IsNull(host.Services.GetService<InferenceEngine>());
        Assert.AreSame(two, host.Services.GetRequiredKeyedService<IChatClient>("two").GetService<InferenceEngine>());
        Assert.AreEqual("one", one.Loop.Name);
        Assert.AreEqual("two", two.Loop.Name);
    }

    [TestMethod]
    public async Task Health_follows_the_engine()
    {
        HostApplicationBuilder builder = Builder();
        builder.Services.AddLlm42(options => options.ModelPath = Model.Path);
        builder.Services.AddHealthChecks().AddLlm42(failureStatus: HealthStatus.Degraded, tags: ["ready"]);
        using IHost host = builder.Build();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        Assert.AreEqual(HealthStatus.Degraded, await CheckAsync("not loaded"));
        await host.StartAsync(TestContext.CancellationToken);
        Assert.AreEqual(HealthStatus.Healthy, await CheckAsync("takes requests"));
        await host.Services.GetRequiredService<InferenceEngine>().DisposeAsync();
        Assert.AreEqual(HealthStatus.Degraded, await CheckAsync("has ended"));

        async Task<HealthStatus> CheckAsync(string description)
        {
            HealthReport report = await health.CheckHealthAsync(TestContext.CancellationToken);
            HealthReportEntry entry = report.Entries["llm42"];
            StringAssert.Contains(entry.Description, description, StringComparison.Ordinal);
            CollectionAssert.AreEqual(new[] { "ready" }, entry.Tags.ToArray());
            return entry.Status;
        }
    }

    [TestMethod]
    public async Task Without_a_host_the_first_who_asks_loads_the_model()
    {
        var services = new ServiceCollection();
        services.AddLlm42(options => options.ModelPath = Model.Path);
        InferenceEngine engine;
        using (ServiceProvider provider = services.BuildServiceProvider())
        {
            engine = provider.GetRequiredService<InferenceEngine>();
            GenerationResult result = await engine.CompleteAsync("hello", new GenerationOptions { MaxTokens = 2 }, TestContext.CancellationToken);
            Assert.HasCount(2, result.Tokens);
        }

        Assert.IsFalse(engine.IsRunning);
    }

    // No files, no environment, no console.
    private static HostApplicationBuilder Builder() => new(new HostApplicationBuilderSettings { DisableDefaults = true });

    /// <summary>Uses an engine from its start to its stop.</summary>
    private sealed class Worker(InferenceEngine engine, TestContext context) : IHostedService
    {
        public static int Answers { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken) => AnswerAsync();

        public Task StopAsync(CancellationToken cancellationToken) => AnswerAsync();

        private async Task AnswerAsync()
        {
            await engine.CompleteAsync("hello", new GenerationOptions { MaxTokens = 2 }, context.CancellationToken);
            Answers++;
        }
    }

    /// <summary>Must not start where an engine could not be loaded.</summary>
    private sealed class Late : IHostedService
    {
        public bool HasStarted { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            HasStarted = true;
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
