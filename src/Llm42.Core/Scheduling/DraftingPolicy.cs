using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Verification;

namespace Llm42.Core.Scheduling;

/// <summary>
/// Decides when deterministic sequences draft and when their drafts are verified. Nothing that it decides can change
/// a bit of an answer; it only decides how fast the answer comes.
/// </summary>
internal abstract class DraftingPolicy
{
    /// <summary>Most windows of one verify pass, as far as the token budget allows.</summary>
    public abstract int VerifyGroup { get; }

    /// <summary>Most drafts of a sequence before a verify pass at the present load; 0 while nothing is drafted.</summary>
    public abstract int Window { get; }

    /// <summary>Where a step runs under invariant numerics anyway, verify whatever was drafted.</summary>
    public virtual bool VerifiesTogether => false;

    /// <summary>The policy that the options ask for.</summary>
    public static DraftingPolicy Of(EngineOptions options, ExecutorInfo info, DraftHistory history) =>
        options.ResolveDeterminism(info) switch
        {
            DeterminismMode.Auto or DeterminismMode.Dvr when options.Drafter == DrafterKind.Ngram => new NgramPolicy(
                options, history, adapts: options.ResolveDeterminism(info) == DeterminismMode.Auto),
            DeterminismMode.Auto => new AdaptivePolicy(options, history),
            DeterminismMode.Dvr => new FixedWindowPolicy(options.Window, options.VerifyGroup),
            _ => new FixedWindowPolicy(0, options.VerifyGroup),
        };

    /// <summary>Looks at the load before a step is planned.</summary>
    /// <param name="deterministic">Deterministic sequences that decode.</param>
    /// <param name="ordinary">Ordinary sequences that decode.</param>
    public virtual void BeginStep(int deterministic, int ordinary)
    {
    }

    /// <summary>Whether a deterministic sequence shall verify what it has drafted, be it nothing, instead of drafting on.</summary>
    public abstract bool IsDue(Sequence sequence);

    /// <summary>
    /// Gives a deterministic sequence that has no drafts some that need no step of the model; by default none. They are
    /// to be verified in the step that is being planned.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="most">Most drafts that there is room for.</param>
    public virtual void Propose(Sequence sequence, int most)
    {
    }

    /// <summary>Takes note of what a step took.</summary>
    public virtual void Observe(BatchPlan plan, TimeSpan elapsed)
    {
    }
}
