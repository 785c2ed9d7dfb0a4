using System.Collections.Concurrent;
using Llm42.Core.Execution;
using Llm42.Core.Scheduling;

namespace Llm42.Gpu.Tests;

/// <summary>
/// The real executor, observed and held: what is submitted while it is held runs together from the second step on.
/// </summary>
internal sealed class BatchExecutor(IModelExecutor inner) : IModelExecutor
{
    private readonly ManualResetEventSlim _gate = new(true);

    /// <summary>What ran, in order.</summary>
    public ConcurrentQueue<BatchPlan> Plans { get; } = new();

    /// <summary>Called on the engine's thread before a step runs.</summary>
    public Action<BatchPlan>? Before { get; set; }

    public ExecutorInfo Info { get; init; } = inner.Info;

    /// <summary>The next step waits.</summary>
    public void Hold() => _gate.Reset();

    public void Release() => _gate.Set();

    public StepResult Execute(BatchPlan plan)
    {
        _gate.Wait();
        Before?.Invoke(plan);
        Plans.Enqueue(plan with { Segments = [.. plan.Segments], Copies = [.. plan.Copies] }); // the scheduler reuses its own
        return inner.Execute(plan);
    }

    public void CopyPage(int source, int destination) => inner.CopyPage(source, destination);

    public void Dispose() => inner.Dispose();
}
