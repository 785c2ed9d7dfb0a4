namespace Llm42.Tokenization.Regexes;

/// <summary>A string, compared code unit by code unit.</summary>
internal sealed class LiteralTextPattern(string literal) : TextPattern
{
    /// <summary>The string.</summary>
    public string Literal => literal;

    public override bool CanMatch => literal.Length > 0;

    public override bool TryFind(ReadOnlySpan<char> text, int from, MatchBudget budget, out int start, out int end)
    {
        int found = literal.Length == 0 ? -1 : text[from..].IndexOf(literal);
        start = from + found;
        end = start + literal.Length;
        return found >= 0;
    }
}
