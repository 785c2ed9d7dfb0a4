namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.MoePermute"/>: slots sorted by expert.</summary>
public readonly record struct MoePermuteArguments
{
    /// <inheritdoc cref="MoePermuteParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="MoePermuteParams.Experts"/>
    public required int Experts { get; init; }

    /// <inheritdoc cref="MoePermuteParams.TopK"/>
    public required int TopK { get; init; }

    /// <inheritdoc cref="MoePermuteParams.ExpertIds"/>
    public required BufferView ExpertIds { get; init; }

    /// <inheritdoc cref="MoePermuteParams.Starts"/>
    public required BufferView Starts { get; init; }

    /// <inheritdoc cref="MoePermuteParams.Order"/>
    public required BufferView Order { get; init; }
}
