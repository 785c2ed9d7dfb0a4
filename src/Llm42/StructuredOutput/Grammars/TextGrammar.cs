namespace Llm42.StructuredOutput.Grammars;

/// <summary>Text that is free but for what must not be in it.</summary>
internal static class TextGrammar
{
    private const int LastCodePoint = 0x10FFFF;

    /// <summary>Any text, none included, without a marker in it.</summary>
    /// <param name="builder">Where the nodes go.</param>
    /// <param name="marker">The marker: two or more characters of ASCII, its first character nowhere else in it.</param>
    /// <param name="notFirst">A character that must not be the first one that is not white space; null for none.</param>
    /// <param name="next">What follows; it may begin with the marker.</param>
    public static int Without(GrammarBuilder builder, string marker, char? notFirst, int next)
    {
        // In state i the first i characters of the marker have come last.
        var states = new int[marker.Length];
        for (var i = 0; i < states.Length; i++)
            states[i] = builder.Open();

        // Bytes of the marker apart from each other, so that all states have these nodes in common.
        var others = Ranges([.. marker.Select(character => (int)character)]);
        var plain = builder.CodePoints(others, states[0]);
        for (var i = 0; i < states.Length; i++)
        {
            var targets = new List<int> { plain, next };
            foreach (var character in marker.Distinct())
            {
                var isNext = character == marker[i];
                if (isNext && i + 1 == states.Length)
                    continue;
                var state = isNext ? states[i + 1] : character == marker[0] ? states[1] : states[0];
                targets.Add(builder.Take(ByteSet.Of((byte)character), state));
            }
            builder.Close(states[i], targets);
        }
        if (notFirst is not { } refused)
            return states[0];

        int[] blanks = [.. Enumerable.Range(0, char.MaxValue + 1).Where(value => char.IsWhiteSpace((char)value))];
        var start = builder.Open();
        builder.Close(start,
        [
            next,
            builder.CodePoints([.. blanks.Select(value => (value, value))], start),
            builder.Take(ByteSet.Of((byte)marker[0]), states[1]),
            builder.CodePoints(Ranges([.. blanks, refused, marker[0]]), states[0]),
        ]);
        return start;
    }

    /// <summary>All code points but some.</summary>
    private static List<(int First, int Last)> Ranges(IReadOnlyCollection<int> without)
    {
        var ranges = new List<(int First, int Last)>();
        var first = 0;
        foreach (var value in without.Distinct().Order())
        {
            if (value > first)
                ranges.Add((first, value - 1));
            first = value + 1;
        }
        ranges.Add((first, LastCodePoint));
        return ranges;
    }
}
