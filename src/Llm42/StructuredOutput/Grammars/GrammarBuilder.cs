using System.Globalization;
using System.Text;

namespace Llm42.StructuredOutput.Grammars;

/// <summary>
/// Builds a grammar from its end to its beginning: each method takes the node that follows and returns the node to start
/// at. Equal nodes are made once.
/// </summary>
internal sealed class GrammarBuilder
{
    /// <summary>Most nodes of a grammar.</summary>
    public const int MaxNodes = 200_000;

    private readonly List<GrammarNode> _nodes = [];
    private readonly Dictionary<(ByteSet Bytes, int Next), int> _takes = [];
    private readonly Dictionary<string, int> _rules = [];

    public GrammarBuilder()
    {
        Return = Add(new GrammarNode { Kind = NodeKind.Return });
        Accept = Add(new GrammarNode { Kind = NodeKind.Accept });
        Nothing = Add(new GrammarNode { Kind = NodeKind.Split });
    }

    /// <summary>The end of a rule or of a round of a repetition.</summary>
    public int Return { get; }

    /// <summary>The end of the text.</summary>
    public int Accept { get; }

    /// <summary>What no text gets past.</summary>
    public int Nothing { get; }

    public Grammar Build(int start) => new(_nodes, start);

    public int Take(ByteSet bytes, int next)
    {
        if (_takes.TryGetValue((bytes, next), out var known))
            return known;
        var node = Add(new GrammarNode { Kind = NodeKind.Take, Bytes = bytes, Next = next });
        _takes.Add((bytes, next), node);
        return node;
    }

    public int Literal(ReadOnlySpan<byte> bytes, int next)
    {
        for (var i = bytes.Length - 1; i >= 0; i--)
            next = Take(ByteSet.Of(bytes[i]), next);
        return next;
    }

    public int Literal(string text, int next) => Literal(Encoding.UTF8.GetBytes(text), next);

    public int Split(params IReadOnlyList<int> targets)
    {
        int[] distinct = [.. targets.Where(target => target != Nothing).Distinct()];
        return distinct.Length switch
        {
            0 => Nothing,
            1 => distinct[0],
            _ => Add(new GrammarNode { Kind = NodeKind.Split, Targets = distinct }),
        };
    }

    public int Optional(int node, int next) => Split(node, next);

    /// <summary>Any number of rounds, none included.</summary>
    /// <param name="round">From the node behind a round to the one it starts at; it takes one byte or more.</param>
    /// <param name="next">What follows.</param>
    public int Loop(Func<int, int> round, int next)
    {
        var loop = Open();
        Close(loop, [round(loop), next]);
        return loop;
    }

    /// <summary>A choice whose targets are set later, by <see cref="Close"/>: they may lead back to it.</summary>
    public int Open() => Add(new GrammarNode { Kind = NodeKind.Split });

    public void Close(int node, IEnumerable<int> targets) => _nodes[node].Targets = [.. targets.Where(target => target != Nothing).Distinct()];

    /// <summary>Minimum to maximum rounds, -1 for any number; a round takes one byte or more and ends with <see cref="Return"/>.</summary>
    public int Repeat(int first, int again, int minimum, int maximum, int next)
    {
        if (maximum == 0)
            return next;
        return Add(new GrammarNode
        {
            Kind = NodeKind.Repeat,
            First = first,
            Again = again,
            Minimum = minimum,
            Maximum = maximum,
            Next = next,
        });
    }

    /// <summary>
    /// A rule that is made once, under a name, and used in many places, so that what is worked out of it serves them all.
    /// Unlike that of <see cref="Call"/> its use adds nothing to the depth.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="rule">Makes it from the node behind it; it takes one byte or more.</param>
    /// <param name="next">What follows.</param>
    public int Use(string name, Func<int, int> rule, int next)
    {
        var first = Rule(name, rule);
        return Repeat(first, first, 1, 1, next);
    }

    /// <summary>The beginning of a rule that is made once, under a name.</summary>
    public int Rule(string name, Func<int, int> rule)
    {
        if (!_rules.TryGetValue(name, out var first))
            _rules.Add(name, first = rule(Return));
        return first;
    }

    /// <summary>A call of a rule whose beginning is set later, by <see cref="SetRule"/>.</summary>
    public int Call(int next) => Add(new GrammarNode { Kind = NodeKind.Call, Next = next });

    public void SetRule(int call, int rule) => _nodes[call].First = rule;

    /// <summary>One code point of the ranges, in UTF-8. Surrogates are left out.</summary>
    public int CodePoints(IReadOnlyList<(int First, int Last)> ranges, int next)
    {
        var byRest = new Dictionary<int, ByteSet>();
        foreach (var (first, last) in ranges)
        {
            AddCodePoints(byRest, first, Math.Min(last, 0xD7FF), next);
            AddCodePoints(byRest, Math.Max(first, 0xE000), last, next);
        }
        return Split([.. byRest.Select(entry => Take(entry.Value, entry.Key))]);
    }

    private void AddCodePoints(Dictionary<int, ByteSet> byRest, int first, int last, int next)
    {
        if (first > last)
            return;
        foreach (var limit in (int[])[0x7F, 0x7FF, 0xFFFF])
        {
            if (first <= limit && last > limit)
            {
                AddCodePoints(byRest, first, limit, next);
                AddCodePoints(byRest, limit + 1, last, next);
                return;
            }
        }
        for (var bits = 6; bits <= 18 && last > 0x7F; bits += 6)
        {
            var low = (1 << bits) - 1;
            if ((first & ~low) == (last & ~low))
                break;
            if ((first & low) != 0)
            {
                AddCodePoints(byRest, first, first | low, next);
                AddCodePoints(byRest, (first | low) + 1, last, next);
                return;
            }
            if ((last & low) != low)
            {
                AddCodePoints(byRest, first, (last & ~low) - 1, next);
                AddCodePoints(byRest, last & ~low, last, next);
                return;
            }
        }
        Span<byte> from = stackalloc byte[4], to = stackalloc byte[4];
        var length = new Rune(first).EncodeToUtf8(from);
        new Rune(last).EncodeToUtf8(to);
        for (var i = length - 1; i > 0; i--)
            next = Take(ByteSet.Range(from[i], to[i]), next);
        byRest[next] = byRest.GetValueOrDefault(next) | ByteSet.Range(from[0], to[0]);
    }

    private int Add(GrammarNode node)
    {
        if (_nodes.Count == MaxNodes)
            throw new ArgumentException(
                $"The output format needs more than {MaxNodes.ToString(CultureInfo.InvariantCulture)} states; make it smaller.");
        _nodes.Add(node);
        return _nodes.Count - 1;
    }
}
