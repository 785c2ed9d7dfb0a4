namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.LogSoftmax"/>: log-probabilities of all tokens.</summary>
public readonly record struct LogSoftmaxArguments
{
    /// <inheritdoc cref="LogSoftmaxParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="LogSoftmaxParams.Vocabulary"/>
    public required int Vocabulary { get; init; }

    /// <inheritdoc cref="LogSoftmaxParams.Logits"/>
    public required BufferView Logits { get; init; }

    /// <inheritdoc cref="LogSoftmaxParams.LogitsStride"/>
    public long LogitsStride { get; init; }

    /// <inheritdoc cref="LogSoftmaxParams.Output"/>
    public required BufferView Output { get; init; }
}
