using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Regexes;

/// <summary>
/// Parses the subset of Oniguruma's syntax that tokenizers use. What is not understood is refused, never guessed.
/// </summary>
internal sealed partial class RegexParser
{
    private const int MaximumDepth = 50;
    private const int MaximumRepeat = 1000;
    private const int MaximumComputedClasses = 64;
    private const int MaximumQuantifiers = 4;

    private readonly string _pattern;
    private int _position;
    private int _depth;
    private int _computedClasses;
    private bool _ignoreCase;

    private RegexParser(string pattern) => _pattern = pattern;

    public static RegexNode Parse(string pattern)
    {
        var parser = new RegexParser(pattern);
        RegexNode node = parser.ParseAlternation();
        return parser.AtEnd ? node : throw parser.Error("unmatched ')'");
    }

    private bool AtEnd => _position >= _pattern.Length;

    private RegexNode ParseAlternation()
    {
        if (++_depth > MaximumDepth)
        {
            throw Error($"groups nested deeper than {MaximumDepth}");
        }

        bool outerIgnoreCase = _ignoreCase;
        var branches = new List<RegexNode> { ParseSequence() };
        while (TryTake('|'))
        {
            branches.Add(ParseSequence());
        }

        _ignoreCase = outerIgnoreCase;
        _depth--;
        return branches.Count == 1 ? branches[0] : new RegexNode.Alternation(branches);
    }

    private RegexNode ParseSequence()
    {
        var parts = new List<RegexNode>();
        while (!AtEnd && _pattern[_position] is not ('|' or ')'))
        {
            if (_ignoreCase && CaseFolding.StartsWithLigature(_pattern.AsSpan(_position)))
            {
                throw Error("two letters that also exist as one ligature are not supported without regard to case");
            }

            RegexNode atom = ParseAtom();
            parts.Add(ParseQuantifiers(atom));
        }

        return parts.Count == 1 ? parts[0] : new RegexNode.Sequence(parts);
    }

    private RegexNode ParseAtom()
    {
        switch (_pattern[_position])
        {
            case '(':
                return ParseGroup();
            case '[':
                return new RegexNode.Set(new RegexClassParser(this).Parse().ToSet());
            case '.':
                _position++;
                return new RegexNode.Set(new CodePointSet([('\n', '\n')], isNegated: true));
            case '^':
                _position++;
                return new RegexNode.Anchor(AnchorKind.LineStart);
            case '$':
                _position++;
                return new RegexNode.Anchor(AnchorKind.LineEnd);
            case '*' or '+' or '?':
                throw Error("a quantifier with nothing to repeat");
            case '\\':
                return ParseEscape();
            default:
                return Literal(TakeCodePoint());
        }
    }

    private RegexNode ParseGroup()
    {
        int start = _position;
        _position++;
        RegexNode node;
        if (!TryTake('?'))
        {
            node = ParseAlternation();
        }
        else if (TryTake("<=") || TryTake("<!"))
        {
            bool isNegated = _pattern[_position - 1] == '!';
            node = LookBehind(ParseAlternation(), isNegated, start);
        }
        else if (TryTake('=') || TryTake('!'))
        {
            bool isNegated = _pattern[_position - 1] == '!';
            node = new RegexNode.LookAhead(ParseAlternation(), isNegated);
        }
        else if (TryTake('>'))
        {
            node = new RegexNode.Atomic(ParseAlternation());
        }
        else
        {
            bool outerIgnoreCase = _ignoreCase;
            if (TryTake('i'))
            {
                _ignoreCase = true;
            }
            else if (TryTake("-i"))
            {
                _ignoreCase = false;
            }

            if (!TryTake(':'))
            {
                throw Error("this kind of group is not supported", start);
            }

            node = ParseAlternation();
            _ignoreCase = outerIgnoreCase;
        }

        return TryTake(')') ? node : throw Error("this group is not closed", start);
    }

    /// <summary>Each branch must have one width; together they are an alternation of assertions, or a sequence of negated ones.</summary>
    private RegexNode LookBehind(RegexNode body, bool isNegated, int start)
    {
        IReadOnlyList<RegexNode> branches = body is RegexNode.Alternation alternation ? alternation.Branches : [body];
        var looks = new List<RegexNode>();
        foreach (RegexNode branch in branches)
        {
            looks.Add(branch.MinimumWidth == branch.MaximumWidth && branch.MinimumWidth <= MaximumRepeat
                ? new RegexNode.LookBehind(branch, isNegated)
                : throw Error("a look-behind of varying width is not supported", start));
        }

        return looks.Count == 1 ? looks[0] : isNegated ? new RegexNode.Sequence(looks) : new RegexNode.Alternation(looks);
    }

