namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.MoeCombine"/>: the sum over the experts of a row.</summary>
public readonly record struct MoeCombineArguments
{
    /// <inheritdoc cref="MoeCombineParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="MoeCombineParams.TopK"/>
    public required int TopK { get; init; }

    /// <inheritdoc cref="MoeCombineParams.Width"/>
    public required int Width { get; init; }

    /// <inheritdoc cref="MoeCombineParams.ExpertWeights"/>
    public required BufferView ExpertWeights { get; init; }

    /// <inheritdoc cref="MoeCombineParams.Input"/>
    public required BufferView Input { get; init; }

    /// <inheritdoc cref="MoeCombineParams.InputStride"/>
    public long InputStride { get; init; }

    /// <inheritdoc cref="MoeCombineParams.Residual"/>
    public BufferView Residual { get; init; }

    /// <inheritdoc cref="MoeCombineParams.ResidualStride"/>
    public long ResidualStride { get; init; }

    /// <inheritdoc cref="MoeCombineParams.Output"/>
    public required BufferView Output { get; init; }

    /// <inheritdoc cref="MoeCombineParams.OutputStride"/>
    public long OutputStride { get; init; }
}
