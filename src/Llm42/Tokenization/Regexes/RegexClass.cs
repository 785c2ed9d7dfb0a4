using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Regexes;

/// <summary>A class of characters while it is being parsed: the union of ranges and categories.</summary>
internal sealed class RegexClass
{
    private const int LastCodePoint = 0x10FFFF;

    private readonly List<(int First, int Last)> _ranges = [];
    private uint _categories;

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

    public CodePointSet ToSet(bool isNegated) => new(_ranges, _categories, isNegated);
}
