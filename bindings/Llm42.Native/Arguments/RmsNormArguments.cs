namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.RmsNorm"/>: a root mean square normalisation.</summary>
public readonly record struct RmsNormArguments
{
    /// <inheritdoc cref="RmsNormParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="RmsNormParams.Groups"/>
    public int Groups { get; init; }

    /// <inheritdoc cref="RmsNormParams.Width"/>
    public required int Width { get; init; }

    /// <inheritdoc cref="RmsNormParams.Numerics"/>
    public required Numerics Numerics { get; init; }

    /// <inheritdoc cref="RmsNormParams.Epsilon"/>
    public required float Epsilon { get; init; }

    /// <inheritdoc cref="RmsNormParams.Input"/>
    public required BufferView Input { get; init; }

    /// <inheritdoc cref="RmsNormParams.InputStride"/>
    public long InputStride { get; init; }

    /// <inheritdoc cref="RmsNormParams.Residual"/>
    public BufferView Residual { get; init; }

    /// <inheritdoc cref="RmsNormParams.Weight"/>
    public required BufferView Weight { get; init; }

    /// <inheritdoc cref="RmsNormParams.Output"/>
    public required BufferView Output { get; init; }

    /// <inheritdoc cref="RmsNormParams.OutputStride"/>
    public long OutputStride { get; init; }
}
