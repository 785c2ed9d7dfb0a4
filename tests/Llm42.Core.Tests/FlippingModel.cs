using Llm42.Core.Execution;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>
/// Predicts by position alone; a fast step predicts wrongly in a given share of cases, and with a small margin where it
/// does. Half of the small margins are right all the same.
/// </summary>
internal sealed class FlippingModel(double flipRate) : IModelExecutor
{
    public ExecutorInfo Info { get; } = new(1000, 4096, 16, 10_000, false, "flipping-1");

    public StepResult Execute(BatchPlan plan)
    {
        List<RowPrediction> predictions = [];
        foreach (BatchSegment segment in plan.Segments)
        {
            for (int row = segment.FirstPredictedRow; row < segment.Rows; row++)
            {
                int position = segment.FirstPosition + row;
                double draw = Draw(segment.Sequence.Request.Sampling.Seed, position);
                bool isClose = draw < 2 * flipRate;
                bool isWrong = plan.Numerics == Numerics.Fast && draw < flipRate;
                predictions.Add(new RowPrediction(position % 997 + (isWrong ? 1 : 0), -1, isClose ? 1e-6f : 2f));
            }
        }

        return new StepResult(predictions);
    }

    /// <summary>0..1, the same for the same arguments.</summary>
    private static double Draw(ulong seed, int position)
    {
        ulong x = ((seed << 32) + (ulong)position + 1) * 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93;
        return ((x ^ (x >> 32)) >> 11) / (double)(1UL << 53);
    }

    public void CopyPage(int source, int destination)
    {
    }

    public void Dispose()
    {
    }
}
