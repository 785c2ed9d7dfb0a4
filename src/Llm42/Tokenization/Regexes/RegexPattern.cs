using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Regexes;

/// <summary>
/// A compiled pattern with the semantics of the Oniguruma library that the Rust tokenizers use. It works on code
/// points, which .NET's own expressions do not, and refuses syntax whose meaning might differ.
/// Safe to use from many threads.
/// </summary>
internal sealed class RegexPattern
{
    private readonly RegexInstruction[] _code;
    private readonly FirstCharacters _first;

    // The set of an unbounded loop that every match starts with. What follows the loop was tried wherever the loop can
    // end, so a failure is a failure from all of the run, and a long run costs its length rather than the square of it.
    private readonly CodePointSet? _leadingLoop;

    /// <summary>Compiles a pattern, or throws <see cref="RegexSyntaxException"/>.</summary>
    public RegexPattern(string pattern)
    {
        Source = pattern;
        RegexNode tree = RegexParser.Parse(pattern);
        _code = RegexCompiler.Compile(pattern, tree);
        _first = FirstCharacters.Of(tree);
        if (_code[0] is { Operation: RegexOperation.Loop or RegexOperation.AtomicLoop, Maximum: int.MaxValue } loop)
        {
            _leadingLoop = loop.CodePoints;
        }
    }

    /// <summary>The pattern as written.</summary>
    public string Source { get; }

    /// <summary>Finds the first match at or behind a place.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">The place.</param>
    /// <param name="budget">What the searches of this text may still cost.</param>
    /// <param name="start">Where the match starts.</param>
    /// <param name="end">Where it ends.</param>
    /// <exception cref="InvalidOperationException">The budget is spent.</exception>
    public bool TryFind(ReadOnlySpan<char> text, int from, MatchBudget budget, out int start, out int end)
    {
        start = from;
        while (start <= text.Length)
        {
            if (!_first.Allows(text, start) || SplitsPair(text, start))
            {
                start++;
                continue;
            }

            end = RegexMatcher.Run(_code, text, start, budget);
            if (end >= 0)
            {
                return true;
            }

            if (budget.Steps < 0)
            {
                throw new InvalidOperationException(
                    $"The tokenizer's pattern \"{RegexSyntaxException.Shorten(Source)}\" backtracks without end on a text of {text.Length} characters.");
            }

            start = Math.Max(start + 1, _leadingLoop is null ? 0 : EndOfRun(_leadingLoop, text, start));
        }

        end = -1;
        return false;
    }

    private static bool SplitsPair(ReadOnlySpan<char> text, int position) => position > 0 && position < text.Length
        && char.IsLowSurrogate(text[position]) && char.IsHighSurrogate(text[position - 1]);

    private static int EndOfRun(CodePointSet codePoints, ReadOnlySpan<char> text, int position)
    {
        while (position < text.Length && codePoints.Contains(WellFormed.CodePointAt(text, position, out int length)))
        {
            position += length;
        }

        return position;
    }
}
