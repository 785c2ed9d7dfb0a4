using Llm42.Core.Execution;
using Llm42.Core.Scheduling;
using Llm42.Runtime;

namespace Llm42.Determinism.Tests;

/// <summary>The real executor, which reads the device's memory after each step.</summary>
internal sealed class MeasuringExecutor(IModelExecutor inner) : IModelExecutor
{
    private long _held;

    /// <summary>Most bytes that the device held behind a step.</summary>
    public long Held => Volatile.Read(ref _held);

    public ExecutorInfo Info => inner.Info;

    public StepResult Execute(BatchPlan plan)
    {
        StepResult result = inner.Execute(plan);
        Volatile.Write(ref _held, ((NativeModelExecutor)inner).ReadDeviceInfo().MemoryPeak);
        return result;
    }

    public void CopyPage(int source, int destination) => inner.CopyPage(source, destination);

    public void Dispose() => inner.Dispose();
}
