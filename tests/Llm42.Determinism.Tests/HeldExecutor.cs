using Llm42.Core.Execution;
using Llm42.Core.Scheduling;

namespace Llm42.Determinism.Tests;

/// <summary>The real executor, which waits before the first step of a kind until the test lets it go.</summary>
internal sealed class HeldExecutor(IModelExecutor inner, Func<BatchPlan, bool> isHeld) : IModelExecutor
{
    private readonly ManualResetEventSlim _gate = new(false);
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The step is reached.</summary>
    public Task Reached => _reached.Task;

    public bool IsDisposed { get; private set; }

    public ExecutorInfo Info => inner.Info;

    public void Release() => _gate.Set();

    public StepResult Execute(BatchPlan plan)
    {
        if (isHeld(plan))
        {
            _reached.TrySetResult();
            _gate.Wait();
        }

        return inner.Execute(plan);
    }

    public void CopyPage(int source, int destination) => inner.CopyPage(source, destination);

    public void Dispose()
    {
        inner.Dispose();
        IsDisposed = true;
    }
}
