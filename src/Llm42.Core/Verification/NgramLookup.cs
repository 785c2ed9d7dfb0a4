namespace Llm42.Core.Verification;

/// <summary>
/// Guesses what comes next in a text that repeats itself (prompt look-up): what followed the last few tokens where they
/// stood before.
/// </summary>
internal static class NgramLookup
{
    /// <summary>Lengths of the last tokens that are looked for, the longest first.</summary>
    private const int Longest = 3, Shortest = 1;

    /// <summary>
    /// What followed the latest earlier occurrence of the longest ending. Where that leads up to the end of the text, it
    /// goes on with what was guessed, as a text with a period does.
    /// </summary>
    /// <param name="tokens">The text so far.</param>
    /// <param name="most">Most tokens to guess, 0 or more.</param>
    /// <returns>The guess; empty if no ending occurs twice.</returns>
    public static int[] Find(ReadOnlySpan<int> tokens, int most)
    {
        if (most <= 0)
            return [];
        for (int length = Math.Min(Longest, tokens.Length - 1); length >= Shortest; length--)
        {
            int place = tokens[..^1].LastIndexOf(tokens[^length..]);
            if (place >= 0)
                return Follow(tokens, place + length, most);
        }

        return [];
    }

    private static int[] Follow(ReadOnlySpan<int> tokens, int first, int most)
    {
        int[] guess = new int[most];
        for (int i = 0; i < most; i++)
            guess[i] = first + i < tokens.Length ? tokens[first + i] : guess[first + i - tokens.Length];
        return guess;
    }
}
