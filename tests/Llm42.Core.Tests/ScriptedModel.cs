using Llm42.Core.Execution;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>Answers from two scripts, by the place of the predicted token in the answer: fast steps and canonical ones.</summary>
internal sealed class ScriptedModel(int[] canonical, Dictionary<int, int>? flips = null, int pageSize = 8) : IModelExecutor
{
    public ExecutorInfo Info { get; } = new(100, 1024, pageSize, 64, false, "scripted-1") { CapturesLayers = true };

    /// <summary>Called with each plan before it runs.</summary>
    public Action<BatchPlan>? OnExecute { get; set; }

    public StepResult Execute(BatchPlan plan)
    {
        OnExecute?.Invoke(plan);
        List<RowPrediction> predictions = [];
        List<RowHashes> captured = [];
        foreach (BatchSegment segment in plan.Segments)
        {
            if (segment.Sequence.Request.CaptureLayers)
                captured.AddRange(Enumerable.Range(0, segment.Rows).Select(row => Capture(plan, segment, row)));
            for (int row = segment.FirstPredictedRow; row < segment.Rows; row++)
            {
                int index = segment.FirstPosition + row + 1 - segment.Sequence.PromptLength;
                int token = index >= 0 && index < canonical.Length ? canonical[index] : 0;
                if (plan.Numerics == Numerics.Fast && flips?.TryGetValue(index, out int flipped) == true)
                    token = flipped;
                // The log-probability tells which pass it came from.
                float logprob = plan.Numerics == Numerics.Fast ? -9 : -1;
                TokenLogprob[]? top = segment.Sequence.Request.TopLogprobs == 0 ? null : [new TokenLogprob(token, logprob)];
                predictions.Add(new RowPrediction(token, logprob, 1, top));
            }
        }

        return new StepResult(predictions) { CapturedRows = captured };
    }

    public void CopyPage(int source, int destination)
    {
    }

    public void Dispose()
    {
    }

    /// <summary>Hashes that tell what the row was: its token, its numerics, nothing, and its position as logits.</summary>
    private static RowHashes Capture(BatchPlan plan, BatchSegment segment, int row)
    {
        int position = segment.FirstPosition + row;
        return new RowHashes(
            [(ulong)segment.Sequence.TokenAt(position), (ulong)plan.Numerics, 0],
            row >= segment.FirstPredictedRow ? (ulong)position : null);
    }
}
