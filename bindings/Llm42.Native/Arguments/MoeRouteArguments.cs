namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.MoeRoute"/>: the choice of experts.</summary>
public readonly record struct MoeRouteArguments
{
    /// <inheritdoc cref="MoeRouteParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="MoeRouteParams.Experts"/>
    public required int Experts { get; init; }

    /// <inheritdoc cref="MoeRouteParams.TopK"/>
    public required int TopK { get; init; }

    /// <summary>Whether the weights of a row are divided by their sum (a softmax over the chosen experts alone).</summary>
    public bool Renormalize { get; init; }

    /// <inheritdoc cref="MoeRouteParams.Logits"/>
    public required BufferView Logits { get; init; }

    /// <inheritdoc cref="MoeRouteParams.LogitsStride"/>
    public long LogitsStride { get; init; }

    /// <inheritdoc cref="MoeRouteParams.ExpertIds"/>
    public required BufferView ExpertIds { get; init; }

    /// <inheritdoc cref="MoeRouteParams.ExpertWeights"/>
    public required BufferView ExpertWeights { get; init; }
}
