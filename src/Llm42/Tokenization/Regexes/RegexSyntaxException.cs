namespace Llm42.Tokenization.Regexes;

/// <summary>A pattern that is malformed, or that uses syntax outside the supported subset.</summary>
internal sealed class RegexSyntaxException(string pattern, int position, string problem)
    : FormatException($"pattern \"{Shorten(pattern)}\", position {position}: {problem}")
{
    private const int LongestShown = 500;

    /// <summary>A pattern, cut so that an error message stays readable.</summary>
    public static string Shorten(string pattern) =>
        pattern.Length <= LongestShown ? pattern : string.Concat(pattern.AsSpan(0, LongestShown), "...");
}
