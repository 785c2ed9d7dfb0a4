using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Tests.Engine;

/// <summary>
/// The engine's thread allocates nothing for a token: from one step to the next, all that it does in between included.
/// Left out is what is allocated now and then: a list that doubles, or a full page that enters the prefix index. What the
/// adaptive policy does depends on the clock, so that nothing exact can be said of it here.
/// </summary>
[TestClass]
public sealed class AllocationTests
{
    /// <summary>What is measured: lists double at lengths that are powers of two, and there is none between these.</summary>
    private const int FirstToken = 140, Tokens = 250;

    [TestMethod]
    [DataRow(1, DeterminismMode.Invariant, false)]
    [DataRow(32, DeterminismMode.Invariant, false)]
    [DataRow(1, DeterminismMode.Invariant, true)]
    [DataRow(32, DeterminismMode.Invariant, true)]
    [DataRow(1, DeterminismMode.Dvr, true)]
    [DataRow(32, DeterminismMode.Dvr, true)]
    public async Task A_step_allocates_nothing(int batch, DeterminismMode determinism, bool isDeterministic)
    {
        long[] bytes = await MeasureAsync(batch, determinism, isDeterministic, copiesResult: false);
        Assert.IsGreaterThan(30, bytes.Length);
        Assert.AreEqual(0, bytes.Sum(), string.Join(' ', bytes));
    }

    [TestMethod]
    public async Task A_step_that_allocates_is_seen()
    {
        long[] bytes = await MeasureAsync(8, DeterminismMode.Invariant, true, copiesResult: true);
        Assert.IsGreaterThan(30, bytes.Length);
        Assert.IsTrue(bytes.All(one => one > 0), string.Join(' ', bytes));
    }

    /// <summary>Bytes that the engine's thread allocates from the begin of each step to that of the next, while all requests decode.</summary>
    private static async Task<long[]> MeasureAsync(int batch, DeterminismMode determinism, bool isDeterministic, bool copiesResult)
    {
        var options = new InferenceEngineOptions
        {
            Threads = 1,
            KvPages = 40 * ((Tokens / 16) + 2),
            Engine = new EngineOptions
            {
                Determinism = determinism,
                Drafter = determinism == DeterminismMode.Dvr ? DrafterKind.Same : DrafterKind.Auto,
                Window = 8,
                PrefixCache = false,
                CheckIntegrity = false,
            },
        };
        var model = EngineLoader.Load(Stories.Directory, options, null, CancellationToken.None);
        var executor = new AllocationMeter(model.Executor, batch, copiesResult);
        await using var loop = new EngineLoop(executor, options.Engine);
        RequestHandle[] handles = [.. Enumerable.Range(0, batch).Select(i => loop.Submit(new GenerationRequest
        {
            PromptIds = [1, 300 + i],
            MaxTokens = Tokens,
            IsDeterministic = isDeterministic,
        }))];
        executor.Start();
        await Task.WhenAll(handles.Select(handle => handle.Completion));
        return executor.Bytes;
    }

    /// <summary>The real executor; reads what its thread has allocated at each step. The first step waits for the test.</summary>
    private sealed class AllocationMeter(IModelExecutor inner, int batch, bool copiesResult) : IModelExecutor
    {
        private readonly ManualResetEventSlim _start = new(false);
        private readonly long[] _bytes = new long[4 * Tokens];
        private int _count;
        private long? _before;

        public ExecutorInfo Info => inner.Info;

        public long[] Bytes => _bytes[..Math.Min(_count, _bytes.Length)];

        public void Start() => _start.Set();

        public StepResult Execute(BatchPlan plan)
        {
            _start.Wait();
            long now = GC.GetAllocatedBytesForCurrentThread();
            bool isSteady = plan.Segments.Count == batch && plan.Segments.All(segment => segment.Sequence.CommittedCount >= FirstToken);
            if (isSteady && _before is { } before && _count < _bytes.Length)
                _bytes[_count++] = now - before;
            _before = isSteady ? GC.GetAllocatedBytesForCurrentThread() : null;
            StepResult result = inner.Execute(plan);
            return copiesResult ? new StepResult([.. result.Predictions]) : result;
        }

        public void CopyPage(int source, int destination) => inner.CopyPage(source, destination);

        public void Dispose() => inner.Dispose();
    }
}
