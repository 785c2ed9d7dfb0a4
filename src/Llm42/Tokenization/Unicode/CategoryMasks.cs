using System.Globalization;

namespace Llm42.Tokenization.Unicode;

/// <summary>Unicode general categories as bit masks over <see cref="UnicodeCategory"/>.</summary>
internal static class CategoryMasks
{
    /// <summary>Every category.</summary>
    public const uint All = (1u << 30) - 1;

    private static readonly string[] ShortNames =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
        "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private static readonly Dictionary<string, string> LongNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Letter"] = "L", ["Mark"] = "M", ["Number"] = "N", ["Punctuation"] = "P", ["Symbol"] = "S", ["Separator"] = "Z",
        ["Uppercase_Letter"] = "Lu", ["Lowercase_Letter"] = "Ll", ["Titlecase_Letter"] = "Lt", ["Decimal_Number"] = "Nd",
    };

    /// <summary>The mask of a category or a group of categories ("Lu", "L", "Letter"), or null for any other name.</summary>
    public static uint? Parse(string name)
    {
        string shortName = LongNames.GetValueOrDefault(name, name);
        if (shortName.Length is 0 or > 2)
        {
            return null;
        }

        uint mask = 0;
        for (int i = 0; i < ShortNames.Length; i++)
        {
            if (ShortNames[i].StartsWith(shortName, StringComparison.OrdinalIgnoreCase))
            {
                mask |= 1u << i;
            }
        }

        return mask == 0 ? null : mask;
    }
}
