namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.RopeWriteKv"/>: a rotary embedding and the write of keys and values.</summary>
public readonly record struct RopeWriteKvArguments
{
    /// <inheritdoc cref="RopeWriteKvParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="RopeWriteKvParams.QueryHeads"/>
    public required int QueryHeads { get; init; }

    /// <inheritdoc cref="RopeWriteKvParams.RotarySize"/>
    public required int RotarySize { get; init; }

    /// <inheritdoc cref="RopeWriteKvParams.TablePositions"/>
    public required int TablePositions { get; init; }

    /// <inheritdoc cref="RopeWriteKvParams.Layer"/>
    public required int Layer { get; init; }

    /// <inheritdoc cref="RopeWriteKvParams.Cache"/>
    public required NativeKvCache Cache { get; init; }

    /// <inheritdoc cref="RopeWriteKvParams.Qkv"/>
    public required BufferView Qkv { get; init; }

    /// <inheritdoc cref="RopeWriteKvParams.QkvStride"/>
    public long QkvStride { get; init; }

    /// <inheritdoc cref="RopeWriteKvParams.Positions"/>
    public required BufferView Positions { get; init; }

    /// <inheritdoc cref="RopeWriteKvParams.Slots"/>
    public required BufferView Slots { get; init; }

    /// <inheritdoc cref="RopeWriteKvParams.Table"/>
    public required BufferView Table { get; init; }
}
