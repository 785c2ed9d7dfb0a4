namespace Llm42.StructuredOutput.Grammars;

/// <summary>A language of bytes: a graph whose rules may call each other. Immutable.</summary>
internal sealed class Grammar
{
    /// <summary>Most rules that may be inside each other: as deep as System.Text.Json reads JSON by default.</summary>
    public const int MaxDepth = 64;

    /// <summary>More than any depth.</summary>
    public const int Never = 1 << 20;

    private readonly int[] _depthNeeded;

    /// <summary>A grammar of finished nodes.</summary>
    public Grammar(IReadOnlyList<GrammarNode> nodes, int start)
    {
        Nodes = [.. nodes];
        Start = start;
        _depthNeeded = ComputeDepths();
        (Classes, ClassCount) = ComputeClasses();
    }

    public GrammarNode[] Nodes { get; }

    public int Start { get; }

    /// <summary>The class of each byte value: bytes of a class are in the same sets of all nodes.</summary>
    public byte[] Classes { get; }

    /// <summary>How many classes there are.</summary>
    public int ClassCount { get; }

    /// <summary>Some text belongs to the language.</summary>
    public bool HasText => CanEnd(Start, 0);

    /// <summary>
    /// Whether the end of the rule can be reached from a node without more rules inside each other than are allowed, where
    /// so many are open. As long as only such nodes are entered, every beginning of a text can be completed.
    /// </summary>
    public bool CanEnd(int node, int depth) => DepthAt(node, depth) <= MaxDepth;

    /// <summary>
    /// How many rules will at least be open at once on the way from a node to the end of its own, where so many are already;
    /// <see cref="Never"/> or more if it has no end.
    /// </summary>
    public int DepthAt(int node, int depth) => depth + _depthNeeded[node];

    /// <summary>Bytes that may come first behind a node: all where its rule may end before one comes.</summary>
    public ByteSet FirstBytes(int node)
    {
        var first = default(ByteSet);
        var seen = new HashSet<int>();
        var work = new Stack<int>([node]);
        while (work.TryPop(out var index))
        {
            if (!seen.Add(index))
                continue;
            var next = Nodes[index];
            switch (next.Kind)
            {
                case NodeKind.Take:
                    first |= next.Bytes;
                    break;
                case NodeKind.Split:
                    foreach (var target in next.Targets)
                        work.Push(target);
                    break;
                case NodeKind.Call:
                    work.Push(next.First);
                    break;
                case NodeKind.Repeat:
                    work.Push(next.First);
                    if (next.Minimum == 0)
                        work.Push(next.Next);
                    break;
                case NodeKind.Return:
                    return ByteSet.All;
            }
        }
        return first;
    }

    /// <summary>Per node, how many rules must at least be inside each other on the way to the end of its own.</summary>
    private int[] ComputeDepths()
    {
        var needed = new int[Nodes.Length];
        Array.Fill(needed, Never);
        bool changed;
        do
        {
            changed = false;
            for (var i = 0; i < needed.Length; i++)
            {
                var depth = DepthOf(Nodes[i], needed);
                changed |= depth < needed[i];
                needed[i] = depth;
            }
        }
        while (changed);
        return needed;
    }

    private static int DepthOf(GrammarNode node, int[] needed)
    {
        switch (node.Kind)
        {
            case NodeKind.Take:
                return needed[node.Next];
            case NodeKind.Call:
                var calls = Math.Max(needed[node.Next], needed[node.First] + 1);
                return calls > MaxDepth ? Never : calls;
            case NodeKind.Repeat:
                var rounds = node.Minimum == 0 ? 0 : node.Minimum == 1
                    ? needed[node.First]
                    : Math.Max(needed[node.First], needed[node.Again]);
                return Math.Max(rounds, needed[node.Next]);
            case NodeKind.Split:
                var least = Never;
                foreach (var target in node.Targets)
                    least = Math.Min(least, needed[target]);
                return least;
            default:
                return 0;
        }
    }

    private (byte[] Classes, int Count) ComputeClasses()
    {
        var sets = Nodes.Where(node => node.Kind == NodeKind.Take).Select(node => node.Bytes).Distinct().ToArray();
        var classes = new byte[256];
        var count = 1;
        foreach (var set in sets)
        {
            // Splits every class into what is inside of the set and what is not.
            var inside = new Dictionary<byte, byte>();
            var hasOutside = new HashSet<byte>();
            for (var value = 0; value < 256; value++)
            {
                if (!set.Contains((byte)value))
                    hasOutside.Add(classes[value]);
            }
            for (var value = 0; value < 256; value++)
            {
                var old = classes[value];
                if (!set.Contains((byte)value) || !hasOutside.Contains(old))
                    continue;
                if (!inside.TryGetValue(old, out var name))
                    inside.Add(old, name = (byte)count++);
                classes[value] = name;
            }
        }
        return (classes, count);
    }
}
