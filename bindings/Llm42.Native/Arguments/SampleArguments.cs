namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.Sample"/>: a choice of the next tokens.</summary>
public readonly record struct SampleArguments
{
    /// <inheritdoc cref="SampleParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="SampleParams.Vocabulary"/>
    public required int Vocabulary { get; init; }

    /// <inheritdoc cref="SampleParams.Logits"/>
    public required BufferView Logits { get; init; }

    /// <inheritdoc cref="SampleParams.LogitsStride"/>
    public long LogitsStride { get; init; }

    /// <inheritdoc cref="SampleParams.Sampling"/>
    public required BufferView Sampling { get; init; }

    /// <inheritdoc cref="SampleParams.Ids"/>
    public required BufferView Ids { get; init; }

    /// <inheritdoc cref="SampleParams.Margins"/>
    public BufferView Margins { get; init; }

    /// <inheritdoc cref="SampleParams.AdjustmentStarts"/>
    public BufferView AdjustmentStarts { get; init; }

    /// <inheritdoc cref="SampleParams.Adjustments"/>
    public BufferView Adjustments { get; init; }

    /// <inheritdoc cref="SampleParams.AdjustmentCount"/>
    public long AdjustmentCount { get; init; }

    /// <inheritdoc cref="SampleParams.MaskIndices"/>
    public BufferView MaskIndices { get; init; }

    /// <inheritdoc cref="SampleParams.Masks"/>
    public BufferView Masks { get; init; }

    /// <inheritdoc cref="SampleParams.MaskCount"/>
    public long MaskCount { get; init; }
}
