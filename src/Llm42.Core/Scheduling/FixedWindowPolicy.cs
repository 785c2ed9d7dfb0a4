using Llm42.Core.Requests;

namespace Llm42.Core.Scheduling;

/// <summary>Verifies when a window is full; a window of 0 drafts nothing.</summary>
internal sealed class FixedWindowPolicy(int window, int verifyGroup) : DraftingPolicy
{
    /// <inheritdoc/>
    public override int VerifyGroup => verifyGroup;

    /// <inheritdoc/>
    public override int Window => window;

    /// <inheritdoc/>
    public override bool IsDue(Sequence sequence) => sequence.Drafts.Count >= window;
}
