using Llm42.Cli.Determinism;
using Llm42.Core.Engine;

namespace Llm42.Server.Tests.Page;

/// <summary>Servers for tests of the page.</summary>
internal static class PageServers
{
    /// <summary>The demo model without a chat template, as a machine of 2 threads runs it: fast numerics are invariant.</summary>
    public static Task<TestServer> PlainAsync(ServerOptions? options = null) => TestServer.StartAsync(
        options, new InferenceEngineOptions { PlannedThreads = 2, Engine = new EngineOptions { MaxSequences = 32 } }, chatTemplate: "");

    /// <summary>
    /// Logits so flat that rounding decides, and sums cut up as on 64 cores: answers depend on the load unless they are
    /// deterministic. The tokenizer is the demo model's.
    /// </summary>
    public static Task<TestServer> FlatAsync() => TestServer.StartAsync(
        engineOptions: new InferenceEngineOptions
        {
            PlannedThreads = 64,
            Engine = new EngineOptions { Drafter = DrafterKind.Same, Window = 16 },
        },
        chatTemplate: "",
        prepare: directory => new RandomModel { Vocabulary = 2048 }.Write(directory, seed: 42));

    /// <summary>Waits until the engine has counted the end of everything that ran.</summary>
    public static void WaitUntilIdle(TestServer server) => Assert.IsTrue(
        SpinWait.SpinUntil(() => server.Engine.Statistics.Load is { Running: 0, Waiting: 0 }, TimeSpan.FromSeconds(30)));
}
