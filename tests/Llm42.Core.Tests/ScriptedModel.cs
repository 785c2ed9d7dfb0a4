using Llm42.Core.Execution;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>Answers from two scripts, by the place of the predicted token in the answer: fast steps and canonical ones.</summary>
internal sealed class ScriptedModel(int[] canonical, Dictionary<int, int>? flips = null, int pageSize = 8) : IModelExecutor
{
    public ExecutorInfo Info { get; } = new(100, 1024, pageSize, 64, false, "scripted-1");

    public StepResult Execute(BatchPlan plan)
    {
        List<RowPrediction> predictions = [];
        foreach (BatchSegment segment in plan.Segments)
        {
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

        return new StepResult(predictions);
    }

    public void CopyPage(int source, int destination)
    {
    }

    public void Dispose()
    {
    }
}
