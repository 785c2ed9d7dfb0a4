using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Llm42.Tokenization.Json;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Regexes;

/// <summary>Escapes that stand for a character or for a set of characters.</summary>
internal static class RegexEscape
{
    /// <summary>\s \d \w \p{...} and their complements.</summary>
    public static bool TryParseSet(string pattern, ref int position, [NotNullWhen(true)] out RegexClass? set)
    {
        set = null;
        if (position + 1 >= pattern.Length)
        {
            return false;
        }

        var result = new RegexClass();
        switch (pattern[position + 1])
        {
            case 's':
                foreach ((int first, int last) in CodePointSet.WhiteSpaceRanges)
                {
                    result.Add(first, last);
                }

                break;
            case 'S':
                result.AddComplement(CodePointSet.WhiteSpaceRanges);
                break;
            case 'd':
                result.AddCategories(CategoryMasks.Parse("Nd")!.Value);
                break;
            case 'D':
                result.AddCategories(CategoryMasks.All & ~CategoryMasks.Parse("Nd")!.Value);
                break;
            case 'w':
                result.AddCategories(CodePointSet.WordCategories);
                foreach ((int first, int last) in CodePointSet.RegexWordRanges)
                {
                    result.Add(first, last);
                }

                break;
            case 'p' or 'P':
                return TryParseProperty(pattern, ref position, result, out set);
            default:
                return false;
        }

        position += 2;
        set = result;
        return true;
    }

    /// <summary>\n \r \t \f \v \a \e \xHH \x{H...} \uHHHH and escaped ASCII punctuation.</summary>
    public static bool TryParseCharacter(string pattern, ref int position, out int codePoint)
    {
        codePoint = 0;
        if (position + 1 >= pattern.Length)
        {
            return false;
        }

        char letter = pattern[position + 1];
        int fixedCharacter = letter switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => '\e',
            ' ' => ' ',
            _ when char.IsAscii(letter) && (char.IsPunctuation(letter) || char.IsSymbol(letter)) => letter,
            _ => -1,
        };
        if (fixedCharacter >= 0)
        {
            codePoint = fixedCharacter;
            position += 2;
            return true;
        }

        ReadOnlySpan<char> rest = pattern.AsSpan(position + 2);
        int prefix = 2;
        int digits;
        int suffix = 0;
        switch (letter)
        {
            case 'u':
                digits = 4;
                break;
            case 'x' when rest.StartsWith("{"):
                prefix = 3;
                suffix = 1;
                digits = rest.IndexOf('}') - 1;
                break;
            case 'x':
                digits = 2;
                break;
            default:
                return false;
        }

        if (digits is < 1 or > 8 || position + prefix + digits + suffix > pattern.Length
            || !int.TryParse(pattern.AsSpan(position + prefix, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out codePoint)
            || !System.Text.Rune.IsValid(codePoint))
        {
            return false;
        }

        position += prefix + digits + suffix;
        return true;
    }

    private static bool TryParseProperty(string pattern, ref int position, RegexClass result, [NotNullWhen(true)] out RegexClass? set)
    {
        set = null;
        ReadOnlySpan<char> rest = pattern.AsSpan(position + 2);
        int close = rest.IndexOf('}');
        if (!rest.StartsWith("{") || close < 0)
        {
            throw new RegexSyntaxException(pattern, position, "\\p must be followed by a category in braces, as in \\p{L}");
        }

        bool isNegated = pattern[position + 1] == 'P';
        ReadOnlySpan<char> name = rest[1..close];
        if (name.StartsWith("^"))
        {
            isNegated = !isNegated;
            name = name[1..];
        }

        if (CategoryMasks.Parse(name.ToString()) is { } mask)
        {
            result.AddCategories(isNegated ? CategoryMasks.All & ~mask : mask);
        }
        else if (RangeTable.Instance.TryGetScript(name.ToString(), out IReadOnlyList<(int First, int Last)>? ranges, out bool hasCase))
        {
            result = new RegexClass { IsCasedScript = hasCase };
            if (isNegated)
            {
                result.AddComplement(ranges);
            }
            else
            {
                foreach ((int first, int last) in ranges)
                {
                    result.Add(first, last);
                }
            }
        }
        else
        {
            throw new RegexSyntaxException(pattern, position, $"the property \"{JsonNode.Shorten(name.ToString())}\" is not supported; "
                + $"general categories such as L, Lu or Nd are, and the scripts {RangeTable.Instance.ScriptNames}");
        }

        position += close + 3;
        set = result;
        return true;
    }
}
