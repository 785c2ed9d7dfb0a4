using Llm42.Core.Requests;

namespace Llm42.Cli.Stress;

/// <summary>An answer in words that are equal where the bits are.</summary>
/// <param name="Words">
/// A word per token: its id, the bits of its log-probability, the same of the most likely tokens where they were asked
/// for. Behind the last token of a complete answer, a word with the reason of its end and its whole text.
/// </param>
/// <param name="IsComplete">It was not cancelled.</param>
/// <param name="Statistics">What the engine did for it; null for a cancelled one.</param>
internal sealed record StressAnswer(IReadOnlyList<string> Words, bool IsComplete, RequestStatistics? Statistics)
{
    /// <summary>Stands for what is not there.</summary>
    public const string Nothing = "nothing";

    public static StressAnswer Complete(IReadOnlyList<TokenEvent> tokens, string text, FinishReason reason, RequestStatistics statistics) =>
        new([.. tokens.Select(Word), $"end {reason}: {text}"], IsComplete: true, statistics);

    /// <summary>A cancelled request's answer, as far as it came.</summary>
    public static StressAnswer Partial(IReadOnlyList<TokenEvent> tokens) => new([.. tokens.Select(Word)], IsComplete: false, null);

    /// <summary>Tokens of the answer.</summary>
    public int Tokens => Words.Count - (IsComplete ? 1 : 0);

    /// <summary>The first position whose word is another one than expected; null for none.</summary>
    public int? FirstDifference(StressAnswer expected)
    {
        for (int position = 0; position < Words.Count; position++)
        {
            if (Words[position] != expected.WordAt(position))
                return position;
        }

        return null;
    }

    public string WordAt(int position) => position < Words.Count ? Words[position] : Nothing;

    private static string Word(TokenEvent token) => token.Top is null
        ? Word(token.TokenId, token.Logprob)
        : $"{Word(token.TokenId, token.Logprob)} of {string.Join(' ', token.Top.Select(top => Word(top.TokenId, top.Logprob)))}";

    private static string Word(int tokenId, float logprob) => $"{tokenId}:{BitConverter.SingleToUInt32Bits(logprob):x8}";
}
