using Llm42.Core.Execution;
using Llm42.Core.Scheduling;

namespace Llm42.Tests.Engine;

/// <summary>An executor that predicts from the position alone, and whose steps a test can hold up.</summary>
internal sealed class FakeExecutor(Func<int, int> tokenAt) : IModelExecutor
{
    /// <summary>Called on the engine thread before each step, with the number of steps before it.</summary>
    public Action<int> BeforeStep { get; set; } = _ => { };

    public int Steps { get; private set; }

    public bool IsDisposed { get; private set; }

    public ExecutorInfo Info { get; } = new(LetterTokenizer.Size, 1000, 16, 256, true, "fake");

    public StepResult Execute(BatchPlan plan)
    {
        BeforeStep(Steps++);
        return new StepResult([.. plan.Segments.SelectMany(segment => Enumerable
            .Range(segment.FirstPosition + segment.FirstPredictedRow, segment.PredictedRows)
            .Select(position => new RowPrediction(tokenAt(position + 1), -1, 1)))]);
    }

    public void CopyPage(int source, int destination)
    {
    }

    public void Dispose() => IsDisposed = true;
}
