namespace Llm42.Tokenization.Regexes;

/// <summary>A pattern that is malformed, or that uses syntax outside the supported subset.</summary>
internal sealed class RegexSyntaxException(string pattern, int position, string problem)
    : FormatException($"pattern \"{pattern}\", position {position}: {problem}");
