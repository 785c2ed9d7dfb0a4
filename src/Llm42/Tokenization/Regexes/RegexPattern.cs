namespace Llm42.Tokenization.Regexes;

/// <summary>
/// A compiled pattern with the semantics of the Oniguruma library that the Rust tokenizers use. It works on code
/// points, which .NET's own expressions do not, and refuses syntax whose meaning might differ.
/// Safe to use from many threads.
/// </summary>
internal sealed class RegexPattern
{
    // A pattern that backtracks this much per character of text is not one that a tokenizer can use.
    private const long BaseSteps = 1_000_000;
    private const long StepsPerCharacter = 200;

    private readonly RegexInstruction[] _code;
    private readonly FirstCharacters _first;

    /// <summary>Compiles a pattern, or throws <see cref="RegexSyntaxException"/>.</summary>
    public RegexPattern(string pattern)
    {
        Source = pattern;
        _code = RegexCompiler.Compile(pattern);
        _first = FirstCharacters.Of(RegexParser.Parse(pattern));
    }

    /// <summary>The pattern as written.</summary>
    public string Source { get; }

    /// <summary>Finds the first match at or behind a place.</summary>
    public bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        long steps = BaseSteps + StepsPerCharacter * text.Length;
        for (start = from; start <= text.Length; start++)
        {
            bool splitsPair = start > 0 && start < text.Length && char.IsLowSurrogate(text[start]) && char.IsHighSurrogate(text[start - 1]);
            if (splitsPair || !_first.Allows(text, start))
            {
                continue;
            }

            end = RegexMatcher.Run(_code, text, start, ref steps);
            if (end >= 0)
            {
                return true;
            }

            if (steps < 0)
            {
                throw new InvalidOperationException(
                    $"The tokenizer's pattern \"{Source}\" backtracks without end on a text of {text.Length} characters.");
            }
        }

        end = -1;
        return false;
    }
}
