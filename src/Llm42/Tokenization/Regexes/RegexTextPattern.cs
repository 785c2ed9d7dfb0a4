namespace Llm42.Tokenization.Regexes;

/// <summary>A regular expression as a <see cref="TextPattern"/>.</summary>
internal sealed class RegexTextPattern(RegexPattern regex) : TextPattern
{
    public override bool TryFind(ReadOnlySpan<char> text, int from, MatchBudget budget, out int start, out int end) =>
        regex.TryFind(text, from, budget, out start, out end);
}