    private RegexNode ParseQuantifiers(RegexNode atom)
    {
        for (int count = 0; !AtEnd; count++)
        {
            int start = _position;
            if (!TryParseRange(out int minimum, out int maximum, out bool isInterval))
            {
                break;
            }

            if (count == MaximumQuantifiers)
            {
                throw Error($"more than {MaximumQuantifiers} quantifiers in a row", start);
            }

            if (atom is RegexNode.Anchor or RegexNode.LookAhead or RegexNode.LookBehind)
            {
                throw Error("an assertion cannot be repeated", start);
            }

            if (maximum == int.MaxValue && atom.MinimumWidth == 0)
            {
                throw Error("an unbounded repeat of something that can be empty is not supported", start);
            }

            bool isLazy = TryTake('?');
            if (isLazy && isInterval && minimum == maximum)
            {
                throw Error("'{n}?' is not supported", start);
            }

            atom = new RegexNode.Repeat(atom, minimum, maximum, isLazy);

            // After an interval, Oniguruma reads '+' as a second quantifier rather than as "possessive".
            if (!isLazy && !isInterval && TryTake('+'))
            {
                atom = new RegexNode.Atomic(atom);
            }
        }

        return atom;
    }

    private bool TryParseRange(out int minimum, out int maximum, out bool isInterval)
    {
        isInterval = false;
        (minimum, maximum) = (0, int.MaxValue);
        switch (_pattern[_position])
        {
            case '*':
                break;
            case '+':
                minimum = 1;
                break;
            case '?':
                maximum = 1;
                break;
            case '{':
                return isInterval = TryParseInterval(out minimum, out maximum);
            default:
                return false;
        }

        _position++;
        return true;
    }

    private bool TryParseInterval(out int minimum, out int maximum)
    {
        int start = _position++;
        bool hasMinimum = TryTakeNumber(out minimum);
        maximum = minimum;
        bool hasMaximum = hasMinimum;
        if (TryTake(','))
        {
            hasMaximum = TryTakeNumber(out maximum);
            if (!hasMaximum)
            {
                maximum = int.MaxValue;
            }
        }

        if ((!hasMinimum && !hasMaximum) || !TryTake('}'))
        {
            throw Error("'{' must begin {n}, {n,}, {,m} or {n,m}; write \\{ for the character", start);
        }

        return minimum <= maximum && minimum <= MaximumRepeat && (maximum <= MaximumRepeat || maximum == int.MaxValue)
            ? true
            : throw Error($"a repeat must have n <= m <= {MaximumRepeat}", start);
    }

    private bool TryTakeNumber(out int number)
    {
        int start = _position;
        while (!AtEnd && char.IsAsciiDigit(_pattern[_position]))
        {
            _position++;
        }

        number = 0;
        return _position > start
            && (int.TryParse(_pattern.AsSpan(start, _position - start), NumberStyles.None, CultureInfo.InvariantCulture, out number)
                ? true
                : throw Error("this number is too large", start));
    }

    private RegexNode ParseEscape()
    {
        int start = _position;
        if (_position + 1 < _pattern.Length)
        {
            AnchorKind? anchor = _pattern[_position + 1] switch
            {
                'A' => AnchorKind.TextStart,
                'z' => AnchorKind.TextEnd,
                'Z' => AnchorKind.TextEndOrFinalNewline,
                'b' => AnchorKind.WordBoundary,
                'B' => AnchorKind.NotWordBoundary,
                _ => null,
            };
            if (anchor is { } kind)
            {
                _position += 2;
                return new RegexNode.Anchor(kind);
            }
        }

        if (TryTake("\\W"))
        {
            return new RegexNode.Set(new CodePointSet(CodePointSet.RegexWordRanges, CodePointSet.WordCategories, isNegated: true));
        }

        if (TryParseSet(out RegexClass? set))
        {
            return new RegexNode.Set(set.ToSet());
        }

        return RegexEscape.TryParseCharacter(_pattern, ref _position, out int codePoint)
            ? Literal(codePoint)
            : throw Error("this escape is not supported", start);
    }

    private bool TryParseSet([NotNullWhen(true)] out RegexClass? set)
    {
        int start = _position;
        return RegexEscape.TryParseSet(_pattern, ref _position, out set)
            && (!_ignoreCase || set.IgnoresCase ? true : throw Error("this property depends on case and is not supported without regard to it", start));
    }

    private RegexNode.Set Literal(int codePoint) =>
        new(new CodePointSet(Variants(codePoint).Select(variant => (variant, variant))));

    private IReadOnlyList<int> Variants(int codePoint)
    {
        if (!_ignoreCase)
        {
            return [codePoint];
        }

        return CaseFolding.TryGetVariants(codePoint, out IReadOnlyList<int>? variants)
            ? variants
            : throw Error($"U+{codePoint:X4} without regard to case is not supported; only ASCII letters are");
    }

    private int TakeCodePoint()
    {
        int codePoint = WellFormed.CodePointAt(_pattern, _position, out int length);
        _position += length;
        return codePoint;
    }

    private bool TryTake(char expected)
    {
        if (AtEnd || _pattern[_position] != expected)
        {
            return false;
        }

        _position++;
        return true;
    }

    private bool TryTake(string expected)
    {
        if (string.CompareOrdinal(_pattern, _position, expected, 0, expected.Length) != 0)
        {
            return false;
        }

        _position += expected.Length;
        return true;
    }

    private RegexSyntaxException Error(string problem, int position = -1) =>
        new(_pattern, position < 0 ? _position : position, problem);
}
