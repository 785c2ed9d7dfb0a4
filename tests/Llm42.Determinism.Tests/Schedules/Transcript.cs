using Llm42.Core.Execution;
using Llm42.Core.Requests;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>All that the contract fixes of an answer, one line each: tokens, bits, scores, why it ended.</summary>
internal sealed record Transcript(IReadOnlyList<string> Lines, IReadOnlyList<int> TokenIds)
{
    public static Transcript Of(Sequence sequence)
    {
        List<string> lines = [];
        for (int i = 0; i < sequence.PromptScores.Count; i++)
        {
            RowPrediction score = sequence.PromptScores[i];
            lines.Add($"score {i + 1}: {Text(score.TokenId, score.Logprob)}{Text(score.Top)}");
        }

        foreach (TokenEvent token in sequence.Outbox)
            lines.Add($"token {token.Index}: {Text(token.TokenId, token.Logprob)}{Text(token.Top)}");
        lines.Add($"{sequence.CommittedCount} tokens, ended by {sequence.FinishReason?.ToString() ?? "nothing"}");
        return new Transcript(lines, [.. sequence.Tokens.Skip(sequence.PromptLength)]);
    }

    /// <summary>The first line that is not the same; null if there is none.</summary>
    public string? DifferenceOf(Transcript actual)
    {
        for (int i = 0; i < Math.Max(Lines.Count, actual.Lines.Count); i++)
        {
            string expected = i < Lines.Count ? Lines[i] : "nothing", found = i < actual.Lines.Count ? actual.Lines[i] : "nothing";
            if (expected != found)
                return $"\"{found}\" instead of \"{expected}\"";
        }

        return null;
    }

    /// <summary>The first lines, and then the last one of <paramref name="end"/>: of an answer that was cut short.</summary>
    public Transcript Beginning(int count, Transcript end) => new([.. Lines.SkipLast(1).Take(count), end.Lines[^1]], []);

    private static string Text(int tokenId, float logprob) => $"{tokenId} {BitConverter.SingleToInt32Bits(logprob):x8}";

    private static string Text(IReadOnlyList<TokenLogprob>? top) =>
        top is null ? "" : $" [{string.Join(' ', top.Select(t => Text(t.TokenId, t.Logprob)))}]";
}
