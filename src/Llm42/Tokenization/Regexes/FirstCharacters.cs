namespace Llm42.Tokenization.Regexes;

/// <summary>
/// The ASCII characters that a match of a node can start with; whether it can be empty.
/// Other characters are always taken as possible.
/// </summary>
internal readonly record struct FirstCharacters(ulong Low, ulong High, bool CanBeEmpty)
{
    /// <summary>Says nothing: the node may match anywhere.</summary>
    public static FirstCharacters Any => new(ulong.MaxValue, ulong.MaxValue, true);

    public static FirstCharacters Of(RegexNode node) => node switch
    {
        RegexNode.Set set => new(set.CodePoints.AsciiLow, set.CodePoints.AsciiHigh, false),
        RegexNode.Sequence sequence => OfSequence(sequence.Parts),
        RegexNode.Alternation alternation => alternation.Branches.Select(Of).Aggregate(Union),
        RegexNode.Repeat repeat => repeat.Minimum == 0 ? Of(repeat.Body) with { CanBeEmpty = true } : Of(repeat.Body),
        RegexNode.Atomic atomic => Of(atomic.Body),
        _ => new(0, 0, true),
    };

    /// <summary>Whether a match can start at a place of the text.</summary>
    public bool Allows(ReadOnlySpan<char> text, int position)
    {
        if (CanBeEmpty)
        {
            return true;
        }

        if ((uint)position >= (uint)text.Length)
        {
            return false;
        }

        char next = text[position];
        return next < 64 ? (Low >> next & 1) != 0 : next >= 128 || (High >> (next - 64) & 1) != 0;
    }

    private static FirstCharacters OfSequence(IReadOnlyList<RegexNode> parts)
    {
        var result = new FirstCharacters(0, 0, true);
        foreach (RegexNode part in parts)
        {
            FirstCharacters next = Of(part);
            result = new(result.Low | next.Low, result.High | next.High, next.CanBeEmpty);
            if (!next.CanBeEmpty)
            {
                break;
            }
        }

        return result;
    }

    private static FirstCharacters Union(FirstCharacters left, FirstCharacters right) =>
        new(left.Low | right.Low, left.High | right.High, left.CanBeEmpty || right.CanBeEmpty);
}
