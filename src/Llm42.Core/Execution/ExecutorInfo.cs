using Llm42.Core.Scheduling;

namespace Llm42.Core.Execution;

/// <summary>What the engine needs to know of an executor.</summary>
/// <param name="VocabularySize">Token ids are 0..VocabularySize-1.</param>
/// <param name="MaxContext">Most positions of one sequence, prompt and answer together.</param>
/// <param name="PageSize">Positions per KV page.</param>
/// <param name="PageCount">KV pages that sequences may use: pages 0..PageCount-1.</param>
/// <param name="FastIsInvariant">Fast steps give the same bits as invariant ones, so that drafting gains nothing.</param>
/// <param name="NumericsProfile">Name of the invariant numerics, KV dtype included.</param>
public sealed record ExecutorInfo(
    int VocabularySize, int MaxContext, int PageSize, int PageCount, bool FastIsInvariant, string NumericsProfile)
{
    /// <summary>Decode steps that it likes to run at once, 1 or more: what <see cref="BatchPlan.Steps"/> is by default.</summary>
    public int ChainedSteps { get; init; } = 1;

    /// <summary>It has a second, cheaper form of the weights to draft with: see <see cref="BatchPlan.UsesDraftWeights"/>.</summary>
    public bool HasDraftWeights { get; init; }

    /// <summary>It hashes the rows of requests that ask for <see cref="Requests.GenerationRequest.CaptureLayers"/>.</summary>
    public bool CapturesLayers { get; init; }
}
