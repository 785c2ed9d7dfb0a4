using System.Globalization;

namespace Llm42.Tokenization.Unicode;

/// <summary>A set of Unicode code points: ranges and general categories, possibly complemented.</summary>
internal sealed class CodePointSet
{
    private readonly int[] _ranges;
    private readonly uint _categories;
    private readonly bool _isNegated;

    public CodePointSet(IEnumerable<(int First, int Last)> ranges, uint categories = 0, bool isNegated = false)
    {
        _ranges = Flatten(ranges);
        _categories = categories;
        _isNegated = isNegated;
        for (int codePoint = 0; codePoint < 128; codePoint++)
        {
            if (ContainsBySearch(codePoint))
            {
                (codePoint < 64 ? ref AsciiLow : ref AsciiHigh) |= 1UL << (codePoint & 63);
            }
        }
    }

    /// <summary>Membership of code points 0 to 63, one bit each.</summary>
    public readonly ulong AsciiLow;

    /// <summary>Membership of code points 64 to 127, one bit each.</summary>
    public readonly ulong AsciiHigh;

    /// <summary>The White_Space property, which is \s.</summary>
    public static CodePointSet WhiteSpace { get; } = new(WhiteSpaceRanges);

    /// <summary>A word character as Rust has it: letters, marks, decimal and letter numbers, connectors, joiners, circled letters.</summary>
    public static CodePointSet Word { get; } = new([.. CircledLetters, (0x200C, 0x200D)], WordCategories);

    /// <summary>A word character as Oniguruma has it, \w: no joiners, but the fractions and superscripts of Latin-1.</summary>
    public static CodePointSet RegexWord { get; } = new(RegexWordRanges, WordCategories);

    /// <summary>char::is_numeric: the categories Nd, Nl and No.</summary>
    public static CodePointSet Numeric { get; } = new([], CategoryMasks.Parse("N")!.Value);

    /// <summary>Punctuation of Unicode 8.0 and the ASCII symbols that C calls so.</summary>
    public static CodePointSet Punctuation { get; } = new(RangeTable.Instance["Punctuation"]);

    /// <summary>Combining marks of Unicode 9.0.</summary>
    public static CodePointSet Mark { get; } = new(RangeTable.Instance["Mark"]);

    /// <summary>The ranges of <see cref="WhiteSpace"/>.</summary>
    public static IReadOnlyList<(int First, int Last)> WhiteSpaceRanges =>
    [
        (0x09, 0x0D), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A),
        (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000),
    ];

    /// <summary>The ranges of <see cref="RegexWord"/> that no category covers.</summary>
    public static IReadOnlyList<(int First, int Last)> RegexWordRanges =>
        [(0xB2, 0xB3), (0xB9, 0xB9), (0xBC, 0xBE), .. CircledLetters];

    /// <summary>The categories that both kinds of word characters share.</summary>
    public static uint WordCategories =>
        CategoryMasks.Parse("L")!.Value | CategoryMasks.Parse("M")!.Value | CategoryMasks.Parse("Nd")!.Value
        | CategoryMasks.Parse("Nl")!.Value | CategoryMasks.Parse("Pc")!.Value;

    private static IEnumerable<(int First, int Last)> CircledLetters =>
        [(0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)];

    public bool Contains(int codePoint) => codePoint < 64
        ? (AsciiLow >> codePoint & 1) != 0
        : codePoint < 128 ? (AsciiHigh >> (codePoint - 64) & 1) != 0 : ContainsBySearch(codePoint);

    private bool ContainsBySearch(int codePoint)
    {
        if (_categories != 0 && (_categories >> (int)CharUnicodeInfo.GetUnicodeCategory(codePoint) & 1) != 0)
        {
            return !_isNegated;
        }

        // Sorted, disjoint: the position among the bounds tells whether the code point lies in a range.
        int[] ranges = _ranges;
        int low = 0;
        int high = ranges.Length;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (ranges[middle] <= codePoint)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return (low & 1) != 0 != _isNegated;
    }

    /// <summary>Sorted, merged bounds: first, past-the-last, first, past-the-last, and so on.</summary>
    private static int[] Flatten(IEnumerable<(int First, int Last)> ranges)
    {
        var bounds = new List<int>();
        foreach ((int first, int last) in ranges.OrderBy(range => range.First))
        {
            if (bounds.Count > 0 && first <= bounds[^1])
            {
                bounds[^1] = Math.Max(bounds[^1], last + 1);
            }
            else
            {
                bounds.Add(first);
                bounds.Add(last + 1);
            }
        }

        return [.. bounds];
    }
}
