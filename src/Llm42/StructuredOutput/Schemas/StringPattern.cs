using System.Globalization;
using Llm42.StructuredOutput.Grammars;

namespace Llm42.StructuredOutput.Schemas;

/// <summary>
/// The regular part of ECMA 262's expressions: characters, classes, groups, alternatives and repetitions, ^ at the
/// beginning and $ at the end. What is not regular, or has no meaning here, is refused.
/// </summary>
internal sealed class StringPattern
{
    private const int MaxLength = 2000;
    private const int MaxDepth = 32;
    private const int MaxRepeat = 1000;
    private const int LastCodePoint = 0x10FFFF;

    private static readonly (int First, int Last)[] Digits = [('0', '9')];
    private static readonly (int First, int Last)[] Word = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
    private static readonly (int First, int Last)[] Space =
    [
        (0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
        (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
    ];

    private static readonly (int First, int Last)[] LineEnds = [('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)];

    private readonly string _pattern;
    private int _position;
    private int _depth;

    private StringPattern(string pattern) => _pattern = pattern;

    private bool AtEnd => _position == _pattern.Length;

    /// <summary>The content of a JSON string that matches, each character in its usual spelling.</summary>
    /// <exception cref="FormatException">The pattern is malformed or not supported; the message says what.</exception>
    public static int Build(GrammarBuilder builder, string pattern, int next)
    {
        if (pattern.Length > MaxLength)
            throw new FormatException($"it has {pattern.Length} characters; it must have at most {MaxLength}.");
        var node = new StringPattern(pattern).ParseWhole();
        return Build(builder, node, next);
    }

    private static int Build(GrammarBuilder builder, Node node, int next)
    {
        switch (node)
        {
            case Set set:
                return JsonGrammar.QuotedCharacter(builder, set.Ranges, next);
            case Row row:
                for (var i = row.Parts.Count - 1; i >= 0; i--)
                    next = Build(builder, row.Parts[i], next);
                return next;
            case Choice choice:
                return builder.Split([.. choice.Branches.Select(branch => Build(builder, branch, next))]);
            case Round { Minimum: 0, Maximum: -1 } round:
                return builder.Loop(rest => Build(builder, round.Body, rest), next);
            case Round { Minimum: 0, Maximum: 1 } round:
                return builder.Optional(Build(builder, round.Body, next), next);
            case Round round:
                var body = Build(builder, round.Body, builder.Return);
                return builder.Repeat(body, body, round.Minimum, round.Maximum, next);
            default:
                throw new InvalidOperationException($"{node.GetType().Name} has no grammar.");
        }
    }

    private Choice ParseWhole()
    {
        // Without an anchor a match may stand anywhere in the string.
        var anything = new Round(new Set([(0, LastCodePoint)]), 0, -1);
        var branches = new List<Node>();
        do
        {
            var isAnchored = TryTake('^');
            var row = ParseRow();
            var endsThere = TryTake('$');
            branches.Add(new Row([isAnchored ? new Row([]) : anything, row, endsThere ? new Row([]) : anything]));
        }
        while (TryTake('|'));
        if (!AtEnd)
            throw Error(_pattern[_position] == ')' ? "there is a ) without its (" : $"{_pattern[_position]} is only supported at the ends of the pattern");
        return new Choice(branches);
    }

    private Choice ParseChoice()
    {
        if (++_depth > MaxDepth)
            throw Error($"groups are nested deeper than {MaxDepth}");
        var branches = new List<Node> { ParseRow() };
        while (TryTake('|'))
            branches.Add(ParseRow());
        _depth--;
        return new Choice(branches);
    }

    private Row ParseRow()
    {
        var parts = new List<Node>();
        while (!AtEnd && _pattern[_position] is not ('|' or ')' or '^' or '$'))
            parts.Add(ParseRepeat(ParseAtom()));
        return new Row(parts);
    }

    private Node ParseRepeat(Node body)
    {
        if (AtEnd)
            return body;
        int minimum, maximum;
        switch (_pattern[_position])
        {
            case '*': (minimum, maximum) = (0, -1); _position++; break;
            case '+': (minimum, maximum) = (1, -1); _position++; break;
            case '?': (minimum, maximum) = (0, 1); _position++; break;
            case '{': (minimum, maximum) = ParseCounts(); break;
            default: return body;
        }

        // Whether few or many are tried first makes no difference for what matches.
        TryTake('?');
        if (!AtEnd && _pattern[_position] is '*' or '+' or '?' or '{')
            throw Error("a repetition of a repetition needs a group around it");
        if (body.IsNullable && (minimum, maximum) != (0, 1))
            throw Error("a repetition of something that may be empty is not supported");
        return maximum == 0 ? new Row([]) : minimum == 1 && maximum == 1 ? body : new Round(body, minimum, maximum);
    }

    private (int Minimum, int Maximum) ParseCounts()
    {
        _position++;
        var minimum = ParseCount();
        var maximum = minimum;
        if (TryTake(','))
            maximum = !AtEnd && _pattern[_position] == '}' ? -1 : ParseCount();
        if (!TryTake('}'))
            throw Error("a count must be {m}, {m,} or {m,n}");
        return maximum >= 0 && maximum < minimum ? throw Error("a count ends below where it begins") : (minimum, maximum);
    }

    private int ParseCount()
    {
        var start = _position;
        while (!AtEnd && char.IsAsciiDigit(_pattern[_position]))
            _position++;
        return int.TryParse(_pattern.AsSpan(start, _position - start), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count <= MaxRepeat
            ? count
            : throw Error($"a count must be a number, 0..{MaxRepeat}");
    }

    private Node ParseAtom()
    {
        switch (_pattern[_position])
        {
            case '(':
                _position++;
                if (TryTake('?') && !TryTake(':'))
                    throw Error("groups that begin with (? other than (?: are not supported");
                var group = ParseChoice();
                return TryTake(')') ? group : throw Error(
                    AtEnd ? "a ( has no )" : $"{_pattern[_position]} is only supported at the ends of the pattern");
            case '[':
                _position++;
                return new Set(ParseClass());
            case '.':
                _position++;
                return new Set(Complement(LineEnds));
            case '\\':
                return new Set(ParseEscape(isInClass: false));
            case '*' or '+' or '?' or '{' or '}' or ']':
                throw Error($"{_pattern[_position]} has nothing to belong to; write \\{_pattern[_position]} for the character");
            default:
                var character = TakeCodePoint();
                return new Set([(character, character)]);
        }
    }

    private List<(int First, int Last)> ParseClass()
    {
        var isNegated = TryTake('^');
        var ranges = new List<(int First, int Last)>();
        while (!TryTake(']'))
        {
            var first = ParseClassPart();
            if (first.Count == 1 && first[0].First == first[0].Last && _position + 1 < _pattern.Length
                && _pattern[_position] == '-' && _pattern[_position + 1] != ']')
            {
                _position++;
                var last = ParseClassPart();
                if (last.Count != 1 || last[0].First != last[0].Last || last[0].First < first[0].First)
                    throw Error("a range of a class must go from a character to a later one");
                ranges.Add((first[0].First, last[0].First));
            }
            else
            {
                ranges.AddRange(first);
            }
        }
        return isNegated ? Complement(ranges) : ranges;
    }

    private IReadOnlyList<(int First, int Last)> ParseClassPart()
    {
        if (AtEnd)
            throw Error("a [ has no ]");
        if (_pattern[_position] == '\\')
            return ParseEscape(isInClass: true);
        var character = TakeCodePoint();
        return [(character, character)];
    }

    private IReadOnlyList<(int First, int Last)> ParseEscape(bool isInClass)
    {
        if (++_position == _pattern.Length)
            throw Error("it ends with a \\");
        var letter = _pattern[_position++];
        switch (letter)
        {
            case 'd': return Digits;
            case 'D': return Complement(Digits);
            case 'w': return Word;
            case 'W': return Complement(Word);
            case 's': return Space;
            case 'S': return Complement(Space);
            case 'n': return One('\n');
            case 'r': return One('\r');
            case 't': return One('\t');
            case 'f': return One('\f');
            case 'v': return One('\v');
            case '0' when AtEnd || !char.IsAsciiDigit(_pattern[_position]): return One(0);
            case 'b' when isInClass: return One('\b');
            case 'x': return One(ParseHexadecimal(2));
            case 'u':
                var unit = ParseHexadecimal(4);
                if (char.IsHighSurrogate((char)unit) && _pattern.AsSpan(_position).StartsWith("\\u"))
                {
                    _position += 2;
                    var low = ParseHexadecimal(4);
                    return char.IsLowSurrogate((char)low)
                        ? One(char.ConvertToUtf32((char)unit, (char)low))
                        : throw Error("it holds half a surrogate pair");
                }
                return char.IsSurrogate((char)unit) ? throw Error("it holds half a surrogate pair") : One(unit);
            default:
                return char.IsAsciiLetterOrDigit(letter) || !char.IsAscii(letter)
                    ? throw Error($"\\{letter} is not supported")
                    : One(letter);
        }

        static (int First, int Last)[] One(int character) => [(character, character)];
    }

    private int ParseHexadecimal(int digits)
    {
        if (_position + digits > _pattern.Length
            || !int.TryParse(_pattern.AsSpan(_position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            throw Error($"an escape needs {digits} hexadecimal digits");
        _position += digits;
        return value;
    }

    private int TakeCodePoint()
    {
        if (!char.IsSurrogate(_pattern[_position]))
            return _pattern[_position++];
        if (_position + 1 == _pattern.Length || !char.IsSurrogatePair(_pattern[_position], _pattern[_position + 1]))
            throw Error("it holds half a surrogate pair");
        _position += 2;
        return char.ConvertToUtf32(_pattern[_position - 2], _pattern[_position - 1]);
    }

    private bool TryTake(char character)
    {
        if (AtEnd || _pattern[_position] != character)
            return false;
        _position++;
        return true;
    }

    private FormatException Error(string problem) => new($"{problem} (at character {_position}).");

    private static List<(int First, int Last)> Complement(IReadOnlyList<(int First, int Last)> ranges)
    {
        var complement = new List<(int First, int Last)>();
        var next = 0;
        foreach (var (first, last) in ranges.OrderBy(range => range.First))
        {
            if (first > next)
                complement.Add((next, first - 1));
            next = Math.Max(next, last + 1);
        }
        if (next <= LastCodePoint)
            complement.Add((next, LastCodePoint));
        return complement;
    }

    private abstract record Node
    {
        public abstract bool IsNullable { get; }
    }

    private sealed record Set(IReadOnlyList<(int First, int Last)> Ranges) : Node
    {
        public override bool IsNullable => false;
    }

    private sealed record Row(IReadOnlyList<Node> Parts) : Node
    {
        public override bool IsNullable => Parts.All(part => part.IsNullable);
    }

    private sealed record Choice(IReadOnlyList<Node> Branches) : Node
    {
        public override bool IsNullable => Branches.Any(branch => branch.IsNullable);
    }

    private sealed record Round(Node Body, int Minimum, int Maximum) : Node
    {
        public override bool IsNullable => Minimum == 0 || Body.IsNullable;
    }
}
