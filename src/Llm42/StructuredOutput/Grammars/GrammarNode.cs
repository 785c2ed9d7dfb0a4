namespace Llm42.StructuredOutput.Grammars;

/// <summary>What a node of a grammar does.</summary>
internal enum NodeKind
{
    /// <summary>Takes a byte of <see cref="GrammarNode.Bytes"/> and goes on to <see cref="GrammarNode.Next"/>.</summary>
    Take,

    /// <summary>Goes on to any of <see cref="GrammarNode.Targets"/>; to nothing if there are none.</summary>
    Split,

    /// <summary>Runs the rule at <see cref="GrammarNode.First"/>, then goes on to <see cref="GrammarNode.Next"/>.</summary>
    Call,

    /// <summary>
    /// Runs what is at <see cref="GrammarNode.First"/>, then what is at <see cref="GrammarNode.Again"/>, Minimum to Maximum
    /// times in all, then goes on to <see cref="GrammarNode.Next"/>.
    /// </summary>
    Repeat,

    /// <summary>Ends a rule or a round of a repetition.</summary>
    Return,

    /// <summary>The text may end.</summary>
    Accept,
}

/// <summary>A node of a grammar; others name it by its place in <see cref="Grammar.Nodes"/>.</summary>
internal sealed class GrammarNode
{
    public required NodeKind Kind { get; init; }

    public ByteSet Bytes { get; init; }

    public int Next { get; init; } = -1;

    public int First { get; set; } = -1;

    public int Again { get; init; } = -1;

    /// <summary>Fewest rounds of a repetition.</summary>
    public int Minimum { get; init; }

    /// <summary>Most rounds, 1 or more; -1 for any number.</summary>
    public int Maximum { get; init; }

    public int[] Targets { get; set; } = [];
}
