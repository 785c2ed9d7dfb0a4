using Llm42.Core.Observability;

namespace Llm42.Cli.Determinism;

/// <summary>Where a run parts from the run alone.</summary>
/// <param name="Run">Number of the run in its row, from 0.</param>
/// <param name="Neighbours">Requests beside it.</param>
/// <param name="Place">The first difference of the hidden states; null if only the answers differ.</param>
/// <param name="AnswerDiffers">Token ids or bits of log-probabilities differ.</param>
/// <param name="PromptTokens">Length of the prompt.</param>
internal sealed record Parting(int Run, int Neighbours, LayerDifference? Place, bool AnswerDiffers, int PromptTokens)
{
    /// <summary>Number of the token at the place among those of the answer, from 1; null in the prompt.</summary>
    public int? AnswerToken => Place?.Position >= PromptTokens ? Place.Position - PromptTokens + 1 : null;

    /// <summary>"first difference: position 57 (token 12 of the answer), layer 2 attention".</summary>
    public string InWords => Place is null
        ? "the hidden states agree, but the answer differs"
        : $"first difference: position {Place.Position} ({TokenInWords}), {Place.Stage}";

    private string TokenInWords => AnswerToken is { } token ? $"token {token} of the answer" : $"token {Place!.Position + 1} of the prompt";
}
