namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.TopLogprobs"/>: log-probabilities of chosen and of the most likely tokens.</summary>
public readonly record struct TopLogprobsArguments
{
    /// <inheritdoc cref="TopLogprobsParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="TopLogprobsParams.Vocabulary"/>
    public required int Vocabulary { get; init; }

    /// <inheritdoc cref="TopLogprobsParams.Count"/>
    public required int Count { get; init; }

    /// <inheritdoc cref="TopLogprobsParams.Logits"/>
    public required BufferView Logits { get; init; }

    /// <inheritdoc cref="TopLogprobsParams.LogitsStride"/>
    public long LogitsStride { get; init; }

    /// <inheritdoc cref="TopLogprobsParams.ChosenIds"/>
    public BufferView ChosenIds { get; init; }

    /// <inheritdoc cref="TopLogprobsParams.ChosenLogprobs"/>
    public BufferView ChosenLogprobs { get; init; }

    /// <inheritdoc cref="TopLogprobsParams.TopIds"/>
    public BufferView TopIds { get; init; }

    /// <inheritdoc cref="TopLogprobsParams.TopLogprobs"/>
    public BufferView TopLogprobs { get; init; }
}
