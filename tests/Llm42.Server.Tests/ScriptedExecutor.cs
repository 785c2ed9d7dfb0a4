using System.Collections.Concurrent;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Server.Tests;

/// <summary>A model that answers every prompt with the same tokens, and remembers what it was asked.</summary>
internal sealed class ScriptedExecutor(int vocabularySize, int endToken) : IModelExecutor
{
    private readonly ConcurrentDictionary<GenerationRequest, byte> _requests = new(ReferenceEqualityComparer.Instance);

    /// <summary>The tokens of the answer; the end token follows.</summary>
    public IReadOnlyList<int> Script { get; set; } = [];

    /// <summary>Called on the engine's thread before each step.</summary>
    public Action BeforeStep { get; set; } = () => { };

    /// <summary>Takes the requests that ran since the last call.</summary>
    public GenerationRequest[] TakeRequests()
    {
        GenerationRequest[] requests = [.. _requests.Keys.OrderBy(request => request.Sampling.Seed)];
        _requests.Clear();
        return requests;
    }

    public ExecutorInfo Info { get; } = new(vocabularySize, 1000, 16, 1024, true, "scripted");

    public StepResult Execute(BatchPlan plan)
    {
        BeforeStep();
        return new StepResult([.. plan.Segments.SelectMany(segment =>
        {
            GenerationRequest request = segment.Sequence.Request;
            _requests.TryAdd(request, 0);
            return Enumerable.Range(segment.FirstPosition + segment.FirstPredictedRow, segment.PredictedRows).Select(position =>
            {
                int index = position + 1 - request.PromptIds.Count;
                int token = index >= 0 && index < Script.Count ? Script[index] : endToken;
                return new RowPrediction(token, -0.5f, 1, [.. Enumerable.Range(token, request.TopLogprobs)
                    .Select((other, rank) => new TokenLogprob(other % vocabularySize, -0.5f - rank))]);
            });
        })]);
    }

    public void CopyPage(int source, int destination)
    {
    }

    public void Dispose()
    {
    }
}
