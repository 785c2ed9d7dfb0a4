using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Regexes;

/// <summary>A class of characters while it is being parsed: the union of ranges and categories, or what lies outside it.</summary>
internal sealed class RegexClass
{
    private const int LastCodePoint = 0x10FFFF;

    private readonly List<(int First, int Last)> _ranges = [];
    private uint _categories;

    /// <summary>Whether the class holds what the members do not.</summary>
    public bool IsNegated { get; private set; }

    /// <summary>Whether the members are a script whose letters have case.</summary>
    public bool IsCasedScript { get; init; }

    /// <summary>Whether the class holds cased letters of all kinds or of none.</summary>
    public bool IgnoresCase => !IsCasedScript && (_categories & CategoryMasks.CasedLetters) is (0 or CategoryMasks.CasedLetters);

    public void Add(int first, int last) => _ranges.Add((first, last));

    public void AddCategories(uint mask) => _categories |= mask;

    public void Add(RegexClass other)
    {
        _ranges.AddRange(other._ranges);
        _categories |= other._categories;
    }

    /// <summary>Adds all code points outside the given ranges, which are sorted and disjoint.</summary>
    public void AddComplement(IReadOnlyList<(int First, int Last)> ranges)
    {
        int next = 0;
        foreach ((int first, int last) in ranges)
        {
            if (next < first)
            {
                Add(next, first - 1);
            }

            next = last + 1;
        }

        if (next <= LastCodePoint)
        {
            Add(next, LastCodePoint);
        }
    }

    /// <summary>The other side of the class.</summary>
    public RegexClass Negate()
    {
        IsNegated = !IsNegated;
        return this;
    }

    /// <summary>What this class and another both hold, as ranges; a look at every code point.</summary>
    public RegexClass Intersect(RegexClass other)
    {
        CodePointSet left = ToSet();
        CodePointSet right = other.ToSet();
        var result = new RegexClass();
        int first = -1;
        for (int codePoint = 0; codePoint <= LastCodePoint + 1; codePoint++)
        {
            bool isMember = codePoint <= LastCodePoint && left.Contains(codePoint) && right.Contains(codePoint);
            if (isMember && first < 0)
            {
                first = codePoint;
            }
            else if (!isMember && first >= 0)
            {
                result.Add(first, codePoint - 1);
                first = -1;
            }
        }

        return result;
    }

    public CodePointSet ToSet() => new(_ranges, _categories, IsNegated);
}
