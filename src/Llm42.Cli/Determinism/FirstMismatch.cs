namespace Llm42.Cli.Determinism;

/// <summary>Where a run first differs from the run alone.</summary>
/// <param name="Run">Number of the run in its row, from 0.</param>
/// <param name="Position">Token or character of the answer, from 0.</param>
/// <param name="Expected">What the run alone has there; null if it has ended.</param>
/// <param name="Actual">What the run has there; null if it has ended.</param>
/// <param name="IsLogprob">The tokens agree throughout, and these are the bits of log-probabilities.</param>
internal sealed record FirstMismatch(int Run, int Position, string? Expected, string? Actual, bool IsLogprob)
{
    /// <summary>The first difference of two answers: of their tokens, or else of the bits of their log-probabilities.</summary>
    public static FirstMismatch? Between(Answer expected, Answer actual) =>
        Between(expected.Tokens, actual.Tokens, actual.Run, isLogprob: false)
        ?? Between(expected.LogprobBits, actual.LogprobBits, actual.Run, isLogprob: true);

    private static FirstMismatch? Between(IReadOnlyList<string> expected, IReadOnlyList<string> actual, int run, bool isLogprob)
    {
        int common = Math.Min(expected.Count, actual.Count);
        int position = 0;
        while (position < common && expected[position] == actual[position])
            position++;
        return position == expected.Count && position == actual.Count
            ? null
            : new FirstMismatch(
                run, position, position < expected.Count ? expected[position] : null, position < actual.Count ? actual[position] : null, isLogprob);
    }
}
