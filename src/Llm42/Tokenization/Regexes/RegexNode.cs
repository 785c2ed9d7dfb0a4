using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Regexes;

/// <summary>The syntax tree of a pattern.</summary>
internal abstract record RegexNode
{
    /// <summary>The fewest code points that the node can match.</summary>
    public abstract int MinimumWidth { get; }

    /// <summary>The most code points that the node can match; int.MaxValue when unbounded.</summary>
    public abstract int MaximumWidth { get; }

    /// <summary>One code point out of a set.</summary>
    public sealed record Set(CodePointSet CodePoints) : RegexNode
    {
        public override int MinimumWidth => 1;

        public override int MaximumWidth => 1;
    }

    /// <summary>Nodes one after another.</summary>
    public sealed record Sequence(IReadOnlyList<RegexNode> Parts) : RegexNode
    {
        public override int MinimumWidth => Parts.Aggregate(0, (sum, part) => Saturate((long)sum + part.MinimumWidth));

        public override int MaximumWidth => Parts.Aggregate(0, (sum, part) => Saturate((long)sum + part.MaximumWidth));
    }

    /// <summary>The first alternative that lets the whole match.</summary>
    public sealed record Alternation(IReadOnlyList<RegexNode> Branches) : RegexNode
    {
        public override int MinimumWidth => Branches.Min(branch => branch.MinimumWidth);

        public override int MaximumWidth => Branches.Max(branch => branch.MaximumWidth);
    }

    /// <summary>A node repeated; Maximum is int.MaxValue when unbounded.</summary>
    public sealed record Repeat(RegexNode Body, int Minimum, int Maximum, bool IsLazy) : RegexNode
    {
        public override int MinimumWidth => Saturate((long)Body.MinimumWidth * Minimum);

        public override int MaximumWidth => Saturate((long)Body.MaximumWidth * Maximum);
    }

    /// <summary>A node that is not backtracked into once it has matched.</summary>
    public sealed record Atomic(RegexNode Body) : RegexNode
    {
        public override int MinimumWidth => Body.MinimumWidth;

        public override int MaximumWidth => Body.MaximumWidth;
    }

    /// <summary>(?=...) and (?!...).</summary>
    public sealed record LookAhead(RegexNode Body, bool IsNegated) : RegexNode
    {
        public override int MinimumWidth => 0;

        public override int MaximumWidth => 0;
    }

    /// <summary>(?&lt;=...) and (?&lt;!...); the body has one width.</summary>
    public sealed record LookBehind(RegexNode Body, bool IsNegated) : RegexNode
    {
        public override int MinimumWidth => 0;

        public override int MaximumWidth => 0;
    }

    /// <summary>A place in the text.</summary>
    public sealed record Anchor(AnchorKind Kind) : RegexNode
    {
        public override int MinimumWidth => 0;

        public override int MaximumWidth => 0;
    }

    private static int Saturate(long width) => (int)Math.Min(width, int.MaxValue);
}

/// <summary>The anchors; ^ and $ are those of lines, as in Oniguruma.</summary>
internal enum AnchorKind
{
    TextStart,
    TextEnd,
    TextEndOrFinalNewline,
    LineStart,
    LineEnd,
    WordBoundary,
    NotWordBoundary,
}
