namespace Llm42.StructuredOutput.Masking;

/// <summary>
/// Where a grammar may be behind some bytes: at any of several nodes that take a byte, each inside of its frames, or at
/// the end. Where what it is inside of was left open, it may also be behind that. What is worked out of it is kept with it; <see cref="Automaton"/> alone does so.
/// </summary>
internal sealed class ParseState : IEquatable<ParseState>
{
    private readonly int _hash;
    private int _rounds = -1;

    public ParseState((int Node, Frame? Frame)[] places, bool isAccepting, int[] exits)
    {
        Places = places;
        IsAccepting = isAccepting;
        Exits = exits;
        IsDead = places.Length == 0 && !isAccepting && exits.Length == 0;
        var hash = default(HashCode);
        hash.Add(isAccepting);
        foreach (var rounds in exits)
            hash.Add(rounds);
        foreach (var (node, frame) in places)
        {
            hash.Add(node);
            hash.Add(frame);
        }
        _hash = hash.ToHashCode();
    }

    /// <summary>Nodes that take a byte.</summary>
    public (int Node, Frame? Frame)[] Places { get; }

    /// <summary>The text may end here.</summary>
    public bool IsAccepting { get; }

    /// <summary>The rounds that are done where the frame that was left open ends here; a call is one round.</summary>
    public int[] Exits { get; }

    /// <summary>Nothing may come next, not even the end.</summary>
    public bool IsDead { get; }

    /// <summary>The fewest rounds of the frame that was left open behind which another one must have been allowed.</summary>
    public int Rounds => _rounds >= 0 ? _rounds : _rounds = CountRounds();

    /// <summary>The state behind a byte of each class; null where it was not asked for yet.</summary>
    public ParseState?[]? Next { get; set; }

    /// <summary>The state that allows the same tokens and stands for all that do for the same reason.</summary>
    public ParseState? Representative { get; set; }

    /// <summary>The tokens that may come next.</summary>
    public uint[]? Mask { get; set; }

    /// <summary>The flush of the automaton's memory before which all of this was worked out.</summary>
    public int Generation { get; set; } = -1;

    public bool Equals(ParseState? other)
    {
        if (other is null || other._hash != _hash || other.IsAccepting != IsAccepting || other.Places.Length != Places.Length
            || !other.Exits.AsSpan().SequenceEqual(Exits))
            return false;
        for (var i = 0; i < Places.Length; i++)
        {
            if (Places[i].Node != other.Places[i].Node || !Frame.AreEqual(Places[i].Frame, other.Places[i].Frame))
                return false;
        }
        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as ParseState);

    public override int GetHashCode() => _hash;

    private int CountRounds()
    {
        var fewest = int.MaxValue;
        foreach (var exit in Exits)
            fewest = Math.Min(fewest, exit - 1);
        foreach (var (_, frame) in Places)
        {
            var outermost = frame;
            while (outermost?.Parent is { } parent)
                outermost = parent;
            fewest = Math.Min(fewest, outermost is { IsOpen: true } ? outermost.Count : 0);
        }
        return fewest == int.MaxValue ? 0 : fewest;
    }
}
