using Llm42.Core.Execution;
using Llm42.Core.Scheduling;
using Llm42.Runtime;

namespace Llm42.Determinism.Tests;

/// <summary>
/// The real executor, observed: the first step waits until the test lets it go, so that what is submitted meanwhile is
/// taken up at once and the schedule of a run repeats; each step is noted with its requests and its calls on the device.
/// </summary>
internal sealed class RecordingExecutor(IModelExecutor inner) : IModelExecutor
{
    private readonly NativeModelExecutor _native = (NativeModelExecutor)inner;
    private readonly ManualResetEventSlim _start = new(false);
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _beforeCopies;
    private bool _hasCopied;

    /// <summary>A step: its requests by order of submission, what it did, and the device's calls from and to.</summary>
    public sealed record Step(IReadOnlySet<long> Sequences, IReadOnlySet<SegmentKind> Kinds, int Copies, long FirstCall, long LastCall);

    public List<Step> Steps { get; } = [];

    public ExecutorInfo Info => inner.Info;

    /// <summary>The first step has begun, and waits.</summary>
    public Task Entered => _entered.Task;

    public void Start() => _start.Set();

    public StepResult Execute(BatchPlan plan)
    {
        _entered.TrySetResult();
        _start.Wait();
        long before = _hasCopied ? _beforeCopies : _native.ReadDeviceInfo().Calls;
        _hasCopied = false;
        try
        {
            return inner.Execute(plan);
        }
        finally
        {
            Steps.Add(new Step(
                plan.Segments.Select(segment => segment.Sequence.Id).ToHashSet(),
                plan.Segments.Select(segment => segment.Kind).ToHashSet(),
                plan.Copies.Count,
                before + 1,
                _native.ReadDeviceInfo().Calls));
        }
    }

    public void CopyPage(int source, int destination)
    {
        if (!_hasCopied)
            _beforeCopies = _native.ReadDeviceInfo().Calls;
        _hasCopied = true;
        inner.CopyPage(source, destination);
    }

    public void Dispose()
    {
        _start.Set();
        inner.Dispose();
    }
}
