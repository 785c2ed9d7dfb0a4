namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.GatherRows"/>: a choice of rows.</summary>
public readonly record struct GatherRowsArguments
{
    /// <inheritdoc cref="GatherRowsParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="GatherRowsParams.InputRows"/>
    public required int InputRows { get; init; }

    /// <inheritdoc cref="GatherRowsParams.Width"/>
    public required int Width { get; init; }

    /// <inheritdoc cref="GatherRowsParams.Indices"/>
    public required BufferView Indices { get; init; }

    /// <inheritdoc cref="GatherRowsParams.Input"/>
    public required BufferView Input { get; init; }

    /// <inheritdoc cref="GatherRowsParams.Output"/>
    public required BufferView Output { get; init; }
}
