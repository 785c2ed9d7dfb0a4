namespace Llm42.Tokenization.Regexes;

/// <summary>Something to look for in a text: a string or a regular expression.</summary>
internal abstract class TextPattern
{
    /// <summary>Whether the pattern can match; a pattern that cannot leaves the text whole.</summary>
    public virtual bool CanMatch => true;

    /// <summary>Finds the first match at or behind a place.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">The place.</param>
    /// <param name="budget">What the searches of this text may still cost.</param>
    /// <param name="start">Where the match starts.</param>
    /// <param name="end">Where it ends.</param>
    public abstract bool TryFind(ReadOnlySpan<char> text, int from, MatchBudget budget, out int start, out int end);

    /// <summary>The matches of a text, first to last, none overlapping.</summary>
    public Matches Enumerate(ReadOnlySpan<char> text) => new(this, text);

    /// <summary>Enumerates matches; an empty match right behind another one does not count.</summary>
    public ref struct Matches(TextPattern pattern, ReadOnlySpan<char> text)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private int _from;
        private int _lastEnd = -1;
        private readonly MatchBudget _budget = MatchBudget.Take(text.Length);

        public bool TryNext(out int start, out int end)
        {
            while (_from <= _text.Length && pattern.TryFind(_text, _from, _budget, out start, out end))
            {
                if (start == end && end == _lastEnd)
                {
                    bool isPair = _from + 1 < _text.Length && char.IsSurrogatePair(_text[_from], _text[_from + 1]);
                    _from += isPair ? 2 : 1;
                    continue;
                }

                _from = _lastEnd = end;
                return true;
            }

            _budget.GiveBack();
            (start, end) = (-1, -1);
            return false;
        }
    }
}
