namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.Attention"/>: causal attention over the paged cache.</summary>
public readonly record struct AttentionArguments
{
    /// <inheritdoc cref="AttentionParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="AttentionParams.Sequences"/>
    public required int Sequences { get; init; }

    /// <inheritdoc cref="AttentionParams.QueryHeads"/>
    public required int QueryHeads { get; init; }

    /// <inheritdoc cref="AttentionParams.Layer"/>
    public required int Layer { get; init; }

    /// <inheritdoc cref="AttentionParams.Numerics"/>
    public required Numerics Numerics { get; init; }

    /// <inheritdoc cref="AttentionParams.MaxBlocks"/>
    public required int MaxBlocks { get; init; }

    /// <inheritdoc cref="AttentionParams.Window"/>
    public int Window { get; init; }

    /// <inheritdoc cref="AttentionParams.Scale"/>
    public required float Scale { get; init; }

    /// <inheritdoc cref="AttentionParams.Cache"/>
    public required NativeKvCache Cache { get; init; }

    /// <inheritdoc cref="AttentionParams.Query"/>
    public required BufferView Query { get; init; }

    /// <inheritdoc cref="AttentionParams.QueryStride"/>
    public long QueryStride { get; init; }

    /// <inheritdoc cref="AttentionParams.SequenceStarts"/>
    public required BufferView SequenceStarts { get; init; }

    /// <inheritdoc cref="AttentionParams.Positions"/>
    public required BufferView Positions { get; init; }

    /// <inheritdoc cref="AttentionParams.BlockTables"/>
    public required BufferView BlockTables { get; init; }

    /// <inheritdoc cref="AttentionParams.Output"/>
    public required BufferView Output { get; init; }

    /// <inheritdoc cref="AttentionParams.OutputStride"/>
    public long OutputStride { get; init; }
}
