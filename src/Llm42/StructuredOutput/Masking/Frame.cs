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

    /// <summary>The call or the repetition.</summary>
    public int Node { get; }

    /// <summary>Rounds that are done, as far as they matter.</summary>
    public int Count { get; }

    /// <summary>What it is inside of; null for nothing.</summary>
    public Frame? Parent { get; }

    /// <summary>Calls that are open, this one included.</summary>
    public int Depth { get; }

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
