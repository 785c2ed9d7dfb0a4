namespace Llm42.StructuredOutput.Masking;

/// <summary>A call or a round of a repetition that is open. Frames are shared by all states that have them.</summary>
internal sealed class Frame : IEquatable<Frame>
{
    private readonly int _hash;

    public Frame(int node, int count, bool isCall, Frame? parent)
    {
        Node = node;
        Count = count;
        Parent = parent;
        Depth = (parent?.Depth ?? 0) + (isCall ? 1 : 0);
        _hash = HashCode.Combine(node, count, parent?._hash ?? 0);
    }

    /// <summary>The call or the repetition; negative for one that may be any.</summary>
    public int Node { get; }

    /// <summary>Which call or repetition it is, and what it is inside of, is left open.</summary>
    public bool IsOpen => Node < 0;

    /// <summary>Where further rounds begin, of a repetition that is left open; -1 if there are none.</summary>
    public int Again => -2 - Node;

    /// <summary>Rounds that are done, as far as they matter.</summary>
    public int Count { get; }

    /// <summary>What it is inside of; null for nothing.</summary>
    public Frame? Parent { get; }

    /// <summary>Calls that are open, this one included.</summary>
    public int Depth { get; }

    /// <summary>A frame that is left open, but for where its further rounds begin; -1 for none.</summary>
    public static Frame Open(int again, int rounds) => new(-2 - again, rounds, isCall: false, null);

    public static bool AreEqual(Frame? left, Frame? right)
    {
        while (!ReferenceEquals(left, right))
        {
            if (left is null || right is null || left._hash != right._hash || left.Node != right.Node || left.Count != right.Count)
                return false;
            left = left.Parent;
            right = right.Parent;
        }
        return true;
    }

    public bool Equals(Frame? other) => AreEqual(this, other);

    public override bool Equals(object? obj) => obj is Frame other && AreEqual(this, other);

    public override int GetHashCode() => _hash;
}
