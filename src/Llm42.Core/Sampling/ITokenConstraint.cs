namespace Llm42.Core.Sampling;

/// <summary>
/// A state of what an answer may look like: which tokens may come next, and what follows each. States are immutable, so
/// that going back to an earlier one is keeping it. Used by the engine thread while others may use states of the same
/// constraint.
/// </summary>
public interface ITokenConstraint
{
    /// <summary>No token may come next: the answer is over.</summary>
    bool IsEnd { get; }

    /// <summary>
    /// The tokens that may come next: token t if bit t % 32 of word t / 32 is set. As many words as the vocabulary needs;
    /// bits behind it count for nothing. At least one is set unless <see cref="IsEnd"/>. The content never changes, and a
    /// set that many states share is often the same object.
    /// </summary>
    uint[] GetAllowedTokens();

    /// <summary>The state behind a token.</summary>
    /// <param name="tokenId">An allowed token.</param>
    /// <returns>The state; one that has ended for a token that is not allowed.</returns>
    ITokenConstraint Follow(int tokenId);
}
