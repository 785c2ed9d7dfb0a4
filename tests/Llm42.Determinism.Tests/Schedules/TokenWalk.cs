using Llm42.Core.Sampling;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>
/// A constraint that allows some tokens in each of a few states, never the same ones for long, and ends the answer now and
/// then. Equal where its members are.
/// </summary>
internal sealed record TokenWalk(int Vocabulary, int Salt, int State = 1) : ITokenConstraint
{
    private const int States = 11;

    public bool IsEnd => State == 0;

    public uint[] GetAllowedTokens()
    {
        var mask = new uint[(Vocabulary + 31) / 32];
        for (int token = 0; token < Vocabulary; token++)
        {
            if (IsAllowed(token))
                mask[token / 32] |= 1u << token;
        }

        return mask;
    }

    public ITokenConstraint Follow(int tokenId) => this with
    {
        State = !IsAllowed(tokenId) ? 0 : Dice.Roll(Salt, State, tokenId) % 40 == 0 ? 0 : 1 + (Dice.Roll(Salt, tokenId, State) % (States - 1)),
    };

    /// <summary>Some tokens of every state, among them always one.</summary>
    private bool IsAllowed(int token) =>
        State != 0 && (Dice.Roll(State, token, Salt) % 4 == 0 || token == (Salt + State) % Vocabulary);
}

/// <summary>The fault that the schedules must be able to see: states are not kept, so that dropped drafts have their effect.</summary>
internal sealed class LeakyConstraint(ITokenConstraint state) : ITokenConstraint
{
    private ITokenConstraint _state = state;

    public bool IsEnd => _state.IsEnd;

    public uint[] GetAllowedTokens() => _state.GetAllowedTokens();

    public ITokenConstraint Follow(int tokenId)
    {
        _state = _state.Follow(tokenId);
        return this;
    }
}
